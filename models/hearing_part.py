"""Makes the optional part for hearing from Whisper tiny.en as an installed package has it.

Knows nothing of the training: the weights are OpenAI's, in CTranslate2's format, here in 8 bits.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from engine.errors import DuologueError, unwritable
from engine.hearing.part import (
    LICENCE_NAME,
    PART_MANIFEST_NAME,
    PartManifest,
    describe_part,
    write_part_manifest,
)
from models.ctranslate2_file import read_weights, to_int8, write_weights
from models.whisper_package import checked_whisper

NAME, VERSION = "Whisper tiny.en", "1"
_LICENCE = "MIT, Copyright (c) 2022 OpenAI"
_LICENCE_TEXT = Path(__file__).parent.parent / "installer" / "licences" / "Whisper.txt"
_COPIED = ("config.json", "vocabulary.txt")


def make_hearing_part(target: Path) -> PartManifest:
    """Write the part as a zip archive to ``target``, or as a folder if that is no name of a zip.

    Raises DuologueError where the package is missing, is another, or ``target`` cannot be written.
    """
    model = checked_whisper()
    try:
        if target.suffix != ".zip":
            target.mkdir(parents=True, exist_ok=True)
            return _fill(target, model)
        with tempfile.TemporaryDirectory() as name:
            manifest = _fill(Path(name), model)
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in (PART_MANIFEST_NAME, *(entry.path for entry in manifest.files)):
                    archive.write(Path(name) / file, file)
        return manifest
    except OSError as error:
        raise unwritable(target, error) from error


def _fill(folder: Path, model: Path) -> PartManifest:
    try:
        write_weights(folder / "model.bin", to_int8(read_weights(model)))
    except ValueError as error:
        raise DuologueError(f"{error}; install the package again.") from error
    for name in _COPIED:
        shutil.copyfile(model.parent / name, folder / name)
    shutil.copyfile(_LICENCE_TEXT, folder / LICENCE_NAME)
    manifest = describe_part(folder, NAME, VERSION, _LICENCE)
    write_part_manifest(folder, manifest)
    return manifest
