"""A sound card without devices, for screenshots and measurements: its microphone is a recording.

It discards what is played. It runs on the real clock, or faster by a factor.
"""

from __future__ import annotations

import time

import numpy as np

from engine.card.devices import Wanted
from engine.card.sound_card import (
    BLOCK_SAMPLES,
    BLOCK_SECONDS,
    CardInfo,
    DuplexBlock,
    PlaybackCallback,
)


class PrerecordedCard:
    """See `engine.card.sound_card.SoundCard`."""

    xruns = 0

    def __init__(self, microphone: np.ndarray, speed: float = 1.0) -> None:
        """``microphone`` is float32 (n,) at 16 kHz; silence follows its end."""
        self._microphone, self._seconds = microphone, BLOCK_SECONDS / speed
        self._play: PlaybackCallback | None = None
        self._blocks = 0
        self._due = 0.0

    def open(self, play: PlaybackCallback) -> CardInfo:
        """Start, or continue after ``close``."""
        self._play, self._due = play, time.perf_counter()
        return CardInfo("a recording", "nobody", 16_000, 0.0)

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        """The next 10 ms, as soon as they are due; blocks wait for a slow reader."""
        if self._play is None:
            return None
        self._due += self._seconds
        time.sleep(max(self._due - time.perf_counter(), 0.0))
        begin = self._blocks * BLOCK_SAMPLES
        near = np.zeros(BLOCK_SAMPLES, np.float32)
        heard = self._microphone[begin : begin + BLOCK_SAMPLES]
        near[: len(heard)] = heard
        self._blocks += 1
        return DuplexBlock(near, self._play(BLOCK_SAMPLES))

    def reopen_reason(self) -> str | None:
        """Always None: this card never needs to be reopened."""
        return None

    @property
    def listed(self) -> bool:
        """Always False: no server has this card."""
        return False

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Stop until ``open``."""
        self._play = None

    def choose(self, microphone: Wanted, speaker: Wanted, latency_ms: int) -> None:
        """Ignored: there are no devices to choose from."""

    def end(self) -> None:
        """The same as ``close``."""
        self.close()
