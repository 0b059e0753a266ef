"""Simulated noises are the same for the same seed, and have the length and peak they should."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.sound.level import levels_db
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.simulated_noises import music, slammed_door, typing


@pytest.mark.parametrize(
    ("make", "seconds"),
    [(lambda seed: typing(2, seed), 2), (lambda seed: music(2, seed), 2), (slammed_door, 1)],
    ids=["typing", "music", "door"],
)
def test_a_seed_gives_one_sound(make: Callable[[int], np.ndarray], seconds: int) -> None:
    sound = make(3)
    assert sound.dtype == np.float32
    assert sound.shape == (seconds * SAMPLE_RATE_HZ,)
    assert np.abs(sound).max() == pytest.approx(1)
    np.testing.assert_array_equal(sound, make(3))
    assert not np.array_equal(sound, make(4))


def test_a_keyboard_is_silent_between_strokes_and_music_is_not() -> None:
    typed, played = (np.percentile(levels_db(make(5, 0)), [20, 99]) for make in (typing, music))
    assert typed[1] - typed[0] > 30
    assert played[1] - played[0] < 25
