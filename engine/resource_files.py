"""Where the files lie that come with the program: from source, and frozen into one folder."""

from __future__ import annotations

import sys
from pathlib import Path

BACK_ENDS_VARIABLE = "DUOLOGUE_BACKENDS"
"""Names a folder with more of llama.cpp's back ends than the program brings."""


def resources() -> Path:
    """The folder ``resources``."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root / "resources"
