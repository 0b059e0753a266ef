"""Sound cards that were given up because they hang; a thread of each still waits for its card.

PortAudio's own clean-up would wait for them too, so the process then ends by force. From any
thread.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys

from engine.program_end import ERROR_CODE

_LOG = logging.getLogger(__name__)
_hung: dict[object, int] = {}
"""Who has given a card up, and the exit status that this gives the process."""


def any_hangs() -> bool:
    """Whether a sound card still hangs, so that the process must be ended by force."""
    return bool(_hung)


def give_up(owner: object, status: int = ERROR_CODE) -> None:
    """A thread of ``owner`` waits for a card; the process ends without it, with ``status``.

    Call it after PortAudio was loaded, so that this clean-up comes before PortAudio's own.
    """
    atexit.unregister(_leave_at_once)
    atexit.register(_leave_at_once)
    _hung[owner] = status


def is_back(owner: object) -> None:
    """The card answers again and is closed."""
    _hung.pop(owner, None)


def _leave_at_once() -> None:
    if not _hung:
        return
    _LOG.info("the process ends while the sound card hangs")
    for stream in (sys.stdout, sys.stderr):
        if stream:
            stream.flush()
    logging.shutdown()
    os._exit([*_hung.values()][-1])
