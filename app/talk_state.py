"""The state of a conversation in one word, and its metrics, derived from its events.

Knows neither Qt nor threads.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from statistics import median

from engine.sound.level import LEVEL_SAMPLES
from engine.sound.turn_taking import IPU_SILENCE_MS
from engine.talk.live_events import ChunkDone, Counts, DeviceChanged, Event, Levels
from engine.timebase import SAMPLE_RATE_HZ

LATE_SHOWN_MS = 4000
"""The second late chunk within this time is shown as the state "Late", until none has come for as
long. One alone is only marked. As both times are the same, chunks that are late at even intervals
are shown all the time or never: the state does not flicker."""
_RECENT_CHUNKS = 50
_RECENT_RESPONSES = 9
_PEAK_MS = LEVEL_SAMPLES * 1000 // SAMPLE_RATE_HZ
_MAX_RESPONSE_MS = 5000
"""Speech after a longer silence does not count as a response."""


class State(Enum):
    """In order of urgency: if several apply, the last one is shown."""

    IDLE = "idle"
    LOADING = "loading"
    LISTENING = "listening"
    SILENT = "silent microphone"
    USER_SPEAKS = "user speaks"
    AGENT_SPEAKS = "agent speaks"
    BOTH_SPEAK = "both speak"
    LATE = "late"
    PAUSED = "paused"
    MUTED = "muted"
    NO_SOUND = "no sound"
    STOPPING = "stopping"


@dataclass(frozen=True)
class TalkMetrics:
    """Figures over the chunks of the last eight seconds and the last nine responses."""

    response_ms: float | None
    """Median time from the end of the user's speech to the agent's."""
    chunk_ms: int
    """The deadline."""
    took_ms: float | None
    """Median."""
    took_max_ms: float | None
    hit_share: float | None
    """Share of the user's known chunks that were estimated exactly."""
    lag_ms: float | None
    counts: Counts


class TalkState:
    """Takes the events of one conversation."""

    def __init__(self, chunk_ms: int) -> None:
        self._chunk_ms = chunk_ms
        self._levels: Levels | None = None
        self._recent: deque[ChunkDone] = deque(maxlen=_RECENT_CHUNKS)
        self._responses: deque[float] = deque(maxlen=_RECENT_RESPONSES)
        self._hits = self._misses = 0
        self._since_late_ms = LATE_SHOWN_MS
        self._late = False
        self._sounds = self._hears = True
        self._clock_ms = 0
        self._user_ended_ms: int | None = None
        self._agent_began_ms: int | None = None

    def add(self, event: Event) -> None:
        """Process an event."""
        if isinstance(event, Levels):
            self._time_response(event)
            self._levels = event
            self._sounds = True
        elif isinstance(event, ChunkDone):
            self._recent.append(event)
            self._hits += event.step.estimate_hits
            self._misses += event.step.estimate_misses
            self._count_late(event)
        elif isinstance(event, DeviceChanged):
            self._sounds, self._hears = event.sounds, event.hears

    def state(self, muted: bool = False, paused: bool = False) -> State:
        """The state to show; ``muted`` and ``paused`` are the caller's commands."""
        if not self._sounds:
            return State.NO_SOUND
        if paused:
            return State.PAUSED
        if muted:
            return State.MUTED
        if self._late:
            return State.LATE
        user = bool(self._levels and self._levels.user_speaks)
        agent = bool(self._levels and self._levels.agent_speaks)
        if user and agent:
            return State.BOTH_SPEAK
        if agent:
            return State.AGENT_SPEAKS
        if user:
            return State.USER_SPEAKS
        return State.LISTENING if self._hears else State.SILENT

    def metrics(self, counts: Counts) -> TalkMetrics:
        """The figures so far."""
        took = [chunk.took_ms for chunk in self._recent]
        known = self._hits + self._misses
        return TalkMetrics(
            response_ms=median(self._responses) if self._responses else None,
            chunk_ms=self._chunk_ms,
            took_ms=median(took) if took else None,
            took_max_ms=max(took, default=None),
            hit_share=self._hits / known if known else None,
            lag_ms=self._recent[-1].lag_ms if self._recent else None,
            counts=counts,
        )

    def _count_late(self, chunk: ChunkDone) -> None:
        self._since_late_ms += self._chunk_ms
        again = self._since_late_ms <= LATE_SHOWN_MS
        if chunk.late_ms > 0:
            self._late |= again
            self._since_late_ms = 0
        elif not again:
            self._late = False

    def _time_response(self, levels: Levels) -> None:
        """Measure the floor-transfer offset, to 50 ms.

        The end of the user's speech is known only after a pause of 200 ms; the agent may already be
        speaking by then.
        """
        before = self._levels
        self._clock_ms += len(levels.user_peaks) * _PEAK_MS
        if before is None:
            return
        if levels.agent_speaks and not before.agent_speaks:
            self._agent_began_ms = self._clock_ms
        if levels.user_speaks:
            self._user_ended_ms = None
            if not levels.agent_speaks:
                self._agent_began_ms = None
        elif before.user_speaks:
            self._user_ended_ms = self._clock_ms - IPU_SILENCE_MS
        if self._user_ended_ms is None or self._agent_began_ms is None:
            return
        response_ms = self._agent_began_ms - self._user_ended_ms
        if 0 <= response_ms <= _MAX_RESPONSE_MS:
            self._responses.append(response_ms)
        self._user_ended_ms = self._agent_began_ms = None
