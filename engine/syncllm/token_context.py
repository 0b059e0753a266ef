"""The tokens of one conversation in the language model: those fed, and those that wait.

Tokens wait until scores are wanted, so that they are fed in one batch: four in a batch take twice
as long as one. Knows no units and no chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.syncllm.llama import Llama


@dataclass(frozen=True)
class Mark:
    """A place in the stream to come back to."""

    fed: int
    waiting: tuple[int, ...]
    logits: np.ndarray


class TokenContext:
    """The end of a token stream."""

    def __init__(self, llama: Llama) -> None:
        """Clears what ``llama`` held."""
        self._llama = llama
        self._waiting: list[int] = []
        self._logits = np.zeros(0, np.float32)
        """After the last token fed."""
        llama.truncate(0)

    @property
    def length(self) -> int:
        """Number of tokens, those that wait included."""
        return self._llama.length + len(self._waiting)

    @property
    def room(self) -> int:
        """How many tokens more the model takes."""
        return self._llama.capacity - self.length

    def append(self, tokens: Sequence[int]) -> None:
        """Add tokens to the end."""
        self._waiting += tokens

    def cut(self, position: int) -> None:
        """Remove all tokens from ``position`` on."""
        fed = self._llama.length
        if position < fed:
            self._waiting.clear()
            self._llama.truncate(position)
        else:
            del self._waiting[position - fed :]

    def drop(self, start: int, stop: int) -> None:
        """Remove positions [start, stop), which have been fed, and move the later ones down."""
        self._llama.drop(start, stop)

    def mark(self) -> Mark:
        """The end of the stream now, for ``restore``."""
        return Mark(self._llama.length, tuple(self._waiting), self._logits)

    def restore(self, mark: Mark) -> None:
        """Remove all that came since ``mark``, if nothing before it was removed meanwhile."""
        self._llama.truncate(mark.fed)
        self._waiting, self._logits = list(mark.waiting), mark.logits

    def logits(self) -> np.ndarray:
        """Logits (vocabulary,) float32 after the last token; feeds what waits."""
        if self._waiting:
            self._llama.feed(self._waiting)
            self._waiting.clear()
            self._logits = self._llama.logits()
        return self._logits
