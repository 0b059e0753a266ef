"""Words of the agent from its own units, by a lexicon: for the captions.

Units of the agent's own are phones, so no network has to recognise them. A search over the words of
the lexicon finds the likeliest sequence: dynamic programming over all words at once (H. Ney, "The
use of a one-stage dynamic programming algorithm for connected word recognition", 1984), with costs
for phones that the language model left out, added or mistook, and for words that seldom follow one
another. Knows no tokens and no clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.syncllm.lexicon import SILENT, Lexicon

_MISTAKEN, _LEFT_OUT, _ADDED = 4.0, 4.0, 4.0
"""Costs in nats of a phone that is another, is missing, or is there too much."""
_RUN_TOGETHER = 0.2
"""Cost of a word's first phone that is missing because the word before ends with it."""
_BROKEN_OFF = 2.0
"""Cost of a last word that is not whole; it is not shown."""
_PAIR_SHARE = 0.8
"""Of a word's probability: how often it follows the word before; the rest is how often it comes."""
_BEAM = 14.0
_MOST_ENDS = 8
"""Words that may end at one phone."""
_PAUSE_FRAMES = 6
"""Silence that ends what was said: longer than a comma's."""


@dataclass(frozen=True)
class _Said:
    """A word of a hypothesis, after those before it."""

    word: int
    before: _Said | None


@dataclass(frozen=True, eq=False)
class _Places:
    """The lexicon for the search: a place for each phone (P) of each pronunciation (S)."""

    phone_P: np.ndarray
    inner_P: np.ndarray
    """Which places are not a pronunciation's first."""
    first_S: np.ndarray
    last_S: np.ndarray
    word_S: np.ndarray
    cost_S: np.ndarray
    """float32: of a pronunciation among those of its word."""
    share_W: np.ndarray
    """How often each word comes."""
    next: dict[int, list[tuple[int, int]]]
    """For each word the words that follow it, and how often."""


def _places(lexicon: Lexicon) -> _Places:
    length_S = np.array([len(phones) for _, phones, _ in lexicon.said])
    first_S = np.cumsum(length_S) - length_S
    phone_P = np.array([phone for _, phones, _ in lexicon.said for phone in phones])
    inner_P = np.ones(len(phone_P), bool)
    inner_P[first_S] = False
    word_S = np.array([word for word, _, _ in lexicon.said])
    count_S = np.array([count + 0.5 for _, _, count in lexicon.said])
    count_W = np.bincount(word_S, count_S, len(lexicon.words))
    cost_S = -np.log(count_S / count_W[word_S]).astype(np.float32)
    follow = defaultdict(list)
    for word, following, count in lexicon.pairs:
        follow[word].append((following, count))
    share_W = count_W / count_W.sum()
    last_S = first_S + length_S - 1
    return _Places(phone_P, inner_P, first_S, last_S, word_S, cost_S, share_W, follow)


