"""The linear half of the echo canceller: learns the way from the card to the microphone.

A frequency-domain Kalman filter in partitions (Enzner and Vary 2006; Kuech, Mabande and Enzner
2014): it learns fast, stands still while the user speaks, and covers a second of room and delay,
where AEC3's filter ends after some 50 ms. What it subtracts leaves the user's speech as it is. Two
more things move in real rooms and are followed here: the clocks of two devices drift, and a delay
jumps when a device drops sound. Numpy only; the thread of its caller.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.tokens import RATE_HZ

BLOCK_SAMPLES = RATE_HZ // 100
_FFT = 2 * BLOCK_SAMPLES
_BINS = BLOCK_SAMPLES + 1
_PARTITIONS = 70
# The path forgets this much of itself in a block, of which a part may turn up anywhere in it.
_FORGETTING = 1 - 0.998**2
_SPREAD = 0.05
# The first 200 ms of far-end sound tell how strong the echo is.
_FIRST_BLOCKS = 20
_FIRST_UNCERTAINTY = 6.0
_NEAR_SMOOTHING = 0.8
_LEAST_NEAR_SHARE = 0.02
ACTIVE_POWER = 10 ** (-66 / 10)
"""Louder sound than -66 dB counts as the agent's activity."""
# One partition in so many is kept causal in each block; the others wait for their turn.
_CONSTRAINED_EVERY = 4
# The drift of the clocks is measured over half a second in which the filter works.
_DRIFT_BLOCKS = 50
_DRIFT_GAIN = 1.0
_MOST_DRIFT = 300e-6
_WORKING_RATIO = 0.9
_LEARNED_RATIO = 0.5
# Fractional delays of the far end.
_TAPS = 16
# A jump is searched for over 100 ms either way, every 100 ms in which the filter helps nothing.
_JUMP_BLOCKS, _SEARCH_BLOCKS = 10, 64
_MOST_JUMP = RATE_HZ // 10
_CLEAR_PEAK = 8.0


