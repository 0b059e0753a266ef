"""The fast adaptive filter: learns the echo path from speaker to microphone, frame by frame.

A partitioned frequency-domain Kalman filter (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014).
It learns within a second, pauses during double talk, and covers 0.7 s of delay and room. It also
finds jumps of the delay, which happen when a device drops sound, and measures the clock drift.
It learns once in a frame of 20 ms; the echo in a part of a frame is known at once.
Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.echo.far_end import BLOCK_SAMPLES
from engine.echo.path_solver import shifted
from engine.echo.spectrum import spectrum, waveform
from engine.sound.level import ACTIVE_POWER
from engine.timebase import SAMPLE_RATE_HZ

FILTER_BLOCKS = 2
"""Length of the filter's frames. Longer ones would cost less, but learn more slowly."""
FILTER_SAMPLES = FILTER_BLOCKS * BLOCK_SAMPLES
PARTITIONS = 35
TAPS = PARTITIONS * FILTER_SAMPLES
_FFT = 2 * FILTER_SAMPLES
_BINS = FILTER_SAMPLES + 1
# Share of the path that a frame forgets; the spread is the part of it that any tap may take up.
_FORGETTING = 1 - 0.998 ** (2 * FILTER_BLOCKS)
_SPREAD = 0.05
# The first 200 ms of far-end sound show how strong the echo may be.
_FIRST_FRAMES = 20 // FILTER_BLOCKS
_FIRST_UNCERTAINTY = 6.0
_NEAR_SMOOTHING = 0.8**FILTER_BLOCKS
_MIN_NEAR_SHARE = 0.02
_POWER_SMOOTHING = 0.95**FILTER_BLOCKS
# In each frame one partition in two is made causal again; the others wait for their turn.
_CONSTRAINED_EVERY = 2
# The drift of the clocks is measured over half a second in which the filter works.
_DRIFT_FRAMES = 50 // FILTER_BLOCKS
_WORKING_RATIO = 0.9
# Search for a delay jump: up to 100 ms either way, every 100 ms while the filter does not help, and
# sooner if the caller asks.
_JUMP_FRAMES, SEARCH_BLOCKS = 10 // FILTER_BLOCKS, 64
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
        self.active_frames = 0
        """Frames with an active far end so far."""
        self._first_near = np.zeros(_BINS)
        self._first_far = np.zeros(_BINS)
        self._far = np.zeros(_FFT, np.float32)
        """The frame before and the present one, zeros where it is still to come."""
        self._echo = np.zeros(FILTER_SAMPLES, np.float32)
        self._filled = 0
        self.drift_error = 0.0
        """Drift measured in the last frame: samples that the echo falls behind per sample."""
        self._old_filter: np.ndarray | None = None
        self._frames = self._drift_frames = 0
        self._in_power = self._out_power = 0.0
        self._nears: deque[np.ndarray] = deque(maxlen=SEARCH_BLOCKS // FILTER_BLOCKS)
        self._echoes: deque[np.ndarray] = deque(maxlen=SEARCH_BLOCKS // FILTER_BLOCKS)
        self.delay_jumps = 0

    def push(self, far: np.ndarray, resting: bool = False) -> np.ndarray:
        """Take far-end sound that does not end after the frame, float32 (n,).

        Returns the estimated echo in it, float32 (n,), without delay; none while ``resting``. At
        the end of a frame, call `learn`.
        """
        start = FILTER_SAMPLES + self._filled
        self._far[start : start + len(far)] = far
        self._filled += len(far)
        self._far_spectra[0] = spectrum(self._far)
        if resting or self.active_frames < _FIRST_FRAMES:
            echo = np.zeros_like(far)
        else:
            echo = self.convolved(self._filter, len(far))
        self._echo[self._filled - len(far) : self._filled] = echo
        return echo

    def convolved(self, spectra: np.ndarray, samples: int) -> np.ndarray:
        """The echo of the newest sound through a path that is `in_partitions`.

        float32 (samples,); all of them belong to the present frame.
        """
        end = FILTER_SAMPLES + self._filled
        echo = waveform((self._far_spectra * spectra).sum(axis=0), _FFT)
        return echo[end - samples : end]

    def learn(self, near: np.ndarray, resting: bool = False) -> None:
        """Learn from a whole frame of microphone sound, float32 (320,), and begin the next.

        ``resting``: the far end has long been silent, so there is nothing to learn.
        """
        self.drift_error = 0.0
        if not resting:
            self._learn(near, float(np.square(self._far[FILTER_SAMPLES:]).mean()) > ACTIVE_POWER)
        self._filled = 0
        self._far[:FILTER_SAMPLES] = self._far[FILTER_SAMPLES:]
        self._far[FILTER_SAMPLES:] = 0
        self._far_spectra[1:] = self._far_spectra[:-1]

    def _learn(self, near: np.ndarray, active: bool) -> None:
        power = self._far_spectra.real**2 + self._far_spectra.imag**2
        if self.active_frames < _FIRST_FRAMES:
            if active:
                self._begin(near, power)
        else:
            residual = near - self._echo
            self._adapt(residual, power)
            self._frames += 1
            self._in_power *= _POWER_SMOOTHING
            self._in_power += (1 - _POWER_SMOOTHING) * float(np.dot(near, near))
            self._out_power *= _POWER_SMOOTHING
            self._out_power += (1 - _POWER_SMOOTHING) * float(np.dot(residual, residual))
            self._nears.append(near.copy())
            self._echoes.append(self._echo.copy())
            if active:
                self._track_delay()
        self.active_frames += active

    @property
    def path(self) -> np.ndarray:
        """float32 (TAPS,): the learned echo path as an impulse response."""
        return waveform(self._filter, _FFT)[:, :FILTER_SAMPLES].reshape(-1)

    def _begin(self, near: np.ndarray, power: np.ndarray) -> None:
        """Estimate how strong the echo may be."""
        heard = spectrum(np.pad(near, (FILTER_SAMPLES, 0)))
        self._first_near += heard.real**2 + heard.imag**2
        self._first_far += power.sum(axis=0)
        if self.active_frames == _FIRST_FRAMES - 1:
            around = np.ones(8 * FILTER_BLOCKS + 1)
            ratio = np.convolve(self._first_near, around, "same")
            ratio /= np.convolve(self._first_far, around, "same") + 1e-9
            self._uncertainty[:] = _FIRST_UNCERTAINTY * ratio

    def _adapt(self, residual: np.ndarray, power: np.ndarray) -> None:
        error = spectrum(np.pad(residual, (FILTER_SAMPLES, 0)))
        self._near_power *= _NEAR_SMOOTHING
        self._near_power += (1 - _NEAR_SMOOTHING) * (error.real**2 + error.imag**2)
        # Half, because half of each transform is zero padding.
        expected = 0.5 * (power * self._uncertainty).sum(axis=0)
        user = np.maximum(self._near_power - expected, _MIN_NEAR_SHARE * self._near_power)
        step = self._uncertainty / (2 * expected + 2 * user + np.float32(1e-9))
        self._filter += np.conj(self._far_spectra) * (step * error)
        turn = slice(self._frames % _CONSTRAINED_EVERY, None, _CONSTRAINED_EVERY)
        response = waveform(self._filter[turn], _FFT)
        response[:, FILTER_SAMPLES:] = 0
        self._filter[turn] = spectrum(response)
        size = self._filter.real**2 + self._filter.imag**2
        self._uncertainty *= (1 - _FORGETTING) * (1 - 0.5 * step * power)
        self._uncertainty += _FORGETTING * (size + _SPREAD * size.mean(axis=0))

    # --- delay and drift --------------------------------------------------------------------------

    def _track_delay(self) -> None:
        """Measure the drift while the filter works; look for a delay jump while it does not."""
        self._drift_frames += 1
        works = self._out_power < _WORKING_RATIO * self._in_power
        if self._drift_frames % _DRIFT_FRAMES == 0:
            if self._old_filter is not None and works:
                self._measure_drift(self._old_filter)
            self._old_filter = self._filter.copy()
        if self._drift_frames % _JUMP_FRAMES == 0 and self._out_power > 0.8 * self._in_power:
            self.find_delay_jump()

    def _measure_drift(self, before: np.ndarray) -> None:
        turned = (self._filter * np.conj(before)).sum(axis=0)
        bins = np.arange(_BINS)
        weight = np.abs(turned)
        slope = float((bins * weight * np.angle(turned)).sum() / ((bins**2 * weight).sum() + 1e-12))
        shift = -slope * _FFT / (2 * np.pi)
        self.drift_error = shift / (_DRIFT_FRAMES * FILTER_SAMPLES)

    def find_delay_jump(self, blocks: int = SEARCH_BLOCKS) -> None:
        """Move the filter if the last ``blocks`` show another delay; at most SEARCH_BLOCKS."""
        frames = -(-blocks // FILTER_BLOCKS)
        if len(self._nears) < frames:
            return
        size = 2 * SEARCH_BLOCKS * BLOCK_SAMPLES
        samples = blocks * BLOCK_SAMPLES
        near, echo = (
            spectrum(np.concatenate(list(sounds)[-frames:])[-samples:], size)
            for sounds in (self._nears, self._echoes)
        )
        cross = near * np.conj(echo)
        cross /= np.abs(cross) ** np.float32(0.8) + np.float32(1e-9)
        around = waveform(cross, size)
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
        """Replace the stored far end, float32 (TAPS + 320,); between two frames."""
        frames = far.reshape(-1, FILTER_SAMPLES)
        pairs = np.concatenate([frames[:-1], frames[1:]], axis=1)[::-1]
        self._far_spectra[1:] = spectrum(pairs)[:-1]
        self._far[:FILTER_SAMPLES] = frames[-1]

    def shift(self, samples: int) -> None:
        """Move the filter to an echo that comes later, or earlier if ``samples`` is negative."""
        self._filter = in_partitions(shifted(self.path, samples))
        whole = round(samples / FILTER_SAMPLES)
        self._uncertainty = np.roll(self._uncertainty, whole, axis=0)
        self._old_filter = None


def in_partitions(path: np.ndarray) -> np.ndarray:
    """complex64 (PARTITIONS, 321): the spectra of the frames of a path (TAPS,)."""
    return spectrum(path.reshape(-1, FILTER_SAMPLES), _FFT)
