"""Small text files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.audio_file import unwritable


def part_of(path: Path) -> Path:
    """Where a file lies until it is whole; a killed program leaves it there."""
    return path.with_suffix(".part")


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 and let it take the place of what was there.

    Raises DuologueError where that fails; what was there stays.
    """
    part = part_of(path)
    try:
        with part.open("w", encoding="utf8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, error) from error
