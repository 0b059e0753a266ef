"""Levels and speech of a running track."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.voice_activity import VoiceActivityDetector

BLOCK = 160


def noise(blocks: int, loudness: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0, loudness, (blocks, BLOCK)).astype(np.float32)


def speaking(meter: VoiceActivityDetector, blocks: np.ndarray) -> list[bool]:
    said = []
    for block in blocks:
        meter.push(block)
        said.append(meter.speaks)
    return said


def test_level_and_peak() -> None:
    meter = VoiceActivityDetector()
    meter.push(np.full(BLOCK, -0.5, np.float32))
    assert meter.level_db == pytest.approx(-6.02, abs=0.01)
    assert meter.peak == 0.5


def test_speech_begins_after_30_ms_and_ends_after_200_ms_of_silence() -> None:
    meter = VoiceActivityDetector()
    assert not any(speaking(meter, noise(100, 1e-4)))
    assert speaking(meter, noise(50, 0.1)) == [False, False] + [True] * 48
    after = speaking(meter, noise(50, 1e-4))
    assert after.index(False) == 20
    assert not any(after[20:])


def test_a_pause_inside_speech_is_speech() -> None:
    meter = VoiceActivityDetector()
    speaking(meter, noise(20, 0.1))
    assert all(speaking(meter, noise(15, 1e-4)))


def test_a_click_is_no_speech() -> None:
    meter = VoiceActivityDetector()
    speaking(meter, noise(50, 1e-4))
    assert not any(speaking(meter, np.concatenate([noise(2, 0.3), noise(20, 1e-4)])))


def test_steady_noise_becomes_silence() -> None:
    """A fan: speech at first, then noise above which speech must rise."""
    meter = VoiceActivityDetector()
    fan = noise(6000, 0.01)
    said = speaking(meter, fan)
    assert not any(said[-1000:])
    assert speaking(meter, noise(20, 0.2))[-1]
