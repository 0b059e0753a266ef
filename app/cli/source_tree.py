"""For commands that only the source tree has: one sentence where a part of it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import DuologueError


@contextmanager
def source_tree() -> Iterator[None]:
    """For imports that an installed program lacks; raises DuologueError where one is missing."""
    try:
        yield
    except ImportError as error:
        raise DuologueError(
            f"The evaluation is not installed ({error.name} is missing); "
            "run it from the source tree."
        ) from error
