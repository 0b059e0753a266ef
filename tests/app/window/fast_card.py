"""A simulated card eight times as fast as the clock, for tests of a window over a talk."""

from __future__ import annotations

import time

import numpy as np

from engine.card.devices import Wanted
from engine.card.sound_card import BLOCK_SECONDS, CardInfo, DuplexBlock, PlaybackCallback
from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.simulated_card import SimulatedCard

_SPEED = 8


class FastCard(SimulatedCard):
    """Runs on the real clock, only faster; remembers what was chosen."""

    absent = False
    busy = False
    """Whether other programs leave the engine no time for half a second again and again."""

    def __init__(self, microphone: Wanted, speaker: Wanted, latency_ms: int) -> None:
        voice = np.random.default_rng(0).uniform(-0.3, 0.3, 60 * SAMPLE_RATE_HZ)
        super().__init__(voice.astype(np.float32))
        self.chosen = [(microphone, speaker, latency_ms)]

    def open(self, play: PlaybackCallback) -> CardInfo:
        if self.absent:
            raise DuologueError("There is no microphone; plug one in.")
        return super().open(play)

    def choose(self, microphone: Wanted, speaker: Wanted, latency_ms: int) -> None:
        self.chosen.append((microphone, speaker, latency_ms))
        self.reason = f"The microphone is now {microphone}."

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        time.sleep(BLOCK_SECONDS / _SPEED)  # this is the card's clock
        if self.busy and not self._queue:
            self.run_for(0.5)
        return super().read(timeout_seconds)

    def end(self) -> None:
        self.close()
