"""Batches of dGSLM's windows, composed in processes of their own, and the held-out batch.

Knows no network.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from engine.errors import DuologueError
from models.dgslm.sequences import TrainingWindow, WindowPlan, training_windows
from models.dialogue.recorded_dialogues import (
    TRAINING,
    VALIDATION,
    EncodedCall,
    read_all_calls,
)
from models.dialogue.unit_store import UnitStore, load_store, single_table, split_held_out

HELD_OUT_WINDOWS = 8
_HELD_OUT_SEED = 7


def read_single_table(path: Path) -> UnitStore:
    """A store's file with one table of units for both speakers."""
    return single_table(load_store(path))


def _calls(plan: WindowPlan, split: str, unit_count: int) -> list[EncodedCall]:
    calls = read_all_calls(plan.real.folders, split, unit_count)
    return [call for call in calls if call.frames]


def check_real(plan: WindowPlan, unit_count: int) -> None:
    """Raise DuologueError where people's dialogues are given that hold nothing to train on."""
    if plan.real.folders and not _calls(plan, TRAINING, unit_count):
        raise DuologueError(
            "The dialogues have no call for training; run duologue-train corpus to its end."
        )


class WindowDataset(IterableDataset[TrainingWindow]):
    """The training windows of a store's file from a batch on. Each of several processes composes
    whole batches."""

    def __init__(
        self, store: Path, plan: WindowPlan, seed: int, batch: int, first_batch: int
    ) -> None:
        self._store, self._plan, self._seed = store, plan, seed
        self._batch, self._first_batch = batch, first_batch

    def __iter__(self) -> Iterator[TrainingWindow]:
        training, _ = split_held_out(read_single_table(self._store))
        calls = _calls(self._plan, TRAINING, training.unit_count)
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        numbers = (
            batch * self._batch + row
            for batch in itertools.count(self._first_batch + first, step)
            for row in range(self._batch)
        )
        return training_windows(training, self._plan, self._seed, numbers, calls)


def held_out_batch(store: UnitStore, plan: WindowPlan) -> list[Tensor]:
    """Units and lengths of runs, (HELD_OUT_WINDOWS, 2, window), of utterances and calls that are
    not trained on."""
    _, held_out = split_held_out(store)
    calls = _calls(plan, VALIDATION, store.unit_count)
    numbers = range(HELD_OUT_WINDOWS)
    batch = list(training_windows(held_out, plan, _HELD_OUT_SEED, numbers, calls))
    return [torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True)]
