"""The one error that crosses the engine's seams."""

from __future__ import annotations

from pathlib import Path


class DuologueError(Exception):
    """One sentence for the user: what happened and what to do about it."""


def unwritable(path: Path, error: OSError | None = None) -> DuologueError:
    """The error for an output that cannot be written."""
    reason = (error.strerror if error else None) or "the disk is full or the file was locked"
    return DuologueError(f"{path} cannot be written ({reason}); choose another folder.")