class AdaptiveFilter:
    """One path's filter."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the path."""
        shape = _PARTITIONS, _BINS
        self._far_spectra = np.zeros(shape, np.complex64)
        self._filter = np.zeros(shape, np.complex64)
        self._uncertainty = np.zeros(shape, np.float32)
        self._near_power = np.zeros(_BINS, np.float32)
        self._blocks = self._active_blocks = 0
        self._first_near = np.zeros(_BINS)
        self._first_far = np.zeros(_BINS)
        self._last_far = np.zeros(BLOCK_SAMPLES, np.float32)
        # The far end is delayed by what the clocks have drifted; the newest sample is the last.
        self._far = np.zeros(4 * BLOCK_SAMPLES, np.float32)
        self._delay = float(BLOCK_SAMPLES)
        self.drift = 0.0
        """Samples that the echo falls back per sample."""
        self._old_filter: np.ndarray | None = None
        self._drift_blocks = 0
        self._in_power = self._out_power = 0.0
        self.learned = False
        """Whether the filter has begun to take most of the echo out."""
        self._nears: deque[np.ndarray] = deque(maxlen=_SEARCH_BLOCKS)
        self._echoes: deque[np.ndarray] = deque(maxlen=_SEARCH_BLOCKS)
        self.jumps = 0

    def process(self, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is left of 10 ms of microphone, and the echo taken out: float32 (160,) each.

        ``near`` and ``far`` float32 (160,), the same 10 ms; nothing is later for it.
        """
        far = self._aligned(far)
        spectra = self._far_spectra
        spectra[1:] = spectra[:-1]
        spectra[0] = np.fft.rfft(np.concatenate([self._last_far, far]))
        self._last_far = far
        power = spectra.real**2 + spectra.imag**2
        active = float(np.square(far).mean()) > ACTIVE_POWER
        if self._active_blocks < _FIRST_BLOCKS:
            self._begin(near, power, active)
            return near, np.zeros_like(near)
        echo = np.fft.irfft((spectra * self._filter).sum(axis=0))[BLOCK_SAMPLES:].astype(np.float32)
        left = near - echo
        self._learn(left, power)
        self._in_power = 0.95 * self._in_power + 0.05 * float(np.square(near).sum())
        self._out_power = 0.95 * self._out_power + 0.05 * float(np.square(left).sum())
        self._nears.append(near)
        self._echoes.append(echo)
        if active:
            self.learned |= self._out_power < _LEARNED_RATIO * self._in_power
            self._follow()
        self._blocks += 1
        return left, echo

    def _begin(self, near: np.ndarray, power: np.ndarray, active: bool) -> None:
        """Find out how strong the echo may be."""
        if not active:
            return
        self._active_blocks += 1
        spectrum = np.fft.rfft(np.pad(near, (BLOCK_SAMPLES, 0)))
        self._first_near += np.abs(spectrum) ** 2
        self._first_far += power.sum(axis=0)
        if self._active_blocks == _FIRST_BLOCKS:
            around = np.ones(9)
            ratio = np.convolve(self._first_near, around, "same")
            ratio /= np.convolve(self._first_far, around, "same") + 1e-9
            self._uncertainty[:] = _FIRST_UNCERTAINTY * ratio

    def _learn(self, left: np.ndarray, power: np.ndarray) -> None:
        error = np.fft.rfft(np.pad(left, (BLOCK_SAMPLES, 0))).astype(np.complex64)
        error_power = error.real**2 + error.imag**2
        self._near_power *= _NEAR_SMOOTHING
        self._near_power += (1 - _NEAR_SMOOTHING) * error_power
        # Half, since half of each transform is silence.
        expected = 0.5 * (power * self._uncertainty).sum(axis=0)
        user = np.maximum(self._near_power - expected, _LEAST_NEAR_SHARE * self._near_power)
        step = self._uncertainty / (2 * expected + 2 * user + 1e-9)
        self._filter += np.conj(self._far_spectra) * (step * error)
        turn = slice(self._blocks % _CONSTRAINED_EVERY, None, _CONSTRAINED_EVERY)
        response = np.fft.irfft(self._filter[turn], axis=1)
        response[:, BLOCK_SAMPLES:] = 0
        self._filter[turn] = np.fft.rfft(response, axis=1)
        size = self._filter.real**2 + self._filter.imag**2
        self._uncertainty *= (1 - _FORGETTING) * (1 - 0.5 * step * power)
        self._uncertainty += _FORGETTING * (size + _SPREAD * size.mean(axis=0))

    # --- what moves -----------------------------------------------------------------------------

    def _aligned(self, far: np.ndarray) -> np.ndarray:
        """The far end, as much later as the clocks have drifted."""
        self._far = np.concatenate([self._far[BLOCK_SAMPLES:], far])
        start = len(self._far) - BLOCK_SAMPLES
        places = start + np.arange(BLOCK_SAMPLES) * (1 - self.drift) - self._delay
        first = np.floor(places).astype(np.int64) - _TAPS // 2 + 1
        taps = first[:, None] + np.arange(_TAPS)
        distance = places[:, None] - taps
        kernel = np.sinc(distance) * np.cos(np.pi * distance / _TAPS) ** 2
        aligned: np.ndarray = (self._far[taps] * kernel).sum(axis=1).astype(np.float32)
        self._delay += self.drift * BLOCK_SAMPLES
        # A whole block of drift goes over into the filter.
        if self._delay > 1.5 * BLOCK_SAMPLES:
            self._delay -= BLOCK_SAMPLES
            self._shift(BLOCK_SAMPLES)
        elif self._delay < 0.5 * BLOCK_SAMPLES:
            self._delay += BLOCK_SAMPLES
            self._shift(-BLOCK_SAMPLES)
        return aligned

    def _follow(self) -> None:
        """Measure drift where the filter works, look for a jump where it does not."""
        self._drift_blocks += 1
        works = self._out_power < _WORKING_RATIO * self._in_power
        if self._drift_blocks % _DRIFT_BLOCKS == 0:
            if self._old_filter is not None and works:
                self._measure_drift(self._old_filter)
            self._old_filter = self._filter.copy()
        if self._drift_blocks % _JUMP_BLOCKS == 0 and self._out_power > 0.8 * self._in_power:
            self._look_for_jump()

    def _measure_drift(self, before: np.ndarray) -> None:
        turned = (self._filter * np.conj(before)).sum(axis=0)
        bins = np.arange(_BINS)
        weight = np.abs(turned)
        slope = float((bins * weight * np.angle(turned)).sum() / ((bins**2 * weight).sum() + 1e-12))
        shift = -slope * _FFT / (2 * np.pi)
        self.drift += _DRIFT_GAIN * shift / (_DRIFT_BLOCKS * BLOCK_SAMPLES)
        self.drift = float(np.clip(self.drift, -_MOST_DRIFT, _MOST_DRIFT))

    def _look_for_jump(self) -> None:
        if len(self._nears) < _SEARCH_BLOCKS:
            return
        size = 2 * _SEARCH_BLOCKS * BLOCK_SAMPLES
        near = np.fft.rfft(np.concatenate(list(self._nears)), size)
        echo = np.fft.rfft(np.concatenate(list(self._echoes)), size)
        cross = near * np.conj(echo)
        cross /= np.abs(cross) ** 0.8 + 1e-9
        around = np.fft.irfft(cross)
        around = np.concatenate([around[-_MOST_JUMP:], around[: _MOST_JUMP + 1]])
        best = int(np.argmax(around))
        here = float(np.abs(around[_MOST_JUMP - 8 : _MOST_JUMP + 9]).max())
        clear = around[best] > _CLEAR_PEAK * float(np.sqrt(np.square(around).mean()))
        if clear and around[best] > 2 * here:
            self.jumps += 1
            self._shift(best - _MOST_JUMP)
            self._nears.clear()
            self._echoes.clear()
            self._old_filter = None

    def _shift(self, samples: int) -> None:
        """Move the filter: the echo comes later, or earlier where ``samples`` is negative."""
        response = np.fft.irfft(self._filter, axis=1)[:, :BLOCK_SAMPLES].reshape(-1)
        moved = np.zeros_like(response)
        if samples > 0:
            moved[samples:] = response[:-samples]
        else:
            moved[:samples] = response[-samples:]
        padded = np.pad(moved.reshape(-1, BLOCK_SAMPLES), ((0, 0), (0, BLOCK_SAMPLES)))
        self._filter = np.fft.rfft(padded, axis=1).astype(np.complex64)
        whole = round(samples / BLOCK_SAMPLES)
        self._uncertainty = np.roll(self._uncertainty, whole, axis=0)
        self._old_filter = None