class LexiconReader:
    """Reads the agent's stream; one for each conversation."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._places = _places(lexicon)
        self._costs_after: dict[int, np.ndarray] = {}
        self.reset()

    def reset(self) -> None:
        """Forget what was said."""
        self._cost_P: np.ndarray | None = None
        self._history_P = np.zeros(len(self._places.phone_P), np.int32)
        self._hypotheses: list[_Said | None] = [None]
        self._told = 0
        self._last = SILENT
        self._silent_frames = 0

    def push(self, units: Sequence[int]) -> list[str]:
        """Read more units (t,), one per frame; returns the words that are certain now, each after a
        space."""
        told: list[str] = []
        for unit in units:
            phone = self._lexicon.phones[unit]
            if phone == SILENT:
                self._silent_frames += 1
                if self._silent_frames == _PAUSE_FRAMES:
                    told += self._finish()
            else:
                self._silent_frames = 0
                if phone != self._last:
                    self._hear(phone)
            self._last = phone
        return told + self._certain()

    def _finish(self) -> list[str]:
        """End what was said; its words that have not been told."""
        if self._cost_P is None:
            return []
        broken = self._cost_P.min() + _BROKEN_OFF
        ends, place_S = self._ends()
        whole = int(np.argmin(ends))
        if ends[whole] <= broken:
            said = self._chain(int(self._history_P[place_S[whole]]))
            numbers = [*said, int(self._places.word_S[whole])]
        else:
            numbers = self._chain(int(self._history_P[int(np.argmin(self._cost_P))]))
        told = self._spelt(numbers[self._told :])
        self.reset()
        return told

    def _certain(self) -> list[str]:
        """The words that all likely hypotheses share and that have not been told."""
        if self._cost_P is None:
            return []
        likely = np.flatnonzero(self._cost_P < self._cost_P.min() + _BEAM)
        chains = [self._chain(int(number)) for number in np.unique(self._history_P[likely])]
        shared = 0
        while all(len(chain) > shared for chain in chains) and (
            len({chain[shared] for chain in chains}) == 1
        ):
            shared += 1
        told = chains[0][self._told : shared]
        self._told = max(self._told, shared)
        return self._spelt(told)

    def _spelt(self, numbers: Sequence[int]) -> list[str]:
        return [f" {self._lexicon.words[number]}" for number in numbers]

    def _chain(self, number: int) -> list[int]:
        return list(_words(self._hypotheses[number]))[::-1]

    # --- the search -------------------------------------------------------------------------------

    def _hear(self, phone: int) -> None:
        """Go on with the next phone: each place is reached from the one before it, from the one
        before that, or from itself, where this phone is too much."""
        places = self._places
        wrong_P = np.where(places.phone_P == phone, 0, _MISTAKEN).astype(np.float32)
        entry_S, history_S = self._entries()
        ways = np.full((3, len(wrong_P)), np.inf, np.float32)
        histories = np.zeros((3, len(wrong_P)), np.int32)
        ways[0, places.first_S], histories[0, places.first_S] = entry_S, history_S
        # A word's first phone is often missing where the word before ends with it.
        long = places.last_S > places.first_S
        together = places.phone_P[places.first_S] == self._last
        second = places.first_S[long] + 1
        ways[1, second] = (entry_S + np.where(together, _RUN_TOGETHER, _LEFT_OUT))[long]
        histories[1, second] = history_S[long]
        if self._cost_P is not None:
            cost, history = self._cost_P, self._history_P
            inner = np.flatnonzero(places.inner_P)
            ways[0, inner], histories[0, inner] = cost[inner - 1], history[inner - 1]
            third = inner[places.inner_P[inner - 1]]
            ways[1, third] = cost[third - 2] + _LEFT_OUT
            histories[1, third] = history[third - 2]
            ways[2], histories[2] = cost + _ADDED - wrong_P, history
        best, all_P = ways.argmin(0), np.arange(len(wrong_P))
        self._cost_P = ways[best, all_P] + wrong_P
        self._history_P = histories[best, all_P]

    def _entries(self) -> tuple[np.ndarray, np.ndarray]:
        """For each pronunciation: the cost of beginning it now, and the hypothesis before it."""
        places, words = self._places, len(self._lexicon.words)
        history_W = np.zeros(words, np.int32)
        if self._cost_P is None:
            cost_W = self._after(words)
        else:
            ends, place_S = self._ends()
            likely = np.flatnonzero(ends < self._cost_P.min() + _BEAM)
            cost_W = np.full(words, np.inf, np.float32)
            for number in likely[np.argsort(ends[likely])][:_MOST_ENDS]:
                word = int(places.word_S[number])
                way_W = ends[number] + self._after(word)
                better = way_W < cost_W
                history_W[better] = self._new_hypothesis(int(place_S[number]), word)
                cost_W[better] = way_W[better]
        return cost_W[places.word_S] + places.cost_S, history_W[places.word_S]

    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The cost of each pronunciation's end, perhaps without its last phone, and its place."""
        assert self._cost_P is not None
        last_S = self._places.last_S
        place_S = last_S - self._places.inner_P[last_S]
        early, late = self._cost_P[place_S] + _LEFT_OUT, self._cost_P[last_S]
        return np.minimum(early, late), np.where(early < late, place_S, last_S)

    def _new_hypothesis(self, place: int, word: int) -> int:
        self._hypotheses.append(_Said(word, self._hypotheses[int(self._history_P[place])]))
        return len(self._hypotheses) - 1

    def _after(self, word: int) -> np.ndarray:
        """float32 (words,): the cost of each word after ``word``."""
        if word not in self._costs_after:
            share_W, follow = self._places.share_W, self._places.next.get(word, [])
            total = sum(count for _, count in follow)
            shares = share_W * (1 - _PAIR_SHARE if total else 1)
            for following, count in follow:
                shares[following] += _PAIR_SHARE * count / total
            self._costs_after[word] = -np.log(shares).astype(np.float32)
        return self._costs_after[word]


def _words(said: _Said | None) -> Iterator[int]:
    while said:
        yield said.word
        said = said.before
