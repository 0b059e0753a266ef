"""The share of speech in each sequence of stage 1 (Fig. 4), as it was drawn and as it came out.

The paper draws a share for each sample and makes so many of its sentences speech; the figure shows
it for epochs 0, 1 and from 2 on. Pure functions over token ids.
"""

from __future__ import annotations

import numpy as np

from models.dialogue.unit_store import UnitStore
from models.language.sequences import SPEECH_MEANS, SequencePlan, speech_share, training_sequences
from models.language.vocabulary import Vocabulary

EPOCHS = len(SPEECH_MEANS)
_SEQUENCES = 10**6
"""Of an epoch, so that a number tells the epoch."""


def drawn_shares(epoch: int, count: int, seed: int) -> np.ndarray:
    """(count,): shares as stage 1 draws them."""
    rng = np.random.default_rng([seed, epoch])
    return np.array([speech_share(epoch, rng) for _ in range(count)])


def realised_shares(
    store: UnitStore, vocabulary: Vocabulary, epoch: int, count: int, context: int, seed: int
) -> np.ndarray:
    """(count,): the share of sentences that are units, in so many sequences of stage 1."""
    plan = SequencePlan(1, context, _SEQUENCES)
    numbers = range(epoch * _SEQUENCES, epoch * _SEQUENCES + count)
    sequences = training_sequences(store, vocabulary, plan, seed, numbers)
    return np.array([share_of_units(ids, vocabulary) for ids, _, _ in sequences])


def share_of_units(ids: np.ndarray, vocabulary: Vocabulary) -> float:
    """The share of a sequence's sentences that are units; a sentence follows a speaker tag."""
    tags = np.flatnonzero((ids == vocabulary.s0) | (ids == vocabulary.s1))
    first = ids[tags[tags + 1 < len(ids)] + 1]
    units = (first < vocabulary.unit_count) | (first >= vocabulary.own_unit_base)
    return float(units.mean())
