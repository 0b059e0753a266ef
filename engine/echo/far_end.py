"""What was played, in time with the microphone: delayed by what the two clocks have drifted apart.

The clocks of two devices run apart by up to some hundred parts in a million, so the echo falls back
(or catches up) against what was played. Here the far end is read at that pace, between its samples.
Numpy only; the thread of its caller.
"""

from __future__ import annotations

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
MAX_DRIFT = 300e-6
# Fractional delays: a sinc of 16 taps under a Hann window.
_TAPS = 16
# The delay stays near one block: room for the taps, and less than any echo's own delay.
_MIN_DELAY, _MAX_DELAY = 0.5 * BLOCK_SAMPLES, 1.5 * BLOCK_SAMPLES


class DelayLine:
    """The newest samples of a signal, in one piece; silence before its beginning."""

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
        """float32 (count,), a view: the last ``count`` samples."""
        return self._store[self._end - count : self._end]


class FarEnd:
    """The far end and how far it lags."""

    def __init__(self, samples: int) -> None:
        """Remember whole blocks, ``samples`` in all."""
        drifted = 2 * round(MAX_DRIFT * samples)
        self._raw = DelayLine(samples + round(_MAX_DELAY) + drifted + 2 * BLOCK_SAMPLES)
        self._delay = float(BLOCK_SAMPLES)
        self.drift = 0.0
        """Samples that the echo falls back per sample."""

    def correct(self, drift: float) -> None:
        """Add to the drift, within its bounds."""
        self.drift = float(np.clip(self.drift + drift, -MAX_DRIFT, MAX_DRIFT))

    def push(self, far: np.ndarray) -> np.ndarray:
        """Take a block (160,) of what is played; the block in time with the microphone, float32."""
        self._raw.push(far)
        recent = self._raw.newest(4 * BLOCK_SAMPLES)
        start = len(recent) - BLOCK_SAMPLES
        places = start + np.arange(BLOCK_SAMPLES) * (1 - self.drift) - self._delay
        first = np.floor(places).astype(np.int64)
        taps = first[:, None] + np.arange(_TAPS) - _TAPS // 2 + 1
        aligned: np.ndarray = (recent[taps] * _kernel(places - first)).sum(axis=1)
        self._delay += self.drift * BLOCK_SAMPLES
        return aligned.astype(np.float32)

    def overflow(self) -> int:
        """Samples of delay that go over into the filters now, usually 0; asked once a block."""
        if _MIN_DELAY <= self._delay <= _MAX_DELAY:
            return 0
        whole = BLOCK_SAMPLES if self._delay > _MAX_DELAY else -BLOCK_SAMPLES
        self._delay -= whole
        return whole

    def aligned(self, count: int) -> np.ndarray:
        """float32 (count,): the newest whole blocks, as if the drift had always been today's.

        Within a block the delay is that of its middle, which costs nothing below -40 dB.
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
    """(n, taps): reads between samples, ``fraction`` (n,) behind the middle one."""
    distance = fraction[:, None] - (np.arange(_TAPS) - _TAPS // 2 + 1)
    kernel: np.ndarray = np.sinc(distance) * np.cos(np.pi * distance / _TAPS) ** 2
    return kernel
