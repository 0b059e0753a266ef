"""The folder of recordings: in the order of what they hold, and known as recordings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.record import recordings as recordings_module
from engine.record.events import EVENTS_NAME, EventWriter, TalkRecord, read_events
from engine.record.recorder import Recorder
from engine.record.recordings import (
    LABELS_NAME,
    SOUND_NAME,
    belongs_to_recording,
    next_order_ms,
    recordings,
)
from engine.record.retention import prune
from engine.syncllm.duplex import Duplex
from tests.engine.recorded_talks import CHUNK, content, put_lines, write_talk


def listed(folder: Path) -> list[Path]:
    """From the oldest to the newest."""
    return [one.path for one in sorted(recordings(folder), key=lambda one: one.order)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def record(duplex: Duplex, folder: Path, max_talks: int | None = None) -> Recorder:
    """A talk of a chunk that is still being recorded."""
    recorder = Recorder(folder, duplex, max_talks, 10**9)
    sound = np.zeros(CHUNK, np.float32)
    recorder.write(sound, sound, duplex.step(sound))
    return recorder


def test_the_order_is_that_of_the_content(tmp_path: Path) -> None:
    """Not of the names: clocks are set back for winter and stand in other places of the earth."""
    second = write_talk(tmp_path, "conversation-20251026-023000", began="2025-10-26T02:30:00+01:00")
    first = write_talk(tmp_path, "conversation-20251026-024500", began="2025-10-26T02:45:00+02:00")
    third = write_talk(
        tmp_path, "conversation-20240101-000000", order_ms=ms("2025-10-26T02:40:00+01:00")
    )
    assert listed(tmp_path) == [first, second, third]
    assert prune(tmp_path, 1, 10**9) == [second, first]


def test_a_clock_set_back_makes_no_talk_older(
    duplex: Duplex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_talk(tmp_path, began="2026-01-01T12:00:00+00:00")
    monkeypatch.setattr(recordings_module.time, "time_ns", lambda: 0)
    talks = []
    for _ in range(3):
        recorder = record(duplex, tmp_path, max_talks=3)
        recorder.close()
        talks.append(recorder.folder)
    assert listed(tmp_path) == talks
    assert not old.exists()
    assert next_order_ms(tmp_path) == ms("2026-01-01T12:00:00+00:00") + 4


def test_a_recordings_own_files_are_known(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    (tmp_path / "link.flac").symlink_to(folder / SOUND_NAME)
    assert belongs_to_recording(folder / SOUND_NAME)
    assert belongs_to_recording(folder / ".." / folder.name / EVENTS_NAME)
    assert belongs_to_recording(tmp_path / "link.flac")
    assert not belongs_to_recording(folder / "export.wav")
    (tmp_path / LABELS_NAME).write_text("")
    assert not belongs_to_recording(tmp_path / LABELS_NAME)


# --- events ---------------------------------------------------------------------------------------


def test_broken_lines_are_left_out_where_that_will_do(tmp_path: Path) -> None:
    folder = write_talk(tmp_path, chunks=3)
    head, *chunks, summary = (folder / EVENTS_NAME).read_bytes().splitlines(keepends=True)
    put_lines(folder, head, chunks[0], b"{broken\n", chunks[1], b"\0" * 5_000_000, b"\n", summary)
    kinds = [record.kind for record in read_events(folder / EVENTS_NAME, lenient=True)]
    assert kinds == ["talk", "chunk", "chunk", "summary"]
    with pytest.raises(DuologueError, match="damaged in line 3"):
        list(read_events(folder / EVENTS_NAME))
    assert list(read_events(tmp_path / "none", lenient=True)) == []


def test_events_are_never_written_over_others(tmp_path: Path) -> None:
    folder = write_talk(tmp_path)
    before = content(folder)
    with pytest.raises(DuologueError, match="cannot be written"):
        EventWriter(folder / EVENTS_NAME)
    assert content(folder) == before


def test_a_recording_holds_its_place(duplex: Duplex, tmp_path: Path) -> None:
    before = next_order_ms(tmp_path)
    recorder = Recorder(tmp_path, duplex)
    recorder.close()
    head = next(read_events(recorder.folder / EVENTS_NAME))
    assert isinstance(head, TalkRecord)
    assert head.order_ms is not None
    assert before <= head.order_ms < next_order_ms(tmp_path)
