"""The folder of all recordings: lists them in order, and prunes or deletes them.

It lists every folder with the sound or the events of a conversation. It prunes only folders that a
`engine.record.recorder.Recorder` wrote and to which nobody added a file, and never one that is
being written. Each recording stores its own place in the order, because names and clocks can be
wrong.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

try:
    import fcntl
except ImportError:  # not needed on Windows, which does not delete an open file
    fcntl = None  # type: ignore[assignment]

from engine.atomic_write import PART_NAME
from engine.record.events import EVENTS_NAME, TalkRecord, read_head, read_summary
from engine.record.transcript import TRANSCRIPT_NAME

SOUND_NAME, LABELS_NAME, TITLE_NAME = "conversation.flac", "labels.txt", "title.txt"

_HOLD_NAME = "recording.lock"
_FOLDER_NAME = re.compile(r"conversation-(\d{8}-\d{6})(?:_(\d{1,9}))?")
# In the order of deletion: on Windows the first cannot be deleted while it is held; the last marks
# a folder as a recording.
_FILE_NAMES = (
    _HOLD_NAME,
    SOUND_NAME,
    *(LABELS_NAME, TRANSCRIPT_NAME, TITLE_NAME),
    *("labels.part", "transcript.part", "title.part"),  # of earlier versions
    EVENTS_NAME,
)
# Files that file managers leave in every folder that they show.
_LITTER = re.compile(r"\.DS_Store|\._.*|\.directory|\.localized|desktop\.ini|(eh)?thumbs\.db", re.I)


@dataclass(frozen=True)
class RecordingFolder:
    """One recorded conversation."""

    path: Path
    head: TalkRecord | None
    """The first record; None if it cannot be read."""
    began: datetime | None
    order: tuple[int, int, str]
    """Sorts recordings by time; the second and third item separate those of the same moment."""
    size_bytes: int
    ours: bool
    """Whether it holds a recording of this program and nothing else."""


def recordings(folder: Path) -> Iterator[RecordingFolder]:
    """Each recording in ``folder``; OSError if that cannot be listed."""
    for path in folder.iterdir():
        try:
            found = _recording(path)
        except OSError:
            continue
        if found:
            yield found


def _recording(path: Path) -> RecordingFolder | None:
    if path.name.startswith(".") or not path.is_dir():
        return None
    files = list(path.iterdir())
    head = read_head(path)
    is_live = head is not None and head.sound == SOUND_NAME
    if not is_live and not (path / SOUND_NAME).is_file():
        return None
    began = _time(head.began) if head else None
    named = _FOLDER_NAME.fullmatch(path.name)
    order_ms = head.order_ms if head else None
    if order_ms is None and began:
        order_ms = int(began.timestamp() * 1000)
    ours = (
        is_live
        and order_ms is not None
        and named is not None
        and not path.is_symlink()
        and all(_is_ours(file) or _is_litter(file) for file in files)
    )
    if order_ms is None:  # then it is only shown
        guessed = _time(named[1]) if named else None
        order_ms = int(guessed.timestamp() * 1000) if guessed else 0
    size_bytes = sum(file.lstat().st_size for file in files)
    order = order_ms, int(named[2] or 0) if named else 0, path.name
    return RecordingFolder(path, head, began, order, size_bytes, ours)


def _time(text: str) -> datetime | None:
    """The time in an ISO text; None if it is invalid or cannot be shown."""
    try:
        moment = datetime.fromisoformat(text)
        moment.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 1970 <= moment.year < 9999 else None


def _is_ours(file: Path) -> bool:
    named = file.name in _FILE_NAMES or PART_NAME.fullmatch(file.name)
    return bool(named) and file.is_file() and not file.is_symlink()


def _is_litter(file: Path) -> bool:
    return bool(_LITTER.fullmatch(file.name)) and file.is_file() and not file.is_symlink()


def is_recording(folder: Path) -> bool:
    """Whether a folder is a recorded conversation; also True if that cannot be determined."""
    try:
        return _recording(folder) is not None
    except OSError:
        return True


def belongs_to_recording(path: Path) -> bool:
    """Whether a file is one of a recording's files, even through a link or another name."""
    try:
        folder = path.resolve().parent
        own = [folder / name for name in _FILE_NAMES if (folder / name).exists()]
        return any(file.samefile(path) for file in own) and is_recording(folder)
    except OSError:  # there is no such file
        return False


class Hold:
    """A lock that marks a recording as being written, until its release or the program's end.

    It has a file of its own, because on some network volumes a locked file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _HOLD_NAME
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
    path = folder / _HOLD_NAME
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


def next_order_ms(folder: Path) -> int:
    """The `TalkRecord.order_ms` that sorts a new recording after all in ``folder``."""
    with contextlib.suppress(OSError):
        newest = max((one.order[0] for one in recordings(folder) if one.head), default=0)
        return max(time.time_ns() // 1_000_000, newest + 1)
    return time.time_ns() // 1_000_000


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
        for name in _FILE_NAMES[:-1]:
            (folder / name).unlink(missing_ok=True)
        for file in [file for file in folder.iterdir() if PART_NAME.fullmatch(file.name)]:
            file.unlink()
        (folder / EVENTS_NAME).unlink(missing_ok=True)
    except OSError:
        return False
    with contextlib.suppress(OSError):
        left = list(folder.iterdir())
        if all(map(_is_litter, left)):
            for file in left:
                file.unlink()
            folder.rmdir()
    return True
