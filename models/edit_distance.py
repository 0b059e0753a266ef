"""Edit distances of number sequences: units, pieces of text or characters. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def edit_distance(first: Sequence[int], second: Sequence[int]) -> int:
    """Levenshtein distance of two unit sequences."""
    return int(edit_distances(first, [second])[0])


def edit_distances(
    first: Sequence[int], others: Sequence[Sequence[int]], prefixes: bool = False
) -> np.ndarray:
    """int64 (n,): Levenshtein distances of a unit sequence to each of n others, or to the nearest
    of the ``prefixes`` of each."""
    lengths = np.array([len(other) for other in others])
    targets = np.full((len(others), lengths.max(initial=0)), -1)
    for target, other in zip(targets, others, strict=True):
        target[: len(other)] = other
    offsets = np.arange(targets.shape[1] + 1)
    rows = np.tile(offsets, (len(others), 1))
    for unit in first:
        moved = np.minimum(rows[:, 1:] + 1, rows[:, :-1] + (targets != unit))
        rows = np.concatenate([rows[:, :1] + 1, moved], axis=1)
        # Insertions run along the row: a running minimum once the slope is taken out.
        rows = np.minimum.accumulate(rows - offsets, axis=1) + offsets
    # Behind a sequence's end nothing matches, so no beginning is nearer for going on there.
    found: np.ndarray = rows.min(1) if prefixes else rows[np.arange(len(others)), lengths]
    return found
