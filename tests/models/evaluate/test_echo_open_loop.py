"""The open loop: echo return loss enhancement, and the speech that it is measured with."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ

pytest.importorskip("pyroomacoustics")

from models.evaluate import echo_open_loop


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    random_ = np.random.default_rng(0)
    return random_.normal(0, level, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def test_reduction_is_the_echo_against_what_is_left_beyond_the_noise() -> None:
    echo, room = noise(8), noise(8, 0.001)
    assert echo_open_loop.erle_db(echo, 0.1 * echo, 0 * echo, None) == pytest.approx(20, abs=0.1)
    assert echo_open_loop.erle_db(echo, room, room, None) == echo_open_loop.MAX_ERLE_DB
    late = 0.01 * echo
    late[:SAMPLE_RATE_HZ] = echo[:SAMPLE_RATE_HZ]
    jump = 5 * SAMPLE_RATE_HZ
    late[jump : jump + SAMPLE_RATE_HZ] = echo[jump : jump + SAMPLE_RATE_HZ]
    assert echo_open_loop.erle_db(echo, late, 0 * echo, jump) == pytest.approx(40, abs=0.1)
    assert echo_open_loop.erle_db(echo, late, 0 * echo, None) < 10


def test_people_are_found_by_folder(tmp_path: Path) -> None:
    for speaker in ("12", "34"):
        (tmp_path / speaker / "chapter").mkdir(parents=True)
        sound = noise(3) * np.repeat([1, 0, 1], SAMPLE_RATE_HZ)
        soundfile.write(tmp_path / speaker / "chapter" / "a.flac", sound, SAMPLE_RATE_HZ)
    user, agent = echo_open_loop.two_speakers(tmp_path, random.Random(0))
    assert len(user) == echo_open_loop.BOTH_S * SAMPLE_RATE_HZ
    assert len(agent) == (echo_open_loop.AGENT_ALONE_S + echo_open_loop.BOTH_S) * SAMPLE_RATE_HZ
    with pytest.raises(DuologueError, match="two people"):
        echo_open_loop.find_speakers(tmp_path / "12")
