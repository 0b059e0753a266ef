"""What dialogues are composed from: every sentence of the script in many voices, as units.

The file is a compressed pickle of ``UnitStore``. Numpy only, so that a machine that only trains
the language model needs no audio library.
"""

from __future__ import annotations

import gzip
import pickle
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

MARGIN_FRAMES = 10
"""Silence kept on both sides of an utterance."""
ORDER_FORMS = 13
"""In which each recorded order comes, one behind the other: as recorded, and elsewhere."""
CONFUSABLE_COUNT = 4
"""Units that a unit is misheard as."""
_COMPRESSION = 4

_T = TypeVar("_T")


@dataclass(frozen=True)
class UnitUtterance:
    """One utterance as units."""

    voice: str
    units: np.ndarray
    """int16, 25 a second, as a listener gets them (the tokenizer's delay is in them)."""
    onset: int
    """First frame that tells of speech."""
    offset: int
    """First frame after the last that tells of speech."""
    words: tuple[tuple[str, int, int], ...] = ()
    """(word, onset, offset) as far as they are known; none where they are not the script's."""


@dataclass
class UnitStore:
    """All spoken material of the dialogues."""

    user: dict[str, list[UnitUtterance]] = field(default_factory=dict)
    agent: dict[str, UnitUtterance] = field(default_factory=dict)
    user_silence: list[np.ndarray] = field(default_factory=list)
    agent_silence: list[np.ndarray] = field(default_factory=list)
    long_talk: list[list[UnitUtterance]] = field(default_factory=list)
    """Real people's long sentences, to be listened to, each in its phrases."""
    orders: list[tuple[UnitUtterance, str]] = field(default_factory=list)
    """Real people's coffee orders and what the agent answers."""
    out_of_domain: list[UnitUtterance] = field(default_factory=list)
    """Real people's short sentences, about nothing that the script knows."""
    confusable_units: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int16))
    """(units, n) the units most like each unit: what it is misheard as."""
    concatenated_orders: list[tuple[UnitUtterance, str]] = field(default_factory=list)
    """Others, put together from ``orders``."""
    real_words: dict[str, list[UnitUtterance]] = field(default_factory=dict)
    """Words of the script as real people said them in the midst of other sentences."""
    noises: list[UnitUtterance] = field(default_factory=list)
    """Short sounds of the user's side that are no speech."""

    @property
    def unit_count(self) -> int:
        """Units of the tokenizer that wrote it."""
        return len(self.confusable_units)


def last_tenth(spoken: list[_T], forms: int = 1) -> tuple[list[_T], list[_T]]:
    """What to train on and what to hold out, of things that come in so many forms each.

    Of one thing alone both hold it.
    """
    things = len(spoken) // forms
    last = (things - -(-things // 10)) * forms
    return spoken[:last] or spoken, spoken[last:]


def split_held_out(store: UnitStore) -> tuple[UnitStore, UnitStore]:
    """A store to train on, and one with the last utterance of each of the user's sentences.

    A sentence that was spoken only once is in both. Of real people's orders and other speech the
    last tenth is held out, and nothing is put together from others' words there.
    """
    training = {text: spoken[:-1] or spoken for text, spoken in store.user.items()}
    held_out = {text: spoken[-1:] for text, spoken in store.user.items()}
    orders = last_tenth(store.orders, ORDER_FORMS)
    out_of_domain, long_talk = last_tenth(store.out_of_domain), last_tenth(store.long_talk)
    return (
        replace(
            store,
            user=training,
            orders=orders[0],
            out_of_domain=out_of_domain[0],
            long_talk=long_talk[0],
        ),
        replace(
            store,
            user=held_out,
            orders=orders[1],
            out_of_domain=out_of_domain[1],
            long_talk=long_talk[1],
            concatenated_orders=[],
            real_words={},
        ),
    )


def load_store(path: Path) -> UnitStore:
    """Read a store."""
    with gzip.open(path, "rb") as stream:
        store = pickle.load(stream)
    assert isinstance(store, UnitStore)
    return store


def save_store(store: UnitStore, path: Path) -> None:
    """Write a store."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", _COMPRESSION) as stream:
        pickle.dump(store, stream)
