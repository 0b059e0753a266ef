"""The one error that crosses the engine's seams."""

from __future__ import annotations


class DuologueError(Exception):
    """One sentence for the user: what happened and what to do about it."""
