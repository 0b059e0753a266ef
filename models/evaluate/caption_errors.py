"""Word errors of captions: substitutions, deletions and insertions."""

from __future__ import annotations

from collections.abc import Iterable

from models.edit_distance import edit_distance


def caption_errors(said: str, shown: str) -> tuple[int, int]:
    """(word errors of the text shown, number of words said); their ratio is the word error rate."""
    numbers: dict[str, int] = {}
    words, others = (_numbered(text.split(), numbers) for text in (said, shown))
    return edit_distance(words, others), len(words)


def _numbered(words: Iterable[str], numbers: dict[str, int]) -> list[int]:
    return [numbers.setdefault(word, len(numbers)) for word in words]
