"""What the actions exchange: a request told by the grammar, the state, and what came of it.

Plain values; the present is always given by the caller. A `State` is never changed: an action
returns another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LEAST_VOLUME, FIRST_VOLUME, MOST_VOLUME = 10, 70, 100
"""In percent; at the first one the agent is as loud as its voice was made."""
QUESTION_SECONDS = 45.0
"""How long a question of ours can be answered; later words are talk."""

CORRECTION_SECONDS = 20.0
"""How long "no, ten minutes" can mean the timer just set."""


@dataclass(frozen=True)
class Request:
    """What the user wants done, as the grammar understood it."""

    action: str
    """Key of an action in `engine.assistant.actions.ACTIONS`."""
    slots: Mapping[str, Any] = field(default_factory=dict)
    weak: bool = False
    """The words say it only together with the state: "cancel it", "remove milk", "yes"."""
    said: str = ""
    """The words that it was understood from, for a correction: "no, ten minutes"."""
    then: Request | None = None
    """The second request of the same turn."""

    @property
    def keys(self) -> str:
        """The actions of the turn, for the recording."""
        return f"{self.action} + {self.then.keys}" if self.then else self.action


@dataclass(frozen=True)
class Reminder:
    """A timer, an alarm or a reminder that is to ring."""

    number: int
    """Its own; never used again."""
    kind: Literal["timer", "alarm", "reminder"]
    due_s: float
    """Seconds since 1970, so that neither a new time zone nor summer time moves a timer."""
    name: str = ""
    """What the user called it, or what to be reminded of."""
    length_s: float = 0.0
    """Of a timer."""


@dataclass(frozen=True)
class Question:
    """What we asked, and what to do with the answer."""

    wants: Literal["yes", "duration", "moment", "part of day", "text", "which"]
    request: Request
    asked_s: float
    choices: tuple[int, ...] = ()
    """Numbers of the reminders that it may be, for "which"."""


@dataclass(frozen=True)
class Undo:
    """How the last change is taken back: single things, so that later edits of a file stay."""

    told: str
    """What is said after it: "The milk is back on your list."."""
    part: Literal["reminders", "notes", "shopping", "volume", "quiet"]
    put_back: tuple[Any, ...] = ()
    """Reminders, pairs of a place and a line, or the volume."""
    take_out: tuple[Any, ...] = ()
    """Numbers of reminders, or lines."""
    request: Request | None = None
    """What set a reminder, where a correction may follow."""
    done_s: float = 0.0
    """When that was, in seconds since 1970."""
    also: Undo | None = None
    """What the first request of the same turn changed."""


@dataclass(frozen=True)
class State:
    """All that the actions know; the first three are kept in files."""

    reminders: tuple[Reminder, ...] = ()
    notes: tuple[str, ...] = ()
    shopping: tuple[str, ...] = ()
    next_number: int = 1
    latest: int = 0
    """The reminder of which was spoken last: "it"."""
    rung: Reminder | None = None
    """The one that rang last, which "snooze" means."""
    question: Question | None = None
    undo: Undo | None = None
    user_name: str = ""
    """As the user has told it; for the life of the program."""
    volume: int = FIRST_VOLUME
    """Of the agent's voice, in percent; for the life of the program."""


@dataclass(frozen=True)
class Effect:
    """What the conversation has to do: the actions themselves touch neither card nor clock."""

    kind: Literal["volume", "quiet", "speak again", "end talk"]
    value: float = 0.0
    """For "volume": percent. For "quiet": seconds."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request."""

    spoken: str
    """One or two sentences without digits; empty if the effect says it all."""
    state: State
    effects: tuple[Effect, ...] = ()
    done: bool = True
    """Something was done or told; False for a question back or a refusal."""
