"""The seam between the voice and a background mind, which writes what the agent says.

The engine's thread calls it once per chunk, so no call may wait: whoever needs time, such as a text
model, works in a thread or process of its own, and makes the units there, too
(`engine.voice.agent_voice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.voice.agent_voice import SpokenSentence

UNASKED = 0
"""Number of a turn that no user began: a reply that comes by itself, such as a timer's. Any number
below it is such a turn, too."""


@dataclass(frozen=True)
class Turn:
    """A turn of the user that the language model does not know the answer to."""

    number: int
    """From 1 on; the reply has it, too."""
    end_sample: int
    """Samples of the user's sound when the agent began to react; the turn ended shortly before."""
    heard: str
    """The user's words since the agent spoke last, as the bundle's reader understood them so far;
    empty without a reader."""


@dataclass(frozen=True)
class Reply:
    """An answer, or the next part of it."""

    turn: int
    """Number of the turn; ``UNASKED`` or less where there is none."""
    sentences: tuple[SpokenSentence, ...] = ()
    last: bool = True
    """Whether the answer is complete with it. A complete answer without a sentence means that there
    is none; the agent then says that it does not know."""
    takes_over: bool = False
    """Whether it is said even though the language model, or another answer, is speaking. Such a
    reply is complete, and may come without a turn."""
    begins: bool = False
    """The mind has begun to think by itself about a turn that the language model takes for another:
    whatever the agent says gives way to a filler, and the answer follows in further replies."""
    quiet_s: float | None = None
    """For so long only what takes over is said, and the language model is silent; 0 ends that."""
    model_waits: bool | None = None
    """Whether the user's words so far are the mind's to answer. Then the language model waits for
    the end of the turn, and does not begin an answer that would be cut off; None: as before."""


@dataclass(frozen=True)
class Outcome:
    """What became of an answer."""

    turn: int
    said: str
    """The words that were said to their end."""
    whole: bool
    """Whether all of it was said; False if the user interrupted, or spoke before it came."""


class Mind(Protocol):
    """Writes the answers."""

    def turn(self, turn: Turn) -> None:
        """The user waits for an answer to this turn."""
        ...

    def poll(self) -> Sequence[Reply]:
        """The replies since the last call."""
        ...

    def over(self, outcome: Outcome) -> None:
        """An answer was said, cut off or dropped; nothing more of it is wanted."""
        ...
