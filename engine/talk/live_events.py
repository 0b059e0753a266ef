"""What a live conversation tells: frozen messages that may cross threads."""

from __future__ import annotations

from dataclasses import dataclass

from engine.syncllm.duplex import Step


@dataclass(frozen=True)
class Levels:
    """The last 50 ms of both sides, less where the talk's time makes a step."""

    user_db: float
    """After the echo canceller, relative to full scale."""
    agent_db: float
    """As played."""
    user_peaks: tuple[float, ...]
    """Highest absolute sample of each 10 ms, 0 to 1."""
    agent_peaks: tuple[float, ...]
    user_speaks: bool
    agent_speaks: bool
    start_sample: int | None = None
    """Where the first peak lies on the recording's tracks; None in a pause."""


@dataclass(frozen=True)
class ChunkDone:
    """One step of the engine."""

    step: Step
    took_ms: float
    """The engine's time for it."""
    lag_ms: float
    """Sound that had come from the card since the step could have begun."""
    late_ms: float
    """How much of the agent's chunk came too late and was left out; all of it where the step was
    not to speak."""


@dataclass(frozen=True)
class DeviceChanged:
    """Something about microphone or speaker that the user should know."""

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
    """Why, where it was not asked for."""


NOT_NUMBERS = (
    "The models produced values that are not numbers, and silence replaces them; choose another "
    "bundle if the agent stays silent."
)
"""Said at the first of them."""

Event = Levels | ChunkDone | DeviceChanged | Ended


@dataclass(frozen=True)
class Counts:
    """What has happened so far."""

    chunks: int = 0
    late_chunks: int = 0
    """Chunks of the agent that came too late, in part or as a whole."""
    unspoken_chunks: int = 0
    """Those of them of which nothing was left."""
    lost_chunks: int = 0
    """Chunks of the user for which the estimate stood in for good."""
    lost_samples: int = 0
    """Sound that the engine did not fetch in time."""
    device_changes: int = 0
    xruns: int = 0
    """Sound that the host lost or lacked."""
    broken_chunks: int = 0
    """Chunks in which a model gave values that are no numbers."""
    events_dropped: int = 0
    """Messages that nobody took from the full queue."""
