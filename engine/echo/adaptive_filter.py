"""The fast adaptive filter: learns the echo path from speaker to microphone, block by block.

A partitioned frequency-domain Kalman filter (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014).
It learns within a second, pauses during double talk, and covers 0.7 s of delay and room. It also
finds jumps of the delay, which happen when a device drops sound, and measures the clock drift.
Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.echo.far_end import BLOCK_SAMPLES
from engine.echo.path_solver import shifted
from engine.sound.level import ACTIVE_POWER
from engine.timebase import SAMPLE_RATE_HZ

_FFT = 2 * BLOCK_SAMPLES
_BINS = BLOCK_SAMPLES + 1
PARTITIONS = 70
# Share of the path that a block forgets; the spread is the part of it that any tap may take up.
_FORGETTING = 1 - 0.998**2
_SPREAD = 0.05
# The first 200 ms of far-end sound show how strong the echo may be.
_FIRST_BLOCKS = 20
_FIRST_UNCERTAINTY = 6.0
_NEAR_SMOOTHING = 0.8
_MIN_NEAR_SHARE = 0.02
# In each block one partition in four is made causal again; the others wait for their turn.
_CONSTRAINED_EVERY = 4
# The drift of the clocks is measured over half a second in which the filter works.
_DRIFT_BLOCKS = 50
_WORKING_RATIO = 0.9
# Search for a delay jump: up to 100 ms either way, every 100 ms while the filter does not help, and
# sooner if the caller asks.
_JUMP_BLOCKS, SEARCH_BLOCKS = 10, 64
_MAX_JUMP = SAMPLE_RATE_HZ // 10
_CLEAR_PEAK = 8.0


class AdaptiveFilter:
    """The filter of one echo path."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the echo path."""
        shape = PARTITIONS, _BINS
        self._far_spectra = np.zeros(shape, np.complex64)
        self._filter = np.zeros(shape, np.complex64)
        self._uncertainty = np.zeros(shape, np.float32)
        self._near_power = np.zeros(_BINS, np.float32)
        self._blocks = 0
        self.active_blocks = 0
        """Blocks with an active far end so far."""
        self._first_near = np.zeros(_BINS)
        self._first_far = np.zeros(_BINS)
        self._last_far = np.zeros(BLOCK_SAMPLES, np.float32)
        self.drift_error = 0.0
        """Drift measured in the last block: samples that the echo falls behind per sample."""
        self._old_filter: np.ndarray | None = None
        self._drift_blocks = 0
        self._in_power = self._out_power = 0.0
        self._nears: deque[np.ndarray] = deque(maxlen=SEARCH_BLOCKS)
        self._echoes: deque[np.ndarray] = deque(maxlen=SEARCH_BLOCKS)
        self.delay_jumps = 0

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The estimated echo in 10 ms of microphone sound, float32 (160,), without delay.

        ``near`` and ``far`` are the same 10 ms, float32 (160,).
        """
        self.drift_error = 0.0
        spectra = self._far_spectra
        spectra[1:] = spectra[:-1]
        spectra[0] = np.fft.rfft(np.concatenate([self._last_far, far]))
        self._last_far = far
        power = spectra.real**2 + spectra.imag**2
        active = float(np.square(far).mean()) > ACTIVE_POWER
        self.active_blocks += active
        if self.active_blocks <= _FIRST_BLOCKS:
            self._begin(near, power, active)
            return np.zeros_like(near)
        echo = self.convolved(self._filter)
        residual = near - echo
        self._adapt(residual, power)
        self._in_power = 0.95 * self._in_power + 0.05 * float(np.square(near).sum())
        self._out_power = 0.95 * self._out_power + 0.05 * float(np.square(residual).sum())
        self._nears.append(near)
        self._echoes.append(echo)
        if active:
            self._track_delay()
        self._blocks += 1
        return echo

    @property
    def path(self) -> np.ndarray:
        """float32 (PARTITIONS * 160,): the learned echo path as an impulse response."""
        path: np.ndarray = np.fft.irfft(self._filter, axis=1)[:, :BLOCK_SAMPLES]
        return path.reshape(-1)

    def convolved(self, spectra: np.ndarray) -> np.ndarray:
        """The newest block's echo, float32 (160,), through another path, given `in_partitions`."""
        echo = np.fft.irfft((self._far_spectra * spectra).sum(axis=0))[BLOCK_SAMPLES:]
        return echo.astype(np.float32)

    def _begin(self, near: np.ndarray, power: np.ndarray, active: bool) -> None:
        """Estimate how strong the echo may be."""
        if not active:
            return
        spectrum = np.fft.rfft(np.pad(near, (BLOCK_SAMPLES, 0)))
        self._first_near += np.abs(spectrum) ** 2
        self._first_far += power.sum(axis=0)
        if self.active_blocks == _FIRST_BLOCKS:
            around = np.ones(9)
            ratio = np.convolve(self._first_near, around, "same")
            ratio /= np.convolve(self._first_far, around, "same") + 1e-9
            self._uncertainty[:] = _FIRST_UNCERTAINTY * ratio

    def _adapt(self, residual: np.ndarray, power: np.ndarray) -> None:
        error = np.fft.rfft(np.pad(residual, (BLOCK_SAMPLES, 0))).astype(np.complex64)
        error_power = error.real**2 + error.imag**2
        self._near_power *= _NEAR_SMOOTHING
        self._near_power += (1 - _NEAR_SMOOTHING) * error_power
        # Half, because half of each transform is zero padding.
        expected = 0.5 * (power * self._uncertainty).sum(axis=0)
        user = np.maximum(self._near_power - expected, _MIN_NEAR_SHARE * self._near_power)
        step = self._uncertainty / (2 * expected + 2 * user + 1e-9)
        self._filter += np.conj(self._far_spectra) * (step * error)
        turn = slice(self._blocks % _CONSTRAINED_EVERY, None, _CONSTRAINED_EVERY)
        response = np.fft.irfft(self._filter[turn], axis=1)
        response[:, BLOCK_SAMPLES:] = 0
        self._filter[turn] = np.fft.rfft(response, axis=1)
        size = self._filter.real**2 + self._filter.imag**2
        self._uncertainty *= (1 - _FORGETTING) * (1 - 0.5 * step * power)
        self._uncertainty += _FORGETTING * (size + _SPREAD * size.mean(axis=0))

    # --- delay and drift --------------------------------------------------------------------------

    def _track_delay(self) -> None:
        """Measure the drift while the filter works; look for a delay jump while it does not."""
        self._drift_blocks += 1
        works = self._out_power < _WORKING_RATIO * self._in_power
        if self._drift_blocks % _DRIFT_BLOCKS == 0:
            if self._old_filter is not None and works:
                self._measure_drift(self._old_filter)
            self._old_filter = self._filter.copy()
        if self._drift_blocks % _JUMP_BLOCKS == 0 and self._out_power > 0.8 * self._in_power:
            self.find_delay_jump()

    def _measure_drift(self, before: np.ndarray) -> None:
        turned = (self._filter * np.conj(before)).sum(axis=0)
        bins = np.arange(_BINS)
        weight = np.abs(turned)
        slope = float((bins * weight * np.angle(turned)).sum() / ((bins**2 * weight).sum() + 1e-12))
        shift = -slope * _FFT / (2 * np.pi)
        self.drift_error = shift / (_DRIFT_BLOCKS * BLOCK_SAMPLES)

    def find_delay_jump(self, blocks: int = SEARCH_BLOCKS) -> None:
        """Move the filter if the last ``blocks`` show another delay; at most SEARCH_BLOCKS."""
        if len(self._nears) < blocks:
            return
        size = 2 * SEARCH_BLOCKS * BLOCK_SAMPLES
        near = np.fft.rfft(np.concatenate(list(self._nears)[-blocks:]), size)
        echo = np.fft.rfft(np.concatenate(list(self._echoes)[-blocks:]), size)
        cross = near * np.conj(echo)
        cross /= np.abs(cross) ** 0.8 + 1e-9
        around = np.fft.irfft(cross)
        around = np.concatenate([around[-_MAX_JUMP:], around[: _MAX_JUMP + 1]])
        best = int(np.argmax(around))
        here = float(np.abs(around[_MAX_JUMP - 8 : _MAX_JUMP + 9]).max())
        clear = around[best] > _CLEAR_PEAK * float(np.sqrt(np.square(around).mean()))
        if clear and around[best] > 2 * here:
            self.delay_jumps += 1
            self.shift(best - _MAX_JUMP)
            self._nears.clear()
            self._echoes.clear()
            self._old_filter = None

    def remember(self, far: np.ndarray) -> None:
        """Replace the stored far end, float32 ((PARTITIONS + 1) * 160,)."""
        blocks = far.reshape(-1, BLOCK_SAMPLES)
        frames = np.concatenate([blocks[:-1], blocks[1:]], axis=1)[::-1]
        self._far_spectra = np.fft.rfft(frames).astype(np.complex64)
        self._last_far = blocks[-1].copy()

    def shift(self, samples: int) -> None:
        """Move the filter to an echo that comes later, or earlier if ``samples`` is negative."""
        self._filter = in_partitions(shifted(self.path, samples))
        whole = round(samples / BLOCK_SAMPLES)
        self._uncertainty = np.roll(self._uncertainty, whole, axis=0)
        self._old_filter = None


def in_partitions(path: np.ndarray) -> np.ndarray:
    """complex64 (PARTITIONS, 161): the spectra of the blocks of a path (PARTITIONS * 160,)."""
    padded = np.pad(path.reshape(-1, BLOCK_SAMPLES), ((0, 0), (0, BLOCK_SAMPLES)))
    return np.fft.rfft(padded).astype(np.complex64)
