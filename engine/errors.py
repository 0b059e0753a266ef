"""The engine's one error class for users; every module may raise it."""

from __future__ import annotations

from pathlib import Path


class DuologueError(Exception):
    """An error with one sentence for the user: what happened; what to do."""


def unwritable(path: Path, error: OSError | None = None) -> DuologueError:
    """The error for an output that cannot be written."""
    reason = (error.strerror if error else None) or "the disk is full or the file was locked"
    return DuologueError(f"{path} cannot be written ({reason}); choose another folder.")
