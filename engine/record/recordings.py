"""The folder of all recordings: lists them, in the order in which they were made.

It lists every folder with the sound or the events of a conversation. Each recording stores its own
place in the order, because names and clocks can be wrong. What may be deleted is decided in
`engine.record.retention`.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.atomic_write import PART_NAME
from engine.record.events import EVENTS_NAME, TalkRecord, read_head
from engine.record.transcript import TRANSCRIPT_NAME

SOUND_NAME, LABELS_NAME, TITLE_NAME = "conversation.flac", "labels.txt", "title.txt"

LOCK_NAME = "recording.lock"
_FOLDER_NAME = re.compile(r"conversation-(\d{8}-\d{6})(?:_(\d{1,9}))?")
# In the order of deletion: on Windows the first cannot be deleted while it is held; the last marks
# a folder as a recording.
FILE_NAMES = (
    LOCK_NAME,
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
        and all(_is_ours(file) or is_litter(file) for file in files)
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
    named = file.name in FILE_NAMES or PART_NAME.fullmatch(file.name)
    return bool(named) and file.is_file() and not file.is_symlink()


def is_litter(file: Path) -> bool:
    """Whether a file manager left this file."""
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
        own = [folder / name for name in FILE_NAMES if (folder / name).exists()]
        return any(file.samefile(path) for file in own) and is_recording(folder)
    except OSError:  # there is no such file
        return False


def next_order_ms(folder: Path) -> int:
    """The `TalkRecord.order_ms` that sorts a new recording after all in ``folder``."""
    with contextlib.suppress(OSError):
        newest = max((one.order[0] for one in recordings(folder) if one.head), default=0)
        return max(time.time_ns() // 1_000_000, newest + 1)
    return time.time_ns() // 1_000_000
