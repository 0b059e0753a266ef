"""Our own set has Full-Duplex-Bench's form, and its annotations are where its sounds are."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.simulated_user import speech_spans, voice_activity
from models.paper.fdb_made import make_set
from models.paper.fdb_samples import find_samples


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "made"
    assert make_set(folder, 2, seed=1) == 10
    return folder


def test_every_shape_is_found_again(made: Path) -> None:
    samples = find_samples(made)
    assert sorted(sample.task for sample in samples) == [
        "backchannel", "backchannel", "interruption", "interruption", "overlap", "overlap",
        "pause", "pause", "turn", "turn",
    ]  # fmt: skip


def test_events_are_where_the_sounds_are(made: Path) -> None:
    for sample in find_samples(made):
        sound = read_mono(sample.folder / "input.wav")
        spoken = speech_spans(sound)
        if sample.event_s is None:
            assert spoken[-1].end_sample > len(sound) - SAMPLE_RATE_HZ // 2
            continue
        start, end = (round(seconds * SAMPLE_RATE_HZ) for seconds in sample.event_s)
        heard = voice_activity(sound[start:end]).mean()
        if sample.task == "pause":
            assert heard < 0.2
            assert spoken[-1].start_sample > start
        elif sample.task == "turn":
            assert heard < 0.2
            assert abs(spoken[-1].end_sample - start) < SAMPLE_RATE_HZ // 5
        else:
            assert heard > 0.3
        if sample.task == "overlap":
            clean = read_mono(sample.folder / "clean_input.wav")
            assert len(clean) == len(sound)
            assert not voice_activity(clean[start:end]).any()


def test_an_old_set_is_not_overwritten(made: Path) -> None:
    with pytest.raises(DuologueError, match="there already"):
        make_set(made, 1)
