"""Whisper's log-mel energies: 80 bands, every 10 ms, from windows of 25 ms.

The front end of the recogniser, and the bands that the tokenizer's training shares. Pure functions;
knows no model.

Shape letters: N samples, H hops of 10 ms, M bands, Q bins of the spectrum.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

HOP, WINDOW, BANDS = 160, 400, 80
_BINS = WINDOW // 2 + 1
_LINEAR_STEP_HZ, _LINEAR_END_HZ = 200 / 3, 1000.0
_LOG_STEP = math.log(6.4) / 27
LEAST_POWER = 1e-10
DEPTH = 8.0
"""Powers of ten below the maximum that are kept."""


@cache
def mel_bands() -> np.ndarray:
    """float32 (M, Q): triangles of equal area, evenly spaced on Slaney's mel scale up to 8 kHz."""

    def mel(hz: float) -> float:
        if hz < _LINEAR_END_HZ:
            return hz / _LINEAR_STEP_HZ
        return _LINEAR_END_HZ / _LINEAR_STEP_HZ + math.log(hz / _LINEAR_END_HZ) / _LOG_STEP

    mels = np.linspace(0, mel(SAMPLE_RATE_HZ / 2), BANDS + 2)
    above = np.maximum(mels - _LINEAR_END_HZ / _LINEAR_STEP_HZ, 0)
    log_part = _LINEAR_END_HZ * np.exp(above * _LOG_STEP)
    edges_hz = np.where(above > 0, log_part, mels * _LINEAR_STEP_HZ)
    bins_hz = np.arange(_BINS) * SAMPLE_RATE_HZ / WINDOW
    low, centre, high = (edges_hz[at : at + BANDS, None] for at in range(3))
    rise, fall = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    bands = np.maximum(np.minimum(rise, fall), 0) * 2 / (high - low)
    return bands.astype(np.float32)


@cache
def _window() -> np.ndarray:
    turns = 2 * np.pi * np.arange(WINDOW) / WINDOW
    return (0.5 - 0.5 * np.cos(turns)).astype(np.float32)


def log_mel(sound_N: np.ndarray) -> np.ndarray:
    """float32 (M, H) of a sound of at least 201 samples, as Whisper's own extractor gives them.

    H is N // 160. What is 80 dB below the loudest band is cut off.
    """
    padded = np.pad(sound_N.astype(np.float32), WINDOW // 2, "reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    windows = windows[: len(sound_N) // HOP]
    spectrum = np.fft.rfft(windows * _window(), axis=1)
    power = mel_bands() @ np.square(np.abs(spectrum)).T.astype(np.float32)
    log_power = np.log10(np.maximum(power, LEAST_POWER))
    found: np.ndarray = (np.maximum(log_power, log_power.max() - DEPTH) + 4) / 4
    return found
