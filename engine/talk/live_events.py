"""The events of a live conversation: immutable messages that may cross threads."""

from __future__ import annotations

from dataclasses import dataclass

from engine.hearing.words import HeardWords
from engine.syncllm.duplex import Step


@dataclass(frozen=True)
class Levels:
    """Levels of both sides for the last 50 ms, or less before a jump in the recording's time."""

    user_db: float
    """Level after the echo canceller, relative to full scale."""
    agent_db: float
    """Level as played."""
    user_peaks: tuple[float, ...]
    """Highest absolute sample of each 10 ms, 0 to 1; the next are the agent's."""
    agent_peaks: tuple[float, ...]
    user_speaks: bool
    agent_speaks: bool
    start_sample: int | None = None
    """Position of the first peak on the recording's tracks; None during a pause."""


@dataclass(frozen=True)
class ChunkDone:
    """One step of the engine."""

    step: Step
    took_ms: float
    """Computing time of the step."""
    lag_ms: float
    """How much later than possible the step began, in the card's time."""
    late_ms: float
    """How much of the agent's chunk came too late and was dropped; the whole chunk if it was not
    spoken."""


@dataclass(frozen=True)
class WordsHeard:
    """Words of the user's from the recogniser, beside what the steps bring."""

    words: HeardWords


@dataclass(frozen=True)
class DeviceChanged:
    """News about microphone or speaker for the user."""

    text: str
    """One sentence."""
    sounds: bool
    """Whether sound is running now."""
    hears: bool = True
    """Whether the microphone gives anything but digital zeros."""


@dataclass(frozen=True)
class Ended:
    """The conversation is over; nothing follows."""

    error: str | None
    """The reason, one sentence; None if the user ended it."""


NOT_NUMBERS = (
    "The models produced values that are not numbers, and silence replaces them; choose another "
    "bundle if the agent stays silent."
)
"""Shown at the first broken chunk."""

Event = Levels | ChunkDone | WordsHeard | DeviceChanged | Ended


@dataclass(frozen=True)
class Counts:
    """Counters of a conversation so far."""

    chunks: int = 0
    late_chunks: int = 0
    """Chunks of the agent that came too late, partly or wholly."""
    unspoken_chunks: int = 0
    """Late chunks that were not spoken at all."""
    lost_chunks: int = 0
    """Chunks of the user that were lost, so that the estimate became final."""
    lost_samples: int = 0
    """Sound that the engine did not read in time."""
    device_changes: int = 0
    xruns: int = 0
    """Overflows and underflows of the card."""
    broken_chunks: int = 0
    """Chunks in which a model's output was not finite."""
    events_dropped: int = 0
    """Events dropped because the queue was full."""
