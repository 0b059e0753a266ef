"""Krippendorff's alpha: how far raters agree beyond chance. A pure function; knows no files.

K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011. One is full agreement, 0 what
chance gives, and below 0 raters disagree more than chance. The package ``krippendorff`` is under
the GPL, so this project cannot take it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Level = Literal["nominal", "ordinal", "interval"]


def alpha(ratings: Sequence[Sequence[float]], level: Level) -> float | None:
    """Agreement of ``ratings``, one sequence for each item, of any lengths and in any order.

    Items with fewer than two ratings say nothing about agreement and are left out. None where no
    item is left, or where all ratings are equal: chance then agrees as well.
    """
    paired = [np.asarray(item, float) for item in ratings if len(item) > 1]
    if not paired:
        return None
    values = np.unique(np.concatenate(paired))
    if len(values) == 1:
        return None
    counts = np.array([[(item == value).sum() for value in values] for item in paired], float)
    raters = counts.sum(axis=1)
    # Pairs of ratings of the same item; an item counts by its number of ratings.
    within = np.einsum("iv,iw,i->vw", counts, counts, 1 / (raters - 1))
    within -= np.diag((counts / (raters - 1)[:, None]).sum(axis=0))
    totals = counts.sum(axis=0)
    chance = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    distances = _squared_distances(values, totals, level)
    return float(1 - (within * distances).sum() / (chance * distances).sum())


def _squared_distances(values: np.ndarray, totals: np.ndarray, level: Level) -> np.ndarray:
    """(v, v): how much two values differ."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    # Ordinal: how many ratings lie between two ranks, each end counted by half.
    middles = np.cumsum(totals) - totals / 2
    return np.asarray((middles[:, None] - middles[None, :]) ** 2)
