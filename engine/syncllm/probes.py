"""What the models are tried on before a GPU computes them: inputs like those of a conversation."""

from __future__ import annotations

import numpy as np

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ

_FRAMES = 50
_UNITS = 25


def sound_probe() -> np.ndarray:
    """float32 (n,), two seconds like a voice: harmonics of a rising pitch, whose level moves with
    the rhythm of syllables."""
    seconds = np.arange(_FRAMES * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    turns = 120 * seconds + 20 * seconds**2
    voice = np.sum([np.sin(2 * np.pi * k * turns) / k for k in range(1, 30)], axis=0)
    level = 0.03 * (1 - np.cos(2 * np.pi * 4 * seconds))
    noise = np.random.default_rng(0).normal(size=len(seconds)) * 1e-3
    sound: np.ndarray = (level * voice + noise).astype(np.float32)
    return sound


def unit_probe(count: int) -> np.ndarray:
    """int64 (n,): units below ``count``, each for one to three frames."""
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, count, _UNITS), rng.integers(1, 4, _UNITS))
