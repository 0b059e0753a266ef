"""Word errors of captions and recognisers: substitutions, deletions and insertions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.edit_distance import edit_distance


def word_errors(said: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """(word errors of what was heard, number of words said); their ratio is the word error rate."""
    numbers: dict[str, int] = {}
    words, others = (_numbered(some, numbers) for some in (said, heard))
    return edit_distance(words, others), len(words)


def _numbered(words: Iterable[str], numbers: dict[str, int]) -> list[int]:
    return [numbers.setdefault(word, len(numbers)) for word in words]
