"""Which questions a bundle's language model cannot know: those with a word that it never learnt.

A reader's vocabulary is that of the texts that the language model was trained on. A question with
another word in it ("who painted the Mona Lisa") is not answered by what the model says to it,
whatever that is. Knows no sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAST_WORDS = 300
"""A bundle with fewer has no such vocabulary."""
_OPENINGS = frozenset(
    "what who whom whose when where why how which is are was were do does did can could will would "
    "should have has tell explain describe name give".split()
)
_FILLERS = frozenset("um uh hey hi hello okay ok so well please and but now".split())
_WRITTEN_APART = {"s": "is", "re": "are", "ll": "will", "ve": "have", "d": "would", "m": "am"}
_LEAST_LETTERS = 3
"""Shorter words are misheard too often to tell anything."""


class KnownWords:
    """The words that a language model's texts have."""

    def __init__(self, pieces: Iterable[str]) -> None:
        """``pieces`` of a reader: whole words with a space before them, and others, left out."""
        self._words = {piece.strip().lower() for piece in pieces if piece.startswith(" ")}

    def __len__(self) -> int:
        return len(self._words)

    def asks_beyond(self, text: str) -> bool:
        """Whether a turn of the user's is a question with a word that is not known here."""
        words = _plain_words(text)
        while words and words[0] in _FILLERS:
            del words[0]
        if len(self) < LEAST_WORDS or not words:
            return False
        if words[0] not in _OPENINGS and not text.rstrip().endswith("?"):
            return False
        return any(not self._knows(word) for word in words)

    def _knows(self, word: str) -> bool:
        if len(word) < _LEAST_LETTERS or word.isdigit() or word in self._words:
            return True
        return any(form in self._words for form in _forms(word))


def _plain_words(text: str) -> list[str]:
    words: list[str] = []
    for word in re.findall(r"[a-z0-9']+", text.lower().replace("’", "'")):
        stem, _, end = word.partition("'")
        words += [stem, *([_WRITTEN_APART[end]] if end in _WRITTEN_APART else [])]
    return [word for word in words if word]


def _forms(word: str) -> Iterable[str]:
    """Other spellings and numbers of a word."""
    if word.endswith("s"):
        yield word[:-1]
    yield f"{word}s"
    yield word.replace("colour", "color")
    yield word.replace("color", "colour")
    yield word.replace("gray", "grey")
    yield word.replace("grey", "gray")
