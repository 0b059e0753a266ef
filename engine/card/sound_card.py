"""A sound card: 10 ms from the microphone and the 10 ms written beside it, in lock-step.

What a live conversation needs of one. `engine.card.portaudio_card` is the real one; tests bring
their own, on a virtual clock.
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
"""Gives the next samples for the speaker, float32 at 16 kHz; called by the card's thread."""


@dataclass(frozen=True, eq=False)
class DuplexBlock:
    """What the card took and gave in one turn."""

    near: np.ndarray
    """float32 (160,) from the microphone."""
    far: np.ndarray
    """float32 (160,) written to the speaker meanwhile."""
    lost_samples: int = 0
    """Sound between the block before and this one that nobody fetched in time."""


@dataclass(frozen=True)
class CardInfo:
    """What is open."""

    microphone: str
    speaker: str
    rate_hz: int
    """Of the stream; sound is converted where it is not 16 kHz."""
    latency_ms: float
    """From microphone to speaker, as the host claims."""
    missing_devices: tuple[str, ...] = ()
    """Devices that were asked for and are not there; the system's default stands in."""
    echo_cancelled: bool = False
    """The system has taken the echo out of the microphone's sound already."""


class SoundCard(Protocol):
    """A microphone and a speaker; all calls from one thread."""

    def open(self, play: PlaybackCallback) -> CardInfo:
        """Start. Raises DuologueError where a device is missing, busy or forbidden."""
        ...

    def read(self, timeout_seconds: float) -> DuplexBlock | None:
        """The next 10 ms; None where nothing came in time."""
        ...

    def reopen_reason(self) -> str | None:
        """Why the card should be opened anew (a sentence), though it may still run."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def close(self) -> None:
        """Stop at once; ``open`` may follow."""
        ...

    @property
    def xruns(self) -> int:
        """How often the host lost or lacked sound since the object was made."""
        ...
