"""Folders that are installed whole or not at all: what bundles and optional parts share.

The files are collected in a hidden folder beside the place, and one renaming gives it its name.
Knows no manifest, no network and no Qt; `bundle_store` and `part_store` do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app.archive_files import ArchiveFiles
from engine.errors import DuologueError

_SPARE_BYTES = 100_000_000

Progress = Callable[[int, int], None]
"""Called with the bytes done and the total; stops the work by raising a DuologueError."""


class Described(Protocol):
    """A file as its manifest describes it."""

    @property
    def path(self) -> str:
        """Its name in the folder."""

    @property
    def bytes(self) -> int:
        """Its size."""


def folders_in(place: Path) -> list[Path]:
    """The installed folders, by name. Raises DuologueError where they cannot be listed."""
    try:
        found = sorted(place.iterdir()) if place.is_dir() else []
        return [folder for folder in found if folder.is_dir() and folder.name[0] != "."]
    except OSError as error:
        raise DuologueError(
            f"{place} cannot be listed ({error.strerror}); check the folder's permissions."
        ) from error


def has_size(folder: Path, entry: Described) -> bool:
    """Whether a described file is there with its size."""
    path = folder / entry.path
    return path.is_file() and path.stat().st_size == entry.bytes


def folder_name(title: str) -> str:
    """A title as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", title).lstrip(".-")


@contextmanager
def staging_folder(place: Path, name: str, keep: bool = False) -> Iterator[Path]:
    """A hidden folder in ``place``, empty and deleted at the end, unless ``keep``.

    Turns an OSError of the body into a DuologueError.
    """
    staging = place / f".{name}"
    try:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, exist_ok=True)
        yield staging
    except OSError as error:
        raise DuologueError(
            f"Nothing could be installed in {place} ({error.strerror or error}); free some disk "
            "space, or check the folder's permissions."
        ) from error
    finally:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def told_of(source: Path, staging: Path) -> Iterator[None]:
    """Errors name the user's files, not the copies in ``staging``, which are gone by then."""
    try:
        yield
    except DuologueError as error:
        raise type(error)(str(error).replace(str(staging), str(source))) from error


def need_space(folder: Path, size_bytes: int) -> None:
    """Raise DuologueError where the disk has too little space."""
    free = shutil.disk_usage(folder).free
    if free < size_bytes + _SPARE_BYTES:
        raise DuologueError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free, but {size_bytes / 1e6:.0f} MB are "
            "needed; free some space and try again."
        )


def after(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    """Report the progress of one file as progress of all files."""
    return lambda bytes_: progress(done + bytes_, total)


def copy_described(
    files: ArchiveFiles, entries: Sequence[Described], staging: Path, progress: Progress
) -> None:
    """Copy what a manifest lists, and nothing else."""
    total, done = sum(entry.bytes for entry in entries), 0
    need_space(staging, total)
    for entry in entries:
        files.copy(entry.path, staging, entry.bytes, after(done, total, progress))
        done += entry.bytes


def put_in_place(staging: Path, target: Path) -> None:
    """Give a checked folder its name; what had that name before stays where this fails."""
    older = target.parent / f".old-{os.getpid()}"
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


def delete_folder(folder: Path) -> None:
    """Delete an installed folder. Raises DuologueError where something of it stays."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DuologueError(
            f"{folder} could not be deleted completely ({error.strerror}); end the conversation "
            "that uses it, or delete it yourself."
        ) from error
