"""A sound card on a virtual clock, for tests: every fault that a real one has, and no waiting.

`SimulatedCard.run_for` lets virtual time pass; ``read`` does so itself where nothing waits. The
microphone's sound is ``microphone`` (silence after its end); all that was played is in ``played``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from engine.card.sound_card import (
    BLOCK_SAMPLES,
    BLOCK_SECONDS,
    CardInfo,
    DuplexBlock,
    PlaybackCallback,
)
from engine.errors import DuologueError
from engine.sound.resample import DriftBuffer
from engine.timebase import SAMPLE_RATE_HZ


class SimulatedCard:
    """A microphone and a speaker, by default of one clock."""

    def __init__(
        self,
        microphone: np.ndarray | None = None,
        queue_blocks: int = 200,
        drift_ppm: float = 0.0,
        on_block: Callable[[SimulatedCard], None] = lambda card: None,
        echo_gain: float = 0.0,
        echo_delay_samples: int = 0,
    ) -> None:
        """``drift_ppm``: how much faster the speaker's clock runs; ``on_block`` sees each block;
        the microphone hears the speaker ``echo_gain`` as loud after ``echo_delay_samples``.
        """
        self.microphone = np.zeros(0, np.float32) if microphone is None else microphone
        self.played: list[np.ndarray] = []
        self.seconds = 0.0
        self.present = True
        self.listed = False
        self.running = True
        """False: the card is open and gives nothing."""
        self.reason: str | None = None
        self.openings = 0
        self.rate_hz = SAMPLE_RATE_HZ
        self._drift = DriftBuffer(SAMPLE_RATE_HZ) if drift_ppm else None
        self._drift_ppm, self._owed = drift_ppm, 0.0
        self._queue_blocks, self._on_block = queue_blocks, on_block
        self._queue: deque[DuplexBlock] = deque()
        self._play: PlaybackCallback | None = None
        self._echo_gain, self._air = echo_gain, np.zeros(echo_delay_samples, np.float32)
        self._blocks = self._lost = 0

    @property
    def xruns(self) -> int:
        return self._drift.xruns if self._drift else 0

    def open(self, play: PlaybackCallback) -> CardInfo:
        if not self.present:
            raise DuologueError("There is no microphone; plug one in or switch it on.")
        self._queue.clear()
        self._lost = 0
        self.reason = None
        self._play = play
        self.openings += 1
        return CardInfo("simulated", "simulated", self.rate_hz, 0.0)

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        until = self.seconds + timeout_seconds - 1e-9
        while not self._queue and self.seconds < until:
            self.run_for(BLOCK_SECONDS)
        return self._queue.popleft() if self._queue else None

    def reopen_reason(self) -> str | None:
        return self.reason

    def wait(self, seconds: float) -> None:
        self.run_for(seconds)

    def close(self) -> None:
        self._play = None

    def run_for(self, seconds: float) -> None:
        """Let virtual time pass, in which the card goes on."""
        for _ in range(max(round(seconds / BLOCK_SECONDS), 1)):
            self.seconds += BLOCK_SECONDS
            self._on_block(self)
            if self._play and self.present and self.running:
                self._turn(self._play)

    def _turn(self, play: PlaybackCallback) -> None:
        far = play(BLOCK_SAMPLES)
        begin = self._blocks * BLOCK_SAMPLES
        near = np.zeros(BLOCK_SAMPLES, np.float32)
        heard = self.microphone[begin : begin + BLOCK_SAMPLES]
        near[: len(heard)] = heard
        self._air = np.concatenate([self._air, far * np.float32(self._echo_gain)])
        near += self._air[:BLOCK_SAMPLES]
        self._air = self._air[BLOCK_SAMPLES:]
        self._blocks += 1
        if self._drift:
            self._drift.push(far)
            self._owed += 1 + self._drift_ppm / 1e6
            while self._owed >= 1:
                self._owed -= 1
                self.played.append(self._drift.pull(BLOCK_SAMPLES))
        else:
            self.played.append(far)
        if len(self._queue) < self._queue_blocks:
            self._queue.append(DuplexBlock(near, far, self._lost))
            self._lost = 0
        else:
            self._lost += BLOCK_SAMPLES
