"""Answers of free text: what a text model writes and the agent says.

The language model learns to go on with them and to yield in them, not to begin them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import numpy as np

from models.dialogue.unit_store import MARGIN_FRAMES, UnitUtterance

_SENTENCES = (1, 3)
_BEFORE_FRAMES, _AFTER_FRAMES = (1, 5), (2, 6)
"""Silence kept around a sentence within an answer."""
_SHORTEST_FRAMES = 75
"""Three seconds; a shorter answer leaves no room for an interruption."""


def joined_answers(sentences: Sequence[UnitUtterance], seed: int) -> Iterator[UnitUtterance]:
    """Answers of one to three of these sentences each, every sentence once."""
    choose = random.Random(seed)
    rest = list(sentences)
    while rest:
        count = min(choose.randint(*_SENTENCES), len(rest))
        answer = _joined([rest.pop() for _ in range(count)], choose)
        if answer.offset - answer.onset >= _SHORTEST_FRAMES:
            yield answer


def _plain(word: str) -> str:
    """The word as captions can spell it: small letters."""
    return re.sub("[^a-z]", "", word.lower())


def _joined(sentences: Sequence[UnitUtterance], choose: random.Random) -> UnitUtterance:
    units, heard = [], []
    words: list[tuple[str, int, int]] = []
    length = onset = offset = 0
    last = len(sentences) - 1
    for number, one in enumerate(sentences):
        assert one.heard is not None
        before = choose.randint(*_BEFORE_FRAMES) if number else MARGIN_FRAMES
        after = choose.randint(*_AFTER_FRAMES) if number < last else MARGIN_FRAMES
        first, end = max(one.onset - before, 0), min(one.offset + after, len(one.units))
        units.append(one.units[first:end])
        heard.append(one.heard[first:end])
        moved = length - first
        words += [
            (plain, start + moved, stop + moved)
            for word, start, stop in one.words
            if (plain := _plain(word))
        ]
        onset = onset if number else one.onset + moved
        offset = one.offset + moved
        length += end - first
    return UnitUtterance(
        sentences[0].voice,
        np.concatenate(units),
        onset,
        offset,
        tuple(words),
        np.concatenate(heard),
    )
