"""A part for hearing that can be installed, but hears nothing."""

from __future__ import annotations

from pathlib import Path

from engine.part import PART_FILES, describe_part, write_part_manifest


def write_tiny_part(folder: Path, version: str = "1") -> Path:
    """Write its files into a new folder; returns it."""
    folder.mkdir(parents=True)
    for name in PART_FILES["hearing"]:
        (folder / name).write_bytes(name.encode())
    write_part_manifest(folder, describe_part(folder, "hearing", "Tiny ears", version, "MIT"))
    return folder


def quiet(_done: int, _total: int) -> None:
    """Take no notice of the progress."""
