"""Makes the optional part for the agent's voice from the package hibari-tts.

It holds the network of the voice "heart" and the tables of its text front end, unchanged. The
package's code is not in it; that of the front end is in the program.
"""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from pathlib import Path

from engine.part import LICENCE_NAME, PART_FILES, PartManifest
from models.part_file import LICENCES, checked, package_folder, write_part

VERSION = "0.2.1"
_PACKAGE = f"hibari-tts=={VERSION}"
_SHA256 = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"


def make_voice_part(target: Path) -> PartManifest:
    """Write the part to ``target``, a zip archive or a folder.

    Raises DuologueError where the package is missing, is another, or ``target`` cannot be written.
    """
    assets = package_folder("hibari", _PACKAGE) / "assets"
    checked(assets / "hibari.onnx", _SHA256, _PACKAGE)

    def fill(folder: Path) -> None:
        for name in PART_FILES["voice"]:
            if name not in (LICENCE_NAME, "NOTICE"):
                shutil.copyfile(assets / name, folder / name)
        texts = {
            path.name: Path(str(path.locate()))
            for path in distribution("hibari-tts").files or []
            if path.parent.name == "licenses"
        }
        shutil.copyfile(texts["LICENSE"], folder / LICENCE_NAME)
        # The table of the tokenizer's exceptions is spaCy's, whose licence the package only names.
        notice = (
            texts["NOTICE"].read_text("utf8") + "\n" + (LICENCES / "spaCy.txt").read_text("utf8")
        )
        (folder / "NOTICE").write_text(notice, "utf8")

    return write_part(
        target,
        fill,
        "voice",
        "hibari heart",
        VERSION,
        "Apache-2.0, Copyright 2026 Maureese Williams",
    )
