"""Token ids of the language model: units, speaker tags, first tokens, pieces of text, and then the
agent's own units if it has any. These come last, so that a model keeps its other ids with them.

A piece is a word of the script with a leading space, or a letter that begins (``" a"``) or
continues (``"a"``) another word. Where the training begins with a text LLM, pieces are its tokens
in place of words. Joined pieces are the text. Every piece has two ids: one for the agent's words,
one for the user's.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from functools import cached_property

from engine.syncllm.tokens import TextSlot, TokenFormat, UnitTable
from engine.syncllm.word_pieces import text_to_pieces
from engine.timebase import FRAME_MS

CHUNKS_MS = (160, 200, 240)
MOST_OWN, MOST_HEARD = 3, 3
"""Most pieces of text in a chunk; a fast speaker says a word in 150 ms."""
_ALIGNED = 8
"""Groups of ids begin at multiples of this, so that the embedding stays aligned."""


@dataclass(frozen=True)
class Spelling:
    """How a text LLM that the training begins with writes words."""

    pieces: tuple[str, ...]
    words: tuple[tuple[int, ...], ...] = ()
    """The numbers of the pieces of each word of the vocabulary, in the words' order; without them
    a word is written in the longest pieces that fit."""
    others: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Words beyond the vocabulary's, which texts of the training have, and their pieces."""


@dataclass(frozen=True)
class Vocabulary:
    """The ids for a tokenizer of ``unit_count`` units, whose unit 0 is id 0."""

    unit_count: int
    words: tuple[str, ...] = ()
    own_unit_count: int = 0
    """How many units the agent has of its own; 0 where it has the tokenizer's."""
    spelling: Spelling | None = None
    """None: each word is a piece."""

    @property
    def s0(self) -> int:
        """The agent's speaker tag."""
        return self.unit_count

    @property
    def s1(self) -> int:
        """The user's speaker tag."""
        return self.unit_count + 1

    @property
    def bos(self) -> dict[int, int]:
        """First token of a duplex context, by chunk length in ms."""
        return {ms: self.unit_count + 2 + index for index, ms in enumerate(CHUNKS_MS)}

    @property
    def text_bos(self) -> int:
        """First token of a context without time, as in stage 1."""
        return self.unit_count + 2 + len(CHUNKS_MS)

    @property
    def own_base(self) -> int:
        """Id of the first piece of the agent's words."""
        return _round_up(self.text_bos + 1)

    @property
    def heard_base(self) -> int:
        """Id of the first piece of the user's words."""
        return _round_up(self.own_base + len(self.pieces))

    @property
    def own_unit_base(self) -> int:
        """Id of the agent's own unit 0."""
        return _round_up(self.heard_base + len(self.pieces))

    @property
    def own_table(self) -> UnitTable | None:
        """The agent's own units; None where it has the tokenizer's."""
        return UnitTable(self.own_unit_count, self.own_unit_base) if self.own_unit_count else None

    @property
    def size(self) -> int:
        """Rows of the embedding."""
        return _round_up(self.own_unit_base + self.own_unit_count)

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The text of each piece, in the order of their ids."""
        if self.spelling:
            return self.spelling.pieces
        return (*letter_pieces(), *(f" {word}" for word in self.words if len(word) > 1))

    def text_pieces(self, text: str) -> list[int]:
        """The numbers of the pieces of lower-case words; unknown words are spelled.

        Raises ValueError at other characters.
        """
        numbers: list[int] = []
        for word in text.split():
            if word not in self._spelled:
                self._spelled[word] = text_to_pieces(word, self.pieces)
            numbers += self._spelled[word]
        return numbers

    @cached_property
    def known(self) -> frozenset[str]:
        """Words that are more than their letters here."""
        others = self.spelling.others if self.spelling else ()
        return frozenset(self.words) | {word for word, _ in others}

    @cached_property
    def _spelled(self) -> dict[str, list[int]]:
        """A cache: training sequences repeat their words."""
        if not self.spelling:
            return {}
        words = *zip(self.words, self.spelling.words, strict=False), *self.spelling.others
        return {word: list(row) for word, row in words}

    def without_text(self) -> Vocabulary:
        """The vocabulary of a talk without words: the same, with no pieces of text."""
        return replace(self, spelling=Spelling(()))

    def kept_without_text(self) -> list[int]:
        """The ids that are left in ``without_text``, in its order."""
        return [*range(self.own_base), *range(self.own_unit_base, self.size)]

    def format(self, chunk_ms: int, boundary_emit: bool, text: bool) -> TokenFormat:
        """The duplex format at a chunk length, with or without a text slot."""
        return TokenFormat(
            self.unit_count, self.s0, self.s1, chunk_ms // FRAME_MS,
            bos=self.bos[chunk_ms], boundary_emit=boundary_emit, text=self.slot if text else None,
            own_table=self.own_table,
        )  # fmt: skip

    @property
    def slot(self) -> TextSlot:
        """The text slot for the words of both."""
        return TextSlot(len(self.pieces), self.own_base, MOST_OWN, self.heard_base, MOST_HEARD)


def letter_pieces() -> tuple[str, ...]:
    """Each letter as the beginning of a word and inside one."""
    letters = string.ascii_lowercase
    return (*(f" {letter}" for letter in letters), *letters)


def _round_up(count: int) -> int:
    return count + -count % _ALIGNED
