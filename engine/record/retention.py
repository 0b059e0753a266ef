"""Which recordings may be deleted, and how: the limits of the folder, locks, and the user's wish.

Only folders that a `engine.record.recorder.Recorder` wrote and to which nobody added a file are
deleted to make room, and never one that is being written.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

try:
    import fcntl
except ImportError:  # not needed on Windows, which does not delete an open file
    fcntl = None  # type: ignore[assignment]

from engine.atomic_write import PART_NAME
from engine.record.events import EVENTS_NAME, read_summary
from engine.record.recordings import FILE_NAMES, LOCK_NAME, is_litter, recordings


class Hold:
    """A lock that marks a recording as being written, until its release or the program's end.

    It has a file of its own, because on some network volumes a locked file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._stream = self._path.open("xb")
        if fcntl:
            with contextlib.suppress(OSError):  # some volumes have no locks
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Delete the lock, when the recording is over."""
        self._stream.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def is_held(folder: Path) -> bool | None:
    """Whether a recording is being written; None if that cannot be determined."""
    path = folder / LOCK_NAME
    if fcntl is None or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _may_be_held(folder: Path) -> bool:
    held = is_held(folder)
    return not read_summary(folder / EVENTS_NAME) if held is None else held


def prune(folder: Path, max_talks: int, max_bytes: int, at_hand: Path | None = None) -> list[Path]:
    """Delete the oldest recordings beyond a count or a number of bytes; returns their folders.

    The newest always stays, and so does ``at_hand``, which counts as the newest. Only recordings
    that are ``ours`` are counted, and none that is being written is deleted. One that cannot be
    deleted stays.
    """
    try:
        found = [one for one in recordings(folder) if one.ours]
    except OSError:
        return []  # the folder is gone, or its drive
    found.sort(key=lambda one: (one.path == at_hand, one.order), reverse=True)
    kept_bytes = 0
    deleted = []
    for index, one in enumerate(found):
        kept_bytes += one.size_bytes
        beyond = index >= max_talks or kept_bytes > max_bytes
        if index and beyond and not _may_be_held(one.path) and delete_recording(one.path):
            deleted.append(one.path)
    return deleted


def delete_recording(folder: Path) -> bool:
    """Delete a recording's files, and the folder if nothing else is in it.

    It deletes nothing else, follows no link, and leaves a recording that is being written. Returns
    whether the files are gone.
    """
    if folder.is_symlink() or is_held(folder):
        return False
    try:
        for name in FILE_NAMES[:-1]:
            (folder / name).unlink(missing_ok=True)
        for file in [file for file in folder.iterdir() if PART_NAME.fullmatch(file.name)]:
            file.unlink()
        (folder / EVENTS_NAME).unlink(missing_ok=True)
    except OSError:
        return False
    with contextlib.suppress(OSError):
        left = list(folder.iterdir())
        if all(map(is_litter, left)):
            for file in left:
                file.unlink()
            folder.rmdir()
    return True
