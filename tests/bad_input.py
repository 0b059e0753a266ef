"""What every bad input must give: one sentence that was foreseen, and nothing lost."""

from __future__ import annotations

import hashlib
from pathlib import Path

_MOST_LETTERS = 700


def check_sentence(said: str) -> None:
    """One sentence for the user, of a fault that somebody thought of."""
    line = said.removesuffix("\n")
    assert line and "\n" not in line and len(line) <= _MOST_LETTERS, said
    assert line.endswith("."), said
    assert "Traceback" not in line and "Something unexpected" not in line, said


def content(folder: Path) -> dict[str, str]:
    """All files below a folder and what is in them, to find out what was lost or left behind."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }
