"""The recorded conversations in a folder: list, rename, delete, export.

Damaged ones are listed as such. Knows no Qt; everything here reads or writes files and may take
a moment.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import soundfile

from engine.audio_file import unwritable
from engine.errors import DuologueError
from engine.events import EVENTS_NAME, TalkRecord, read_events
from engine.recorder import (
    LABELS_NAME,
    SOUND_NAME,
    TITLE_NAME,
    delete_recording,
    recordings,
    write_labels,
)
from engine.tokens import RATE_HZ
from engine.transcript import read_transcript, write_transcript
from engine.turns import levels_db, turn_taking
from engine.whole_file import write_whole

MOST_TITLE = 120
_TAIL_BYTES = 65_536
_BLOCK_SAMPLES = RATE_HZ * 30
Format = Literal["flac", "wav", "json", "labels", "transcript"]
SUFFIXES: dict[Format, str] = {
    "flac": ".flac",
    "wav": ".wav",
    "json": ".json",
    "labels": ".txt",
    "transcript": ".txt",
}


@dataclass(frozen=True)
class Entry:
    """One recorded conversation."""

    folder: Path
    title: str
    """What the user called it; else empty."""
    began: datetime | None
    seconds: float
    bundle: str
    chunk_ms: int
    size_bytes: int
    summary: dict[str, Any]
    """The last record's figures; empty where the talk broke off."""
    damage: str = ""
    """Why it cannot be played; else empty."""


def entries(folder: Path) -> list[Entry]:
    """All in a folder, the newest first; none where there is no such folder."""
    if not folder.is_dir():
        return []
    try:
        found = sorted(recordings(folder), key=lambda one: one[1], reverse=True)
    except OSError as error:
        raise DuologueError(
            f"The recordings in {folder} cannot be listed ({error.strerror}); "
            "choose another folder."
        ) from error
    return [_entry(path, size_bytes) for path, _, size_bytes in found]


def _entry(path: Path, size_bytes: int) -> Entry:
    head = next(read_events(path / EVENTS_NAME), None)
    assert isinstance(head, TalkRecord)  # the recorder lists no others
    seconds, damage = 0.0, ""
    try:
        seconds = soundfile.info(path / SOUND_NAME).duration
    except (OSError, RuntimeError):
        damage = "The sound is missing or damaged."
    return Entry(
        folder=path,
        title=_title(path),
        began=_began(head.began),
        seconds=seconds,
        bundle=f"{head.bundle.name} {head.bundle.version}",
        chunk_ms=head.chunk_ms,
        size_bytes=size_bytes,
        summary=_summary(path / EVENTS_NAME),
        damage=damage,
    )


def _title(folder: Path) -> str:
    try:
        return (folder / TITLE_NAME).read_text("utf8")[:MOST_TITLE].strip()
    except (OSError, UnicodeError):
        return ""


def _began(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _summary(events: Path) -> dict[str, Any]:
    """The last line, if it is the summary of a talk that came to its end."""
    try:
        with events.open("rb") as stream:
            stream.seek(max(events.stat().st_size - _TAIL_BYTES, 0))
            last = stream.read().rstrip(b"\n").rpartition(b"\n")[2]
        record = json.loads(last)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("kind") == "summary" else {}


def rename(entry: Entry, title: str) -> None:
    """Give it a title, or take it away again; DuologueError where that cannot be written."""
    path = entry.folder / TITLE_NAME
    title = " ".join(title.split())[:MOST_TITLE]
    if title:
        write_whole(path, title + "\n")
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def delete(entry: Entry) -> None:
    """Delete its files for good; DuologueError where some stay."""
    delete_recording(entry.folder)
    if entry.folder.exists():
        raise DuologueError(
            f"{entry.folder} could not be deleted whole; close programs that use it, "
            "or delete it yourself."
        )


def export(entry: Entry, form: Format, target: Path) -> None:
    """Write it elsewhere in one of five forms; DuologueError where that fails."""
    try:
        if form == "flac":
            shutil.copyfile(entry.folder / SOUND_NAME, target)
        elif form == "wav":
            _export_wav(entry.folder / SOUND_NAME, target)
        elif form == "json":
            records = [json.loads(line) for line in _whole_lines(entry.folder / EVENTS_NAME)]
            target.write_text(json.dumps(records, indent=1) + "\n", "utf8")
        elif form == "transcript":
            write_transcript(target, read_transcript(entry.folder).lines)
        elif (entry.folder / LABELS_NAME).is_file():
            shutil.copyfile(entry.folder / LABELS_NAME, target)
        else:
            _export_labels(entry.folder, target)
    except OSError as error:
        raise unwritable(target, error) from error
    except (RuntimeError, ValueError) as error:
        raise DuologueError(
            f"The conversation in {entry.folder} is damaged and cannot be exported ({error})."
        ) from error


def _whole_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from (line for line in stream if line.endswith(b"\n"))


def _export_wav(sound: Path, target: Path) -> None:
    with (
        soundfile.SoundFile(sound) as source,
        soundfile.SoundFile(target, "w", source.samplerate, 2, "PCM_16", format="WAV") as wav,
    ):
        for block in source.blocks(_BLOCK_SAMPLES, dtype="int16"):
            wav.write(block)


def _export_labels(folder: Path, target: Path) -> None:
    """A talk that broke off has no labels yet."""
    audio, _ = soundfile.read(folder / SOUND_NAME, dtype="float32", always_2d=True)
    taking = turn_taking(levels_db(audio[:, 0]), levels_db(audio[:, 1]))
    write_labels(target, taking, read_transcript(folder).lines)
