"""The store that dialogues are composed from: every sentence of the script in many voices, as
units.

The file is a compressed pickle of ``UnitStore``. Numpy only, so that training the language model
needs no audio library.
"""

from __future__ import annotations

import gzip
import pickle
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.errors import DuologueError

MARGIN_FRAMES = 10
"""Silence kept on both sides of an utterance."""
ORDER_FORMS = 13
"""Versions of each recorded order, one after another: as recorded, then augmented."""
DELAY_FRAMES = 2
"""The tokenizer's, again: its module needs torch."""
CONFUSABLE_COUNT = 4
"""How many units each unit is mistaken for."""
_COMPRESSION = 4

_T = TypeVar("_T")


@dataclass(frozen=True)
class UnitUtterance:
    """One utterance as units."""

    voice: str
    units: np.ndarray
    """int16, 25 a second, with the tokenizer's delay in them. The agent's own units have none."""
    onset: int
    """First frame that describes speech."""
    offset: int
    """First frame after the last that describes speech."""
    words: tuple[tuple[str, int, int], ...] = ()
    """(word, onset, offset); empty where the text is unknown or not the script's."""
    heard: np.ndarray | None = None
    """int16, as many as ``units``: the same sound in the tokenizer's units, with its delay. Only
    where ``units`` are the agent's own."""

    def as_heard(self) -> UnitUtterance:
        """The utterance in the tokenizer's units."""
        if self.heard is None:
            return self
        later = partial(min, len(self.heard))
        words = tuple(
            (word, later(first + DELAY_FRAMES), later(last + DELAY_FRAMES))
            for word, first, last in self.words
        )
        ends = later(self.onset + DELAY_FRAMES), later(self.offset + DELAY_FRAMES)
        return UnitUtterance(self.voice, self.heard, *ends, words)


@dataclass
class UnitStore:
    """All utterances, silences and noises of the dialogues."""

    user: dict[str, list[UnitUtterance]] = field(default_factory=dict)
    agent: dict[str, UnitUtterance] = field(default_factory=dict)
    user_silence: list[np.ndarray] = field(default_factory=list)
    agent_silence: list[np.ndarray] = field(default_factory=list)
    long_talk: list[list[UnitUtterance]] = field(default_factory=list)
    """People's long sentences, which the agent listens to, each as its phrases."""
    orders: list[tuple[UnitUtterance, str]] = field(default_factory=list)
    """People's coffee orders and the agent's answers."""
    out_of_domain: list[UnitUtterance] = field(default_factory=list)
    """People's short sentences about things that the script does not know."""
    confusable_units: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int16))
    """(units, n): the units most like each unit, which it is mistaken for."""
    concatenated_orders: list[tuple[UnitUtterance, str]] = field(default_factory=list)
    """New orders, concatenated from ``orders``, and the agent's answers."""
    real_words: dict[str, list[UnitUtterance]] = field(default_factory=dict)
    """Words of the script, cut out of sentences that people read."""
    noises: list[UnitUtterance] = field(default_factory=list)
    """Short sounds on the user's side that are not speech."""
    free_answers: list[UnitUtterance] = field(default_factory=list)
    """Answers of free text, where the agent has units of its own."""
    fillers: list[UnitUtterance] = field(default_factory=list)
    """What the agent says before such an answer."""
    own_unit_count: int = 0
    """How many units of its own the agent has; 0: it speaks in the tokenizer's."""
    heard_agent_silence: list[np.ndarray] = field(default_factory=list)
    """The agent's silences in the tokenizer's units, where it has units of its own."""

    @property
    def unit_count(self) -> int:
        """How many units the tokenizer has that encoded the store."""
        return len(self.confusable_units)


def no_sentences(unit_count: int) -> UnitStore:
    """A store of a tokenizer's units without an utterance, where whole dialogues are trained on."""
    return UnitStore(confusable_units=np.zeros((unit_count, 0), np.int16))


def own_unit_shares(store: UnitStore) -> np.ndarray:
    """float64 (own units, units): which of the tokenizer's units describe the same sound as each of
    the agent's own, as shares of 1."""
    counts = np.zeros((store.own_unit_count, store.unit_count))
    for speech in store.agent.values():
        assert speech.heard is not None
        np.add.at(counts, (speech.units[:-DELAY_FRAMES], speech.heard[DELAY_FRAMES:]), 1)
    # A unit that never comes is like all of them.
    counts += 1e-3 / store.unit_count
    shares: np.ndarray = counts / counts.sum(1, keepdims=True)
    return shares


def single_table(store: UnitStore) -> UnitStore:
    """The same store with one table of units, the tokenizer's, for both sides."""
    if not store.own_unit_count:
        return store
    return replace(
        store,
        agent={text: speech.as_heard() for text, speech in store.agent.items()},
        agent_silence=store.heard_agent_silence,
        free_answers=[speech.as_heard() for speech in store.free_answers],
        fillers=[speech.as_heard() for speech in store.fillers],
        own_unit_count=0,
        heard_agent_silence=[],
    )


def last_tenth(spoken: list[_T], forms: int = 1) -> tuple[list[_T], list[_T]]:
    """(training, held out) of things that come in ``forms`` versions each.

    A single thing is in both.
    """
    things = len(spoken) // forms
    last = (things - -(-things // 10)) * forms
    return spoken[:last] or spoken, spoken[last:]


def split_held_out(store: UnitStore) -> tuple[UnitStore, UnitStore]:
    """A store to train on, and a held-out one with the last utterance of each user sentence.

    A sentence with a single utterance is in both. Of people's orders and other speech the last
    tenth is held out. The held-out store has no concatenated orders and no single words.
    """
    training = {text: spoken[:-1] or spoken for text, spoken in store.user.items()}
    held_out = {text: spoken[-1:] for text, spoken in store.user.items()}
    orders = last_tenth(store.orders, ORDER_FORMS)
    out_of_domain, long_talk = last_tenth(store.out_of_domain), last_tenth(store.long_talk)
    answers = last_tenth(store.free_answers)
    return (
        replace(
            store,
            user=training,
            orders=orders[0],
            out_of_domain=out_of_domain[0],
            long_talk=long_talk[0],
            free_answers=answers[0],
        ),
        replace(
            store,
            user=held_out,
            orders=orders[1],
            out_of_domain=out_of_domain[1],
            long_talk=long_talk[1],
            free_answers=answers[1],
            concatenated_orders=[],
            real_words={},
        ),
    )


def load_store(path: Path) -> UnitStore:
    """Read a store; DuologueError where there is none."""
    try:
        with gzip.open(path, "rb") as stream:
            store = pickle.load(stream)
    except FileNotFoundError as error:
        raise DuologueError(f"There is no {path}; make it with duologue-train units.") from error
    assert isinstance(store, UnitStore)
    return store


def save_store(store: UnitStore, path: Path) -> None:
    """Write a store."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", _COMPRESSION) as stream:
        pickle.dump(store, stream)
