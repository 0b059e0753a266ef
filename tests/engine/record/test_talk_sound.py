"""A talk's sound is read to its last whole frame, whatever is behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.record.recordings import SOUND_NAME
from engine.record.talk_sound import TalkSound
from tests.engine.recorded_talks import CHUNK, sound_of_talk, write_talk

SAMPLES = 50 * CHUNK


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_talk(tmp_path, chunks=50) / SOUND_NAME


@pytest.mark.parametrize("block", [1000, 16_000, SAMPLES, 10 * SAMPLES])
def test_all_is_read_in_any_blocks(sound: Path, block: int) -> None:
    with TalkSound(sound) as talk:
        assert np.array_equal(np.concatenate(list(talk.blocks(block))), sound_of_talk(50))
        assert talk.position == talk.length_samples == SAMPLES
        assert len(talk.read(5)) == 0


@pytest.mark.parametrize("block", [1000, 16_000, SAMPLES, 10 * SAMPLES])
def test_nothing_is_lost_before_a_damaged_place(sound: Path, block: int) -> None:
    whole = bytearray(sound.read_bytes())
    place = len(whole) * 3 // 4
    whole[place : place + 2000] = bytes(2000)
    sound.write_bytes(whole)
    with TalkSound(sound) as talk:
        read = np.concatenate(list(talk.blocks(block)))
    good = SAMPLES * 3 // 5
    assert np.array_equal(read[:good], sound_of_talk(50)[:good])


def test_what_is_no_talks_sound_is_refused(sound: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.flac", sound.with_name("events.jsonl")):
        with pytest.raises(DuologueError, match="cannot be read"):
            TalkSound(path)
