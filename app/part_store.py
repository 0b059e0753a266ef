"""The installed optional parts (`engine.part`): put there, found, and deleted.

A part is installed completely or not at all, like a bundle, and needs no network. Knows no Qt.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from app.archive_files import opened
from app.folder_store import (
    Progress,
    copy_described,
    delete_folder,
    folder_name,
    folders_in,
    has_size,
    put_in_place,
    staging_folder,
    told_of,
)
from app.folders import data_folder
from engine.errors import DuologueError
from engine.part import (
    MOST_MANIFEST_BYTES,
    PART_MANIFEST_NAME,
    PartKind,
    check_part,
    read_part_manifest,
)


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
    return [_describe(folder) for folder in folders_in(parts_folder())]


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
    damaged = [entry.path for entry in manifest.files if not has_size(folder, entry)]
    damage = f"{folder / damaged[0]} is damaged; install that part again." if damaged else ""
    title = f"{manifest.name} {manifest.version}"
    return InstalledPart(folder, title, manifest.licence, size, damage, manifest.kind)


def import_part(source: Path, progress: Progress) -> InstalledPart:
    """Install from a folder or from a zip or tar archive; replaces a part of the same version.

    Only the files that the manifest lists are copied. Raises DuologueError with the remedy, and
    whatever ``progress`` raises; what was installed before stays as it is then.
    """
    with (
        opened(source, PART_MANIFEST_NAME) as files,
        staging_folder(parts_folder(), f"import-{os.getpid()}") as staging,
        told_of(source, staging),
    ):
        files.copy(PART_MANIFEST_NAME, staging, MOST_MANIFEST_BYTES, lambda _bytes: None)
        listed = read_part_manifest(staging / PART_MANIFEST_NAME).files
        copy_described(files, listed, staging, progress)
        manifest = check_part(staging)
        target = parts_folder() / folder_name(f"{manifest.name}-{manifest.version}")
        put_in_place(staging, target)
        return _describe(target)


def delete_part(part: InstalledPart) -> None:
    """Delete a part's files."""
    delete_folder(part.folder)
