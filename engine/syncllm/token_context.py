"""The tokens of one conversation in the language model: those fed, those that wait, and drafts.

Tokens wait until scores are wanted, so that they are fed in one batch. A draft is a guess at what
will come next, fed in the same batch: a batch of two takes 1.3 times as long as one token, not
twice. If the guess comes true, its scores are there already; if not, it is cut off. So drafts
change the time, not the tokens. Knows no units and no chunks.
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
    scores: np.ndarray


class TokenContext:
    """The end of a token stream; positions count all its tokens, drafts left out."""

    def __init__(self, llama: Llama) -> None:
        """Clears what ``llama`` held."""
        self._llama = llama
        self._waiting: list[int] = []
        self._drafts: list[int] = []
        """Fed, but not a part of the stream yet; the last tokens in ``llama``."""
        self._scores = np.zeros((0, 0), np.float32)
        """(1 + drafts, vocabulary): after the stream's last fed token, then after each draft."""
        llama.truncate(0)

    @property
    def length(self) -> int:
        """Number of tokens, those that wait included."""
        return self._llama.length - len(self._drafts) + len(self._waiting)

    @property
    def room(self) -> int:
        """How many tokens more the model takes."""
        return self._llama.capacity - self.length

    def append(self, tokens: Sequence[int]) -> None:
        """Add tokens to the end."""
        self._waiting += tokens

    def cut(self, position: int) -> None:
        """Remove all tokens from ``position`` on."""
        fed = self._llama.length - len(self._drafts)
        if position < fed:
            self._drafts.clear()
            self._waiting.clear()
            self._llama.truncate(position)
        else:
            del self._waiting[position - fed :]

    def drop(self, start: int, stop: int) -> None:
        """Remove positions [start, stop), which have been fed, and move the later ones down."""
        self._forget_drafts()
        self._llama.drop(start, stop)

    def mark(self) -> Mark:
        """The end of the stream now, for ``restore``."""
        self._forget_drafts()
        return Mark(self._llama.length, tuple(self._waiting), self._scores[:1])

    def restore(self, mark: Mark) -> None:
        """Remove all that came since ``mark``, if nothing before it was removed meanwhile."""
        self._drafts.clear()
        self._llama.truncate(mark.fed)
        self._waiting, self._scores = list(mark.waiting), mark.scores

    def settle(self) -> None:
        """Feed what waits, and cut drafts off: the model holds the stream and nothing else."""
        self.logits()
        self._forget_drafts()

    def logits(self, draft: Sequence[int] = ()) -> np.ndarray:
        """Logits (vocabulary,) float32 after the last token; feeds what waits.

        ``draft``: tokens that probably come next. They are fed only if something must be fed.
        """
        while self._waiting and self._drafts and self._waiting[0] == self._drafts[0]:
            del self._waiting[0], self._drafts[0]
            self._scores = self._scores[1:]
        if self._waiting:
            self._forget_drafts()
            room = self._llama.capacity - self._llama.length - len(self._waiting)
            self._drafts = list(draft[: max(room, 0)])
            self._llama.feed([*self._waiting, *self._drafts], 1 + len(self._drafts))
            self._waiting.clear()
            self._scores = self._llama.scores()
        return self._scores[0]

    def _forget_drafts(self) -> None:
        self._llama.truncate(self._llama.length - len(self._drafts))
        self._drafts.clear()
