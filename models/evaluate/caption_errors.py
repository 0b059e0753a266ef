"""How far captions are from what was said: words that are wrong, missing or too many."""

from __future__ import annotations

from collections.abc import Iterable

from models.edit_distance import edit_distance


def caption_errors(said: str, shown: str) -> tuple[int, int]:
    """Wrong words of what is shown, and the words that were said."""
    numbers: dict[str, int] = {}
    words, others = (_numbered(text.split(), numbers) for text in (said, shown))
    return edit_distance(words, others), len(words)


def _numbered(words: Iterable[str], numbers: dict[str, int]) -> list[int]:
    return [numbers.setdefault(word, len(numbers)) for word in words]
