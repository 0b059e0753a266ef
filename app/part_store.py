"""The installed optional parts (`engine.part`): put there, found, and deleted.

A part is installed completely or not at all, like a bundle, and needs no network. Knows no Qt.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.archive_files import opened
from app.folders import data_folder
from engine.errors import DuologueError
from engine.part import (
    MOST_MANIFEST_BYTES,
    PART_MANIFEST_NAME,
    PartKind,
    PartManifest,
    check_part,
    read_part_manifest,
)

_SPARE_BYTES = 100_000_000

Progress = Callable[[int, int], None]
"""Called with the bytes done and the total; stops the work by raising a DuologueError."""


@dataclass(frozen=True)
class InstalledPart:
    """A part on this computer."""

    folder: Path
    title: str
    licence: str
    size_bytes: int
    damage: str = ""
    """Why it cannot be used; empty if it can. Hashes are not checked for this."""
    kind: PartKind | None = None
    """What it is for; None where its manifest cannot be read."""


def parts_folder() -> Path:
    """The folder of installed parts."""
    return data_folder() / "parts"


def installed_parts() -> list[InstalledPart]:
    """All parts, by name."""
    try:
        folders = sorted(parts_folder().iterdir()) if parts_folder().is_dir() else []
    except OSError as error:
        raise DuologueError(
            f"The parts in {parts_folder()} cannot be listed ({error.strerror}); check the "
            "folder's permissions."
        ) from error
    return [_describe(folder) for folder in folders if folder.is_dir() and folder.name[0] != "."]


def part_for(kind: PartKind) -> Path | None:
    """The folder of the newest usable part of a kind; None without one.

    `engine.hearing` and `engine.voice` check its hashes each time; those of a text model, which
    take half a second, are checked when it is installed and by the self-test.
    """
    usable = [part for part in installed_parts() if part.kind == kind and not part.damage]
    newest = max(usable, key=lambda part: part.folder.stat().st_mtime_ns, default=None)
    return newest.folder if newest else None


def part_for_hearing() -> Path | None:
    """The folder of the part for `engine.hearing.listener.Listener`; None without one."""
    return part_for("hearing")


def _describe(folder: Path) -> InstalledPart:
    try:
        manifest = read_part_manifest(folder / PART_MANIFEST_NAME)
    except DuologueError as error:
        return InstalledPart(folder, folder.name, "", 0, str(error))
    size = sum(entry.bytes for entry in manifest.files)
    damage = ""
    for entry in manifest.files:
        path = folder / entry.path
        if not path.is_file() or path.stat().st_size != entry.bytes:
            damage = f"{path} is damaged; install that part again."
    title = f"{manifest.name} {manifest.version}"
    return InstalledPart(folder, title, manifest.licence, size, damage, manifest.kind)


def import_part(source: Path, progress: Progress) -> InstalledPart:
    """Install from a folder or from a zip or tar archive; replaces a part of the same version.

    Only the files that the manifest lists are copied. Raises DuologueError with the remedy, and
    whatever ``progress`` raises; what was installed before stays as it is then.
    """
    staging = parts_folder() / f".import-{os.getpid()}"
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        manifest = _collect(source, staging, progress)
        return _describe(_place(staging, manifest))
    except OSError as error:
        raise DuologueError(
            f"The part could not be installed in {parts_folder()} ({error.strerror or error}); "
            "free some disk space, or check the folder's permissions."
        ) from error
    except DuologueError as error:  # it names the user's files, not a copy that is gone by then
        raise type(error)(str(error).replace(str(staging), str(source))) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _collect(source: Path, staging: Path, progress: Progress) -> PartManifest:
    with opened(source, PART_MANIFEST_NAME) as files:
        files.copy(PART_MANIFEST_NAME, staging, MOST_MANIFEST_BYTES, lambda _bytes: None)
        manifest = read_part_manifest(staging / PART_MANIFEST_NAME)
        total, done = sum(entry.bytes for entry in manifest.files), 0
        if shutil.disk_usage(staging).free < total + _SPARE_BYTES:
            raise DuologueError(
                f"The disk of {parts_folder()} has too little space; free {total / 1e6:.0f} MB and "
                "try again."
            )
        for entry in manifest.files:
            on_bytes = partial(_progress_of_all, progress, done, total)
            files.copy(entry.path, staging, entry.bytes, on_bytes)
            done += entry.bytes
    return check_part(staging)


def _progress_of_all(progress: Progress, before: int, total: int, some: int) -> None:
    progress(before + some, total)


def _place(staging: Path, manifest: PartManifest) -> Path:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{manifest.name}-{manifest.version}")
    target, older = parts_folder() / name, parts_folder() / f".old-{os.getpid()}"
    replaced = target.exists()
    if replaced:
        os.replace(target, older)
    try:
        os.replace(staging, target)
    except OSError:
        if replaced:
            os.replace(older, target)
        raise
    shutil.rmtree(older, ignore_errors=True)
    return target


def delete_part(part: InstalledPart) -> None:
    """Delete a part's files."""
    try:
        shutil.rmtree(part.folder)
    except OSError as error:
        raise DuologueError(
            f"{part.folder} could not be deleted completely ({error.strerror}); end the "
            "conversation that uses it, or delete it yourself."
        ) from error
