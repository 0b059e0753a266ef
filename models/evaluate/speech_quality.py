"""Objective measures of speech quality: mel-cepstral distortion, clicks, harmonicity, flatness.

Pure functions on mono float32 sound at 16 kHz. Knows no models.

Legend: N samples, T frames of 10 ms, C cepstral coefficients.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.fft import dct, irfft, rfft

from engine.timebase import SAMPLE_RATE_HZ

HOP, WINDOW = SAMPLE_RATE_HZ // 100, SAMPLE_RATE_HZ * 32 // 1000
COEFFICIENTS = 13
"""Without the zeroth, which is the loudness."""
_BANDS = 40
_FLOOR_DB = -80.0
_ACTIVE_DB = -35.0
"""Frames at least this far below the loudest are silence."""
_PITCH_HZ = (60, 400)
_AROUND = 5
"""Frames before and after each that tell the usual roughness of the sound."""


def mel_cepstral_distortion_db(sound_N: np.ndarray, other_N: np.ndarray) -> float:
    """Mel-cepstral distortion (R. Kubichek, 1993) of two sounds of the same words, in dB.

    The mean along the path of dynamic time warping, without silence.
    """
    first_TC, second_TC = (mel_cepstra(each)[active_frames(each)] for each in (sound_N, other_N))
    difference = first_TC[:, None] - second_TC[None]
    costs = (10 / np.log(10)) * np.sqrt(2 * np.square(difference).sum(-1))
    path = dtw_path(costs)
    return float(np.mean([costs[place] for place in path]))


def mel_cepstra(sound_N: np.ndarray) -> np.ndarray:
    """float64 (T, C): cepstra of natural logarithms of amplitude."""
    bands = np.sqrt(_spectra(sound_N) @ _mel_filters().T)
    floor = bands.max(initial=1e-9) * 10 ** (_FLOOR_DB / 20)
    cepstra: np.ndarray = dct(np.log(np.maximum(bands, floor)), norm="ortho")
    # Scaled as factors of cosines: the distortion is then the RMS difference of the spectra in dB.
    return cepstra[:, 1 : COEFFICIENTS + 1] * (2 / _BANDS) ** 0.5


def dtw_path(costs: np.ndarray) -> list[tuple[int, int]]:
    """Dynamic time warping: the cheapest path from one corner of the costs (T, T') to the other."""
    rows, columns = costs.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for diagonal in range(rows + columns - 1):
        i = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        j = diagonal - i
        before = np.minimum(np.minimum(total[i, j], total[i, j + 1]), total[i + 1, j])
        total[i + 1, j + 1] = costs[i, j] + before
    path = [(rows, columns)]
    while path[-1] != (1, 1):
        i, j = path[-1]
        path.append(min([(i - 1, j - 1), (i - 1, j), (i, j - 1)], key=lambda place: total[place]))
    return [(i - 1, j - 1) for i, j in reversed(path)]


def active_frames(sound_N: np.ndarray) -> np.ndarray:
    """bool (T,): frames that are not silence."""
    power = _spectra(sound_N).sum(-1)
    found: np.ndarray = power > power.max(initial=1e-12) * 10 ** (_ACTIVE_DB / 10)
    return found


def click_score(sound_N: np.ndarray) -> np.ndarray:
    """float64 (T,): each frame's largest second difference over the usual one around it.

    It is high at a click, and at a seam between two sounds that do not join.
    """
    bends = np.abs(np.diff(sound_N.astype(np.float64), 2))
    frames = bends[: len(bends) // HOP * HOP].reshape(-1, HOP)
    squares = np.pad(np.square(frames).mean(-1), _AROUND, mode="reflect")
    usual = np.sqrt(np.convolve(squares, np.full(2 * _AROUND + 1, 1 / (2 * _AROUND + 1)), "valid"))
    return np.asarray(frames.max(-1) / np.maximum(usual, 1e-6))


def harmonicity(sound_N: np.ndarray) -> np.ndarray:
    """float64 (T,): how periodic each frame is at a pitch of 60 to 400 Hz, 0 to 1.

    The highest normalised autocorrelation. A buzzing vocoder is periodic where the voice is not.
    """
    windowed = _frames(sound_N) * np.hanning(WINDOW)
    power = np.square(np.abs(rfft(windowed, 2 * WINDOW)))
    correlation = irfft(power)[:, :WINDOW]
    window = np.hanning(WINDOW)
    of_window = irfft(np.square(np.abs(rfft(window, 2 * WINDOW))))[:WINDOW]
    shortest, longest = (SAMPLE_RATE_HZ // pitch for pitch in reversed(_PITCH_HZ))
    lags = slice(shortest, longest)
    normal = correlation[:, lags] / np.maximum(correlation[:, :1], 1e-12)
    return np.clip((normal / (of_window[lags] / of_window[0])).max(-1), 0.0, 1.0)


def spectral_flatness_db(sound_N: np.ndarray) -> np.ndarray:
    """float64 (T,): spectral flatness, geometric over arithmetic mean of power; 0 dB is white
    noise."""
    power = _spectra(sound_N) + 1e-12
    return np.asarray(10 * (np.log10(power).mean(-1) - np.log10(power.mean(-1))))


def _frames(sound_N: np.ndarray) -> np.ndarray:
    """(T, WINDOW): overlapping windows of the sound."""
    whole = np.pad(sound_N, (0, max(WINDOW - len(sound_N), 0)))
    return np.lib.stride_tricks.sliding_window_view(whole, WINDOW)[::HOP]


def _spectra(sound_N: np.ndarray) -> np.ndarray:
    """(T, WINDOW / 2 + 1): power spectra."""
    spectra: np.ndarray = np.square(np.abs(rfft(_frames(sound_N) * np.hanning(WINDOW))))
    return spectra


@cache
def _mel_filters() -> np.ndarray:
    """(bands, WINDOW / 2 + 1): triangular filters, evenly spaced in mel."""
    top = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    bins_hz = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE_HZ / WINDOW
    rising = (bins_hz - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz) / np.diff(edges_hz)[1:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))
