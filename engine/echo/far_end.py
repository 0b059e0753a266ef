"""The far end, aligned with the microphone: corrects the drift between the two devices' clocks.

The clocks of two devices differ by up to a few hundred ppm, so the echo slowly falls behind the far
end, or gets ahead of it. This module reads the far end at the microphone's rate, interpolating
between samples. Numpy only; runs in its caller's thread.
"""

from __future__ import annotations

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
MAX_DRIFT = 300e-6
# Fractional delays: a sinc of 16 taps with a Hann window.
_TAPS = 16
# The delay stays near one block: enough for the taps, and less than any echo's own delay.
_MIN_DELAY, _MAX_DELAY = 0.5 * BLOCK_SAMPLES, 1.5 * BLOCK_SAMPLES


class DelayLine:
    """The newest samples of a signal in one array; silence before its beginning."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._store = np.zeros(2 * samples, np.float32)
        self._end = samples

    def push(self, block: np.ndarray) -> None:
        """Append float32 (n,)."""
        if self._end + len(block) > len(self._store):
            self._store[: self._samples] = self.newest(self._samples)
            self._end = self._samples
        self._store[self._end : self._end + len(block)] = block
        self._end += len(block)

    def newest(self, count: int) -> np.ndarray:
        """The last samples, float32 (count,), as a view."""
        return self._store[self._end - count : self._end]


class FarEnd:
    """The far end and its drift."""

    def __init__(self, samples: int) -> None:
        """Store the last ``samples``, which are whole blocks."""
        drifted = 2 * round(MAX_DRIFT * samples)
        self._raw = DelayLine(samples + round(_MAX_DELAY) + drifted + 2 * BLOCK_SAMPLES)
        self._delay = float(BLOCK_SAMPLES)
        self.drift = 0.0
        """Samples that the echo falls behind per sample."""

    def correct(self, drift: float) -> None:
        """Add to the drift, up to ±MAX_DRIFT in all."""
        self.drift = float(np.clip(self.drift + drift, -MAX_DRIFT, MAX_DRIFT))

    def push(self, far: np.ndarray) -> np.ndarray:
        """Take the next sound of the far end, at most a frame of 40 ms, in whole blocks.

        float32 (n,); returns the aligned sound, float32 (n,).
        """
        self._raw.push(far)
        count = len(far)
        # One kernel where the sound begins and one where it ends; the delay changes evenly between.
        start = 3 * BLOCK_SAMPLES - self._delay
        first = int(np.floor(start))
        moved = self.drift * count
        kernels = _kernel(np.array([start - first, start - first - moved]))
        reach = first - _TAPS // 2 + 1
        around = self._raw.newest(count + 3 * BLOCK_SAMPLES)[reach : reach + count + _TAPS - 1]
        begins, ends = (np.correlate(around, kernel) for kernel in kernels.astype(np.float32))
        self._delay += moved
        ends -= begins
        ends *= np.arange(count, dtype=np.float32) / np.float32(count)
        aligned: np.ndarray = begins + ends
        return aligned

    def overflow(self) -> int:
        """Delay in samples that the filters must take over now, usually 0; call once a frame."""
        if _MIN_DELAY <= self._delay <= _MAX_DELAY:
            return 0
        whole = BLOCK_SAMPLES if self._delay > _MAX_DELAY else -BLOCK_SAMPLES
        self._delay -= whole
        return whole

    def aligned(self, count: int) -> np.ndarray:
        """The newest whole blocks, float32 (count,), as if the drift had always been the present.

        Each block uses the delay of its middle; the error is below -40 dB.
        """
        blocks = count // BLOCK_SAMPLES
        raw = self._raw.newest(self._raw_samples(count))
        middles = np.arange(blocks - 1, -1, -1) * BLOCK_SAMPLES + (BLOCK_SAMPLES - 1) / 2
        starts = len(raw) - BLOCK_SAMPLES * np.arange(blocks, 0, -1)
        places = starts - (self._delay - self.drift * (1 + middles))
        first = np.floor(places).astype(np.int64)
        kernels = _kernel(places - first).astype(np.float32)
        reach = np.arange(BLOCK_SAMPLES + _TAPS - 1) - _TAPS // 2 + 1
        around = raw[first[:, None] + reach]
        aligned = np.zeros((blocks, BLOCK_SAMPLES), np.float32)
        for tap in range(_TAPS):
            aligned += kernels[:, tap, None] * around[:, tap : tap + BLOCK_SAMPLES]
        return aligned.reshape(-1)

    def _raw_samples(self, count: int) -> int:
        return count + round(_MAX_DELAY) + round(MAX_DRIFT * count) + 2 * _TAPS


def _kernel(fraction: np.ndarray) -> np.ndarray:
    """Interpolation kernels (n, taps) for positions ``fraction`` (n,) after the middle sample."""
    distance = fraction[:, None] - (np.arange(_TAPS) - _TAPS // 2 + 1)
    kernel: np.ndarray = np.sinc(distance) * np.cos(np.pi * distance / _TAPS) ** 2
    return kernel
