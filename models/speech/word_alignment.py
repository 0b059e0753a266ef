"""Finds the words of a sentence and their times; synthesisers and alignment give phones only.

Each word gets its share of the sentence's phones, in proportion to its phones when said alone.
Where two words run together, a border may be one phone off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from models.speech.corpus import LABEL_SAMPLES
from models.speech.forced_alignment import align, transcript_phones
from models.speech.phones import PAUSE

Segment = tuple[int, int, int]
"""(start sample, end sample, phone class)."""
WordSpan = tuple[str, int, int]
"""(word, first sample, sample after the last)."""


@cache
def word_phones(word: str) -> tuple[int, ...]:
    """The phones of a word said alone."""
    return tuple(transcript_phones(word))


def word_spans(text: str, segments: Sequence[Segment]) -> list[WordSpan]:
    """The words of a text whose phones were said at ``segments``; none where there are no
    phones."""
    spoken = [(start, end) for start, end, phone in segments if phone != PAUSE]
    words = text.split()
    if not spoken:
        return []
    counts = [max(len(word_phones(word)), 1) for word in words]
    spans, before = [], 0
    for word, count in zip(words, counts, strict=True):
        first = min(before * len(spoken) // sum(counts), len(spoken) - 1)
        before += count
        last = max(before * len(spoken) // sum(counts) - 1, first)
        spans.append((word, spoken[first][0], spoken[last][1]))
    return spans


def best_transcript(costs_SP: np.ndarray, texts: Iterable[str]) -> tuple[str, list[Segment]]:
    """The text that fits the costs of phones best, and when each of its phones was said.

    Raises ValueError where the sound is too short for all ``texts``.
    """
    best: tuple[float, str, np.ndarray] | None = None
    for text in texts:
        phones = [phone for word in text.split() for phone in word_phones(word)]
        if len(phones) > len(costs_SP):
            continue
        labels, cost = align(costs_SP, phones)
        if best is None or cost < best[0]:
            best = cost, text, labels
    if best is None:
        raise ValueError("the sound is shorter than any of the texts")
    return best[1], segments_of(best[2])


def segments_of(labels: np.ndarray) -> list[Segment]:
    """Runs of equal phone labels; a label stands for 20 ms."""
    bounds = np.flatnonzero(np.diff(labels.astype(int), prepend=-1, append=-1)).tolist()
    return [
        (start * LABEL_SAMPLES, end * LABEL_SAMPLES, int(labels[start]))
        for start, end in pairwise(bounds)
    ]
