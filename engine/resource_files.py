"""Finds the files that come with the program, in the source tree and in an installed package."""

from __future__ import annotations

import sys
from pathlib import Path

BACK_ENDS_VARIABLE = "DUOLOGUE_BACKENDS"
"""Environment variable: a folder with further back ends of llama.cpp."""


def resources() -> Path:
    """The folder ``resources``."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root / "resources"
