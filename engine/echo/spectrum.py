"""Fourier transforms of real sound in single precision."""

from __future__ import annotations

import numpy as np


def spectrum(sound: np.ndarray, size: int | None = None) -> np.ndarray:
    """complex64 (..., size / 2 + 1): the transform of float32 (..., n), padded to ``size``."""
    size = size or sound.shape[-1]
    # numpy computes a forward transform without a scale in double precision, at twice the time.
    found: np.ndarray = np.fft.rfft(sound, size, norm="forward")
    found *= np.float32(size)
    return found


def waveform(spectra: np.ndarray, size: int) -> np.ndarray:
    """float32 (..., size): the inverse of `spectrum`."""
    sound: np.ndarray = np.fft.irfft(spectra, size)
    return sound
