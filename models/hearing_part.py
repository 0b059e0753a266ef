"""Makes the optional part for hearing from Whisper tiny.en as an installed package has it.

Knows nothing of the training: the weights are OpenAI's, in CTranslate2's format, here in 8 bits.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import DuologueError
from engine.part import LICENCE_NAME, PartManifest
from models.ctranslate2_file import read_weights, to_int8, write_weights
from models.part_file import LICENCES, write_part
from models.whisper_package import checked_whisper

_COPIED = ("config.json", "vocabulary.txt")


def make_hearing_part(target: Path) -> PartManifest:
    """Write the part to ``target``, a zip archive or a folder.

    Raises DuologueError where the package is missing, is another, or ``target`` cannot be written.
    """
    model = checked_whisper()

    def fill(folder: Path) -> None:
        try:
            write_weights(folder / "model.bin", to_int8(read_weights(model)))
        except ValueError as error:
            raise DuologueError(f"{error}; install the package again.") from error
        for name in _COPIED:
            shutil.copyfile(model.parent / name, folder / name)
        shutil.copyfile(LICENCES / "Whisper.txt", folder / LICENCE_NAME)

    return write_part(
        target, fill, "hearing", "Whisper tiny.en", "1", "MIT, Copyright (c) 2022 OpenAI"
    )
