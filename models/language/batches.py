"""Batches of training sequences, composed in processes of their own, and the held-out batch.

Every process of a parallel training takes its rows of each batch, so a batch is the same whatever
their number. Knows no network.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from models.dialogue.unit_store import UnitStore, load_store, single_table, split_held_out
from models.language.mixed_sequences import all_sequences
from models.language.sequences import Format, SequencePlan, TrainingSequence
from models.language.vocabulary import Vocabulary

HELD_OUT_SEQUENCES = 8
_HELD_OUT_SEED = 7


def read_store(path: Path, form: Format) -> UnitStore:
    store = load_store(path)
    return store if form.own_table else single_table(store)


class SequenceDataset(IterableDataset[TrainingSequence]):
    """The training sequences of a store's file from a batch on. Each of several processes composes
    whole batches."""

    def __init__(
        self,
        store: Path,
        vocabulary: Vocabulary,
        plan: SequencePlan,
        seed: int,
        batch: int,
        first_batch: int,
        rows: range | None = None,
    ) -> None:
        """``rows`` of each batch are for this process; None: all."""
        self._rows = range(batch) if rows is None else rows
        self._store, self._vocabulary, self._plan, self._seed = store, vocabulary, plan, seed
        self._batch, self._first_batch = batch, first_batch

    def __iter__(self) -> Iterator[TrainingSequence]:
        training, _ = split_held_out(read_store(self._store, self._plan.format))
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        numbers = (
            batch * self._batch + row
            for batch in itertools.count(self._first_batch + first, step)
            for row in self._rows
        )
        return all_sequences(
            training, self._vocabulary, self._plan, self._seed, numbers, held_out=False
        )


def held_out_batch(store: UnitStore, vocabulary: Vocabulary, plan: SequencePlan) -> list[Tensor]:
    """Sequences (HELD_OUT_SEQUENCES, context + 1) of held-out utterances.

    In stage 1 they are of the last epoch, which has most speech.
    """
    _, held_out = split_held_out(store)
    plan = replace(plan, epoch_sequences=1)
    numbers = range(2, 2 + HELD_OUT_SEQUENCES)
    batch = list(all_sequences(held_out, vocabulary, plan, _HELD_OUT_SEED, numbers, held_out=True))
    return [torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True)]
