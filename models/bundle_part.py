"""Refuses bundles that are not of the needed kind, each with one clear error."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DuologueError


@contextmanager
def reading_part(path: Path, what: str) -> Generator[None]:
    """While ``what``, the part that ``path`` should hold, is restored.

    Raises DuologueError in place of what a file of another kind leads to.
    """
    try:
        yield
    except (KeyError, RuntimeError, StopIteration, OSError, ValueError) as error:
        raise DuologueError(
            f"{path} does not hold the {what} of the starter's kind; give the starter's bundle."
        ) from error
