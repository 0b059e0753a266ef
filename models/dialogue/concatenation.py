"""New utterances by concatenation of units: some words of an utterance are taken from another.

Units hold little of the speaker, so the units of several people still make a sentence to learn
from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.dialogue.unit_store import UnitUtterance

_OTHERS_SHARE = 0.5
"""Share of a sentence's words that others say, where some others do."""


def with_words_of(
    speech: UnitUtterance, out: slice, other: UnitUtterance, taken: slice
) -> UnitUtterance:
    """``speech`` with its words ``out`` replaced by the words ``taken`` of ``other``."""
    words, other_words = speech.words, other.words
    first, last = words[out][0][1], words[out][-1][2]
    other_first, other_last = other_words[taken][0][1], other_words[taken][-1][2]
    later = (other_last - other_first) - (last - first)

    def moved(some: Sequence[tuple[str, int, int]], by: int) -> list[tuple[str, int, int]]:
        return [(word, onset + by, offset + by) for word, onset, offset in some]

    return replace(
        speech,
        units=np.concatenate(
            [speech.units[:first], other.units[other_first:other_last], speech.units[last:]]
        ),
        offset=speech.offset + later,
        words=(
            *words[: out.start],
            *moved(other_words[taken], first - other_first),
            *moved(words[out.stop :], later),
        ),
    )


def in_others_words(
    speech: UnitUtterance, spoken: Mapping[str, Sequence[UnitUtterance]], rng: np.random.Generator
) -> UnitUtterance:
    """``speech`` with some of its words replaced by recordings of others, from ``spoken``."""
    for index, (word, _, _) in enumerate(speech.words):
        some = spoken.get(word, ())
        if some and rng.random() < _OTHERS_SHARE:
            other = some[int(rng.integers(len(some)))]
            speech = with_words_of(speech, slice(index, index + 1), other, slice(0, 1))
    return speech
