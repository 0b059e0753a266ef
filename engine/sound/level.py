"""Sound levels: power and peak of each 10 ms. Does not know what is speech."""

from __future__ import annotations

from array import array

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

LEVEL_SAMPLES = SAMPLE_RATE_HZ // 100
"""Samples per level: 10 ms."""
LOWEST_DB = -100
_QUIETEST = 10.0 ** (LOWEST_DB / 10)
ACTIVE_POWER = 10 ** (-66 / 10)
"""The far end counts as active above this power, -66 dB relative to full scale."""


class LevelTrack:
    """Levels and peaks of a growing track, two bytes per 10 ms (7 MB for ten hours)."""

    def __init__(self) -> None:
        self._levels_db = array("b")
        self._peaks = array("B")

    def push(self, audio: np.ndarray) -> None:
        """Add float32 sound (n,); n is a multiple of 160."""
        self._levels_db.frombytes(np.rint(levels_db(audio)).astype(np.int8).tobytes())
        blocks = np.abs(audio).reshape(-1, LEVEL_SAMPLES)
        peaks = np.ceil(np.clip(blocks.max(axis=1), 0.0, 1.0) * 255)
        self._peaks.frombytes(peaks.astype(np.uint8).tobytes())

    def is_quiet(self, last_seconds: float, below_db: float) -> bool:
        """Whether all levels of the last seconds are below ``below_db``."""
        count = round(last_seconds * SAMPLE_RATE_HZ / LEVEL_SAMPLES)
        return max(self._levels_db[-count:], default=LOWEST_DB) < below_db

    @property
    def levels_db(self) -> np.ndarray:
        """float32 dB relative to full scale, one per 10 ms."""
        return np.array(self._levels_db, np.float32)

    @property
    def peaks(self) -> np.ndarray:
        """float32 0 to 1, one per 10 ms."""
        return np.array(self._peaks, np.float32) / 255


def levels_db(audio: np.ndarray) -> np.ndarray:
    """Power of each whole 10 ms of sound (n,), in dB relative to full scale."""
    if len(audio) == LEVEL_SAMPLES:
        # A live conversation asks for each 10 ms; this takes a quarter of the time of what follows.
        wide = audio.astype(np.float64)
        power = float(np.vdot(wide, wide)) / LEVEL_SAMPLES
        return np.array([10 * np.log10(min(max(power, _QUIETEST), 1.0))], np.float32)
    blocks = audio[: len(audio) // LEVEL_SAMPLES * LEVEL_SAMPLES].reshape(-1, LEVEL_SAMPLES)
    powers = np.einsum("ij,ij->i", blocks, blocks, dtype=np.float64) / LEVEL_SAMPLES
    return np.asarray(10 * np.log10(np.clip(powers, _QUIETEST, 1.0)), np.float32)
