"""Finds which of the agent's known sentences its units are nearest to: a closed choice.

It tells what the agent meant to say, not whether anybody would understand it; an open recogniser
judges that (``models.evaluate.agent_voice``). Where the tokenizer gives the units, they depend much
on where in a frame a sentence begins, so a sentence has several forms, one for each phase. The
agent has thousands of sentences, so their units are computed at first use: the first form of every
candidate, all forms of the nearest few only. Knows no words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from models import script
from models.edit_distance import edit_distances
from models.evaluate.agent_side import AgentSource
from models.script import coffee

UNKNOWN_DISTANCE = 0.5
"""Unit edit distance (as a share of the longer sequence) above which no known sentence was said."""
_FINALISTS = 8
"""Number of nearest sentences whose forms are all compared."""


@cache
def plain_sentences() -> tuple[str, ...]:
    """All sentences of the agent but coffee orders: few enough to compare with each."""
    return tuple(text for text in script.agent_sentences() if coffee.parse_order(text) is None)


class SentenceMatcher:
    """Compares units with those of the agent's sentences."""

    def __init__(self, source: AgentSource) -> None:
        self._source = source
        self._first: dict[str, list[int]] = {}
        self._forms: dict[str, list[list[int]]] = {}

    def speech_units(self, frames: np.ndarray) -> list[int]:
        """The units without silence, repeated ones once."""
        units: list[int] = []
        for unit in np.asarray(frames).tolist():
            if unit not in self._source.silence_units and (not units or units[-1] != unit):
                units.append(unit)
        return units

    def nearest(
        self, frames: np.ndarray, candidates: Sequence[str], sure: Iterable[str] = ()
    ) -> tuple[str | None, float]:
        """The candidate nearest to the frames, and its distance (0 to 1).

        None where the distance is above ``UNKNOWN_DISTANCE``. Sentences in ``sure`` are candidates,
        too, and all their forms are always compared.
        """
        said = self.speech_units(frames)
        if not said:
            return None, 1.0
        sure = tuple(sure)
        texts = list(dict.fromkeys([*sure, *candidates]))
        rough = _distances(said, [self._form(text) for text in texts])
        finalists = dict.fromkeys([*sure, *(texts[i] for i in np.argsort(rough)[:_FINALISTS])])
        distances = {
            text: float(_distances(said, self._all_forms(text)).min()) for text in finalists
        }
        best = min(distances, key=distances.__getitem__)
        near = distances[best] <= UNKNOWN_DISTANCE
        return (best if near else None), distances[best]

    def nearest_prefix(
        self, frames: np.ndarray, candidates: Iterable[str]
    ) -> tuple[str | None, float]:
        """The candidate whose beginning, or whole, is nearest to the frames, and the distance as a
        share of the speech in them; None and 1 where there is only silence."""
        said = self.speech_units(frames)
        if not said:
            return None, 1.0
        distances = {
            text: int(edit_distances(said, self._all_forms(text), prefixes=True).min())
            for text in candidates
        }
        best = min(distances, key=distances.__getitem__)
        return best, distances[best] / len(said)

    def begins_with(self, frames: np.ndarray, sentence: str) -> bool:
        """Whether a sentence is said, and anything or nothing after it."""
        said = self.speech_units(frames)
        forms = [form for form in self._all_forms(sentence) if form]
        distances = [
            int(edit_distances(form, [said], prefixes=True)[0]) / len(form) for form in forms
        ]
        return bool(said) and min(distances, default=1.0) <= UNKNOWN_DISTANCE

    def _form(self, sentence: str) -> list[int]:
        if sentence not in self._first:
            self._first[sentence] = self.speech_units(self._source.forms(sentence, 1)[0])
        return self._first[sentence]

    def _all_forms(self, sentence: str) -> list[list[int]]:
        if sentence not in self._forms:
            forms = self._source.forms(sentence, self._source.phases)
            self._forms[sentence] = [self.speech_units(frames) for frames in forms]
        return self._forms[sentence]


def _distances(said: Sequence[int], others: Sequence[Sequence[int]]) -> np.ndarray:
    """Edit distances as shares of the longer sequence; ``said`` must not be empty."""
    lengths = np.array([max(len(said), len(other)) for other in others])
    return edit_distances(said, others) / lengths
