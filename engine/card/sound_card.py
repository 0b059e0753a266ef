"""The interface of a sound card: 10 ms from the microphone with the 10 ms played meanwhile.

This is all that a live conversation needs of a card. `engine.card.portaudio_card` is the real one;
tests use a simulated one on a virtual clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 100
BLOCK_SECONDS = BLOCK_SAMPLES / SAMPLE_RATE_HZ

PlaybackCallback = Callable[[int], np.ndarray]
"""Gives the next n samples for the speaker, float32 (n,) at 16 kHz; the card's thread calls it."""


@dataclass(frozen=True, eq=False)
class DuplexBlock:
    """10 ms of near end and far end."""

    near: np.ndarray
    """float32 (160,) from the microphone."""
    far: np.ndarray
    """float32 (160,) written to the speaker meanwhile."""
    lost_samples: int = 0
    """Samples lost just before this block because nobody read them in time."""


@dataclass(frozen=True)
class CardInfo:
    """The devices that are open."""

    microphone: str
    speaker: str
    rate_hz: int
    """Rate of the stream; the card converts to and from 16 kHz."""
    latency_ms: float
    """From microphone to speaker, as the host states it."""
    missing_devices: tuple[str, ...] = ()
    """Devices that were asked for and are missing; the system's default replaces them."""
    echo_cancelled: bool = False
    """Whether the system already cancels the echo in the microphone's sound."""


class SoundCard(Protocol):
    """A microphone and a speaker; all calls from one thread."""

    def open(self, play: PlaybackCallback) -> CardInfo:
        """Start. Raises DuologueError if a device is missing, busy or forbidden."""
        ...

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        """The next 10 ms; None if nothing came in time."""
        ...

    def reopen_reason(self) -> str | None:
        """A sentence that says why the card should be reopened; None if it should not."""
        ...

    @property
    def listed(self) -> bool:
        """Whether a sound server reports changes of its devices, and still has the open ones."""
        ...

    def wait(self, seconds: float) -> None:
        """Sleep, on the card's clock."""
        ...

    def close(self) -> None:
        """Stop at once; ``open`` may follow."""
        ...

    @property
    def xruns(self) -> int:
        """Overflows and underflows since the object was made."""
        ...
