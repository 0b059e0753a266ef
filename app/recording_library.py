"""The recorded conversations in a folder: list, rename, delete, export.

Damaged recordings are listed too, with whatever can still be read. Knows no Qt. Everything here
reads or writes files and may take a moment.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import soundfile
from pydantic_core import from_json

from engine.atomic_write import write_atomically, writing_whole
from engine.errors import DuologueError, unwritable
from engine.record.events import EVENTS_NAME, read_lines, read_summary
from engine.record.recorder import write_labels
from engine.record.recordings import (
    LABELS_NAME,
    SOUND_NAME,
    TITLE_NAME,
    RecordingFolder,
    belongs_to_recording,
    recordings,
)
from engine.record.retention import delete_recording, is_held
from engine.record.talk_sound import TalkSound
from engine.record.transcript import read_transcript, write_transcript
from engine.sound.audio_file import from_pcm
from engine.sound.level import LEVEL_SAMPLES, LevelTrack
from engine.sound.turn_taking import turn_taking
from engine.sound.voice_activity import VoiceTrack
from engine.timebase import SAMPLE_RATE_HZ

MAX_TITLE = 120
_BLOCK_SAMPLES = SAMPLE_RATE_HZ * 30
_WAV_MOST_SAMPLES = 1_000_000_000
"""WAV files are limited to 4 GB (17 hours); longer ones are written as RF64."""
ExportFormat = Literal["flac", "wav", "json", "labels", "transcript"]
SUFFIXES: dict[ExportFormat, str] = {
    "flac": ".flac",
    "wav": ".wav",
    "json": ".json",
    "labels": ".txt",
    "transcript": ".txt",
}


@dataclass(frozen=True)
class RecordingEntry:
    """One recorded conversation."""

    folder: Path
    title: str
    """The name that the user gave; may be empty."""
    began: datetime | None
    seconds: float
    bundle: str
    """Empty if the events cannot be read; then ``chunk_ms`` is 0."""
    chunk_ms: int
    size_bytes: int
    summary: dict[str, Any]
    """The figures of the last record; empty if the conversation ended unexpectedly."""
    damage: str = ""
    """Why it cannot be played; empty if it can."""


def entries(folder: Path) -> list[RecordingEntry]:
    """All recordings in a folder, the newest first; empty if there is no such folder."""
    if not folder.is_dir():
        return []
    try:
        found = sorted(recordings(folder), key=lambda one: one.order, reverse=True)
    except OSError as error:
        raise DuologueError(
            f"The recordings in {folder} cannot be listed ({error.strerror}); "
            "choose another folder."
        ) from error
    return [_entry(one) for one in found]


def _entry(one: RecordingFolder) -> RecordingEntry:
    seconds, damage = 0.0, ""
    try:
        with TalkSound(one.path / SOUND_NAME) as sound:
            seconds = sound.length_samples / SAMPLE_RATE_HZ
    except DuologueError:
        damage = "The sound is missing or damaged."
    bundle = one.head.bundle if one.head else None
    return RecordingEntry(
        folder=one.path,
        title=_title(one.path / TITLE_NAME),
        began=one.began,
        seconds=seconds,
        bundle=f"{bundle.name} {bundle.version}" if bundle else "",
        chunk_ms=one.head.chunk_ms if one.head else 0,
        size_bytes=one.size_bytes,
        summary=read_summary(one.path / EVENTS_NAME),
        damage=damage,
    )


def _title(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open(encoding="utf8", errors="replace") as stream:
            return " ".join(stream.read(MAX_TITLE).split())
    except OSError:
        return ""


def rename(entry: RecordingEntry, title: str) -> None:
    """Set the title; an empty one removes it. DuologueError if that cannot be written."""
    path = entry.folder / TITLE_NAME
    title = " ".join(title.split())[:MAX_TITLE]
    if title:
        write_atomically(path, title + "\n")
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def delete(entry: RecordingEntry) -> None:
    """Delete the recording's files and no others; DuologueError if some remain."""
    if is_held(entry.folder):
        raise DuologueError("The conversation is being recorded; stop it first.")
    if not delete_recording(entry.folder):
        raise DuologueError(
            f"{entry.folder} could not be deleted completely; close programs that use it, "
            "or delete it yourself."
        )


# --- export ---------------------------------------------------------------------------------------


def export(entry: RecordingEntry, export_format: ExportFormat, target: Path) -> None:
    """Write the recording to ``target`` in one of five formats, completely or not at all.

    Raises DuologueError if that fails, or if it would overwrite a recording's own file; an existing
    file then stays.
    """
    if belongs_to_recording(target):
        raise DuologueError(f"{target} belongs to a recording; choose another name.")
    if export_format == "flac":
        _copy(entry.folder / SOUND_NAME, target)
    elif export_format == "wav":
        _export_wav(entry.folder / SOUND_NAME, target)
    elif export_format == "json":
        _export_events(entry.folder / EVENTS_NAME, target)
    elif export_format == "transcript":
        write_transcript(target, read_transcript(entry.folder).lines)
    elif (entry.folder / LABELS_NAME).is_file():
        _copy(entry.folder / LABELS_NAME, target)
    else:
        _export_labels(entry.folder, target)


def _copy(source: Path, target: Path) -> None:
    _check_is_there(source)
    with writing_whole(target) as part:
        shutil.copyfile(source, part)


def _check_is_there(source: Path) -> None:
    if not source.is_file():
        raise DuologueError(f"{source} is missing; export the rest in another format.")


def _export_wav(path: Path, target: Path) -> None:
    with TalkSound(path) as sound, writing_whole(target) as part:
        large = sound.length_samples > _WAV_MOST_SAMPLES
        try:
            with soundfile.SoundFile(
                part, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="RF64" if large else "WAV"
            ) as wav:
                for block in sound.blocks(_BLOCK_SAMPLES):
                    wav.write(block)
        except (soundfile.SoundFileError, AssertionError) as error:
            raise unwritable(target) from error


def _export_events(events: Path, target: Path) -> None:
    """Write the events as one JSON list; a line that is not JSON is kept as text."""
    _check_is_there(events)
    with writing_whole(target) as part, part.open("w", encoding="utf8") as stream:
        stream.write("[")
        before = "\n"
        for line in read_lines(events):
            try:
                record = from_json(line)
            except ValueError:
                record = {"kind": "damaged", "text": line.decode("utf8", "replace")}
            stream.write(before + json.dumps(record))
            before = ",\n"
        stream.write("\n]\n")


def _export_labels(folder: Path, target: Path) -> None:
    """Write the labels; a conversation that ended unexpectedly has no file of them yet."""
    user, agent = VoiceTrack(), LevelTrack()
    with TalkSound(folder / SOUND_NAME) as sound:
        for block in sound.blocks(_BLOCK_SAMPLES):
            whole = block[: len(block) // LEVEL_SAMPLES * LEVEL_SAMPLES]
            user.push(from_pcm(whole[:, 0]))
            agent.push(from_pcm(whole[:, 1]))
    taking = turn_taking(user.levels_db, agent.levels_db, user.voiced)
    write_labels(target, taking, read_transcript(folder).lines)
