"""What writes the answers: a GGUF file in a child process, or a server on this computer.

Both take a talk and tell pieces of text as they are written. `conformance` tests in
tests/engine/assistant/test_text_minds.py hold for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Message = Mapping[str, str]
"""``role`` ("system", "user", "assistant") and ``content``."""
ANSWER_TOKENS = 200
"""Most of one answer; a few spoken sentences are under a hundred."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer."""

    turn: int
    """Which question it belongs to; 0 if to none, as a problem while loading."""
    text: str = ""
    end: bool = False
    """The last one."""
    whole: bool = True
    """With ``end``: the model ended by itself, not by a limit or a stop."""
    problem: str = ""
    """With ``end``: one sentence for the user."""


class TextMind(Protocol):
    """Writes answers. All methods return at once; pieces come on a thread of its own."""

    def warm(self, messages: Sequence[Message]) -> None:
        """Get ready for a talk that begins with these messages."""

    def ask(self, turn: int, messages: Sequence[Message], temperature: float) -> None:
        """Begin an answer. ``turn`` rises with each question."""

    def stop(self, turn: int) -> None:
        """End the answers up to this one; its last piece still comes."""

    def check(self) -> None:
        """To be called now and then: ends an answer that hangs."""

    def close(self) -> None:
        """End everything; no piece comes afterwards."""


Tell = Callable[[Piece], None]
