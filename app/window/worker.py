"""Runs slow work in a thread and returns its result to the window's thread.

At most four tasks run at once; others wait. If the owner of a task is gone, its result is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from shiboken6 import isValid

from engine.errors import DuologueError
from engine.log_file import unexpected

_MAX_THREADS = 4


class _TaskSignals(QObject):
    finished = Signal(object, object)  # result, error


class _Task(QRunnable):
    def __init__(self, work: Callable[[], Any], ending: _TaskSignals) -> None:
        super().__init__()
        self._work, self._ending = work, ending

    def run(self) -> None:
        """Run the work, in a thread of the pool."""
        result = error = None
        try:
            result = self._work()
        except DuologueError as caught:
            error = caught
        except Exception as caught:  # shown to the user instead of lost in a thread
            error = DuologueError(unexpected(caught))
        if isValid(self._ending):
            self._ending.finished.emit(result, error)


_pool: QThreadPool | None = None
_endings: set[_TaskSignals] = set()


def run(
    work: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[DuologueError], None],
    owner: QObject,
) -> None:
    """Run ``work`` in a thread, then call ``done`` or ``failed`` in the window's thread.

    Call this from the window's thread. Neither is called after ``owner`` is deleted.
    """
    global _pool
    if _pool is None:
        _pool = QThreadPool()
        _pool.setMaxThreadCount(_MAX_THREADS)
    ending = _TaskSignals()
    _endings.add(ending)

    def finish(result: Any, error: DuologueError | None) -> None:
        _endings.discard(ending)
        if not isValid(owner):
            return
        if error is None:
            done(result)
        else:
            failed(error)

    ending.finished.connect(finish, Qt.ConnectionType.QueuedConnection)
    _pool.start(_Task(work, ending))


def wait_for_all(milliseconds: int = 5000) -> bool:
    """Wait for all work, before the program ends; False if some takes longer.

    Qt would then wait for it without limit when its last objects are deleted.
    """
    return _pool is None or _pool.waitForDone(milliseconds)
