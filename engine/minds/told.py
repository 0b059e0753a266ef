"""What the assistant tells of itself in a conversation, and the seam to its ears. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.assistant.mind import ActionEvent
from engine.assistant.request import Effect
from engine.hearing.words import HeardWords


class Ears(Protocol):
    """Turns the user's sound into words; `engine.hearing.listener.Listener` is the real one."""

    @property
    def problem(self) -> str:
        """Why no words come any more; empty while they do."""

    def push(self, sound_N: np.ndarray) -> None:
        """Take the next sound; never waits."""

    def poll(self) -> list[HeardWords]:
        """The words that came since the last call."""

    def reset(self) -> None:
        """Begin again at sample 0."""

    def close(self) -> None:
        """Nothing more is heard."""


@dataclass(frozen=True)
class Activity:
    """What the assistant does just now, for a line on the screen."""

    kind: Literal["hears", "thinks", "action", "answer", "ring", "problem"]
    text: str
    """The words so far, the question, or what a reply of the background mind says."""


@dataclass(frozen=True)
class Done:
    """Something that was done, with its place on the tracks."""

    event: ActionEvent
    start_sample: int
    end_sample: int
    """The request is in [start, end); of what nobody asked for, both are ``done_sample``."""
    done_sample: int


Told = HeardWords | Done | Effect
"""Words as they are heard, what was done, and what the conversation itself is to do."""
