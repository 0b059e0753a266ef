"""What disturbs speech keeps its times."""

from __future__ import annotations

import random

import numpy as np
import pytest

from models.speech.augmentation import (
    _CODECS,
    disturbed,
    through_codec,
    with_gain_steps,
    with_leak,
)
from models.speech.voices import speak


def spoken(voice: str) -> np.ndarray:
    audio = speak("one two three four five", voice, random.Random(1)).audio
    return np.resize(audio, 32_000).astype(np.float32)


SPEECH, OTHER = spoken("flite:slt"), spoken("flite:rms")


def lag(sound: np.ndarray, later: np.ndarray) -> int:
    """The shift, in samples, with the largest correlation."""
    shifts = range(-40, 41)
    return max(shifts, key=lambda shift: float(sound[100:-100] @ np.roll(later, -shift)[100:-100]))


@pytest.mark.parametrize("codec", _CODECS)
def test_a_codec_loses_something_but_no_time(codec: tuple[str, str, int]) -> None:
    heard = through_codec(SPEECH, *codec)
    assert heard.shape == SPEECH.shape
    assert lag(SPEECH, heard) == 0
    assert 1e-5 < np.square(heard - SPEECH).mean() / np.square(SPEECH).mean() < 0.3


def test_a_leak_is_soft_and_comes_in_pieces() -> None:
    heard = with_leak(SPEECH, OTHER, np.random.default_rng(0))
    assert lag(SPEECH, heard) == 0
    silence = with_leak(np.zeros_like(SPEECH), OTHER, np.random.default_rng(0))
    assert 0 < silence.std() < 0.1 * OTHER.std()


def test_gain_steps_change_the_level() -> None:
    tone = np.ones(32_000, np.float32)
    gains = [with_gain_steps(tone, np.random.default_rng(seed)) for seed in range(8)]
    assert max(float(np.ptp(20 * np.log10(gain))) for gain in gains) > 6
    assert max(float(np.abs(gain).max()) for gain in gains) <= 2


def test_disturbed_speech_is_still_the_speech() -> None:
    rng = np.random.default_rng(0)
    noises = rng.normal(size=100_000).astype(np.float32)
    room = np.r_[1.0, np.zeros(200), 0.3].astype(np.float32)
    likeness = []
    for _ in range(40):
        heard = disturbed(SPEECH, [OTHER, OTHER[::-1]], noises, rng, [room])
        assert heard.dtype == np.float32 and np.abs(heard).max() <= 1
        likeness.append(float(np.corrcoef(SPEECH, heard)[0, 1]))
    assert np.median(likeness) > 0.6
