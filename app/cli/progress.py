"""The progress bar of a long command; shown on stderr, and only where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Advance:
    """Moves the progress bar when it is called."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._what = what
        self._task = progress.add_task(what, total=None)

    def __call__(self, what: str, done: float, total: float | None) -> None:
        """``what`` is being done and ``done`` of ``total`` is finished; None: not known."""
        if what != self._what:
            self._what = what
            self._progress.reset(self._task)
        self._progress.update(self._task, description=what, completed=done, total=total)


@contextmanager
def progress_bar(what: str) -> Iterator[Advance]:
    """A bar that is there until the block ends."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Advance(progress, what)
