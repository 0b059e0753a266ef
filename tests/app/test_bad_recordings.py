"""Recordings that are not as they should be: shown as far as they go, and nothing of them lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.recording_library import SUFFIXES, RecordingEntry, entries, export
from app.timeline import Timeline
from engine.errors import DuologueError
from engine.record.retention import prune
from tests.app.bad_recordings import ALL, NO_SOUND, SOUND_IS_DAMAGED, SOUND_IS_FINE
from tests.engine.recorded_talks import CHUNK, content, sound_of_talk, write_talk

SAMPLES = 20 * CHUNK


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_talk(
        tmp_path / "talks", "conversation-20200101-000000", 2, began="2020-01-01T00:00:00Z"
    )


def damaged(name: str, good: Path) -> RecordingEntry:
    """The bad one's entry; it must be listed beside the good one."""
    folder = write_talk(good.parent, "conversation-20260101-120000")
    ALL[name](folder)
    found = {entry.folder: entry for entry in entries(good.parent)}
    assert set(found) == {good, folder}
    assert not found[good].damage
    return found[folder]


@pytest.mark.bad_input("recordings")
@pytest.mark.parametrize("name", SOUND_IS_FINE)
def test_what_can_be_heard_is_shown_and_exported(name: str, good: Path, tmp_path: Path) -> None:
    entry = damaged(name, good)
    assert (entry.damage, entry.seconds) == ("", SAMPLES / 16_000)
    timeline = Timeline.of_recording(entry.folder)
    assert timeline.length_samples == SAMPLES
    assert timeline.user.spans
    assert all(0 <= mark.sample <= SAMPLES for mark in timeline.marks)
    assert all(0 <= line.start_sample <= SAMPLES for line in timeline.transcript.lines)
    export(entry, "wav", tmp_path / "out.wav")
    sound, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert np.array_equal(sound, sound_of_talk(20))


@pytest.mark.parametrize(
    "name", ["a line that is broken", "a line 100,000 deep", "an unknown record"]
)
def test_one_broken_line_costs_one_line(name: str, good: Path) -> None:
    timeline = Timeline.of_recording(damaged(name, good).folder)
    assert timeline.next_step == 20
    assert timeline.transcript.lines


@pytest.mark.bad_input("recordings")
@pytest.mark.parametrize("name", SOUND_IS_DAMAGED)
def test_a_damaged_sound_is_shown_as_far_as_it_goes(name: str, good: Path, tmp_path: Path) -> None:
    entry = damaged(name, good)
    assert not entry.damage
    length = Timeline.of_recording(entry.folder).length_samples
    assert 0.3 * SAMPLES < length <= SAMPLES
    export(entry, "wav", tmp_path / "out.wav")
    sound, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert len(sound) - length < 160
    assert np.array_equal(sound[: SAMPLES // 4], sound_of_talk(20)[: SAMPLES // 4])


@pytest.mark.bad_input("recordings")
@pytest.mark.parametrize("name", NO_SOUND)
def test_without_sound_a_sentence_says_so(name: str, good: Path, tmp_path: Path) -> None:
    entry = damaged(name, good)
    assert entry.damage == "The sound is missing or damaged."
    with pytest.raises(DuologueError, match="cannot be read"):
        Timeline.of_recording(entry.folder)
    with pytest.raises(DuologueError, match="cannot be read"):
        export(entry, "wav", tmp_path / "out.wav")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_lost(name: str, good: Path, tmp_path: Path) -> None:
    """Not by showing, nor by exporting, nor in a folder that takes no more."""
    entry = damaged(name, good)
    before = content(entry.folder)
    for form, suffix in SUFFIXES.items():
        try:
            export(entry, form, tmp_path / f"out{suffix}")
        except DuologueError as error:
            assert str(error).endswith(".")  # noqa: PT017 - not all of them fail
    prune(good.parent, 2, 10**9)
    assert content(entry.folder) == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".part") == []


@pytest.mark.parametrize(
    "name",
    [
        *("no events", "a first line that is broken", "a newer version", "a date of year 1"),
        *("an order beyond all", "an exported WAV inside", "a folder inside"),
    ],
)
def test_what_is_not_known_to_be_ours_is_not_pruned(name: str, good: Path) -> None:
    entry = damaged(name, good)
    newest = write_talk(good.parent, "conversation-20990101-000000", 1, order_ms=1 << 59)
    assert prune(good.parent, 1, 1) == [good]
    assert {one.folder for one in entries(good.parent)} == {entry.folder, newest}
