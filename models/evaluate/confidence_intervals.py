"""Intervals of 95 % confidence around what was measured. Pure functions; knows no speech."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.959964
"""Standard deviations of a normal distribution that hold 95 % on both sides."""
_RESAMPLES = 2000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies with 95 % confidence."""

    value: float
    low: float | None
    """None where a single observation, or many that are all the same, tell nothing of it."""
    high: float | None
    count: int
    """Of what was observed."""


def share(hits: int, count: int) -> Interval | None:
    """A share of independent trials with Wilson's interval; None of no trials."""
    if count == 0:
        return None
    part = hits / count
    centre = part + _Z**2 / (2 * count)
    margin = _Z * (part * (1 - part) / count + _Z**2 / (4 * count**2)) ** 0.5
    scale = 1 + _Z**2 / count
    # At none and at all of them, rounding could leave the share itself outside.
    low, high = min((centre - margin) / scale, part), max((centre + margin) / scale, part)
    return Interval(part, max(low, 0.0), min(high, 1.0), count)


def share_of(outcomes: Sequence[bool]) -> Interval | None:
    """The same of outcomes."""
    return share(sum(outcomes), len(outcomes))


def bootstrap(
    rows: Sequence[float] | Sequence[Sequence[float]] | np.ndarray,
    statistic: Callable[[np.ndarray], float],
    seed: int = 0,
) -> Interval | None:
    """A statistic of independent rows, (n,) or (n, k), by drawing them again; None of no rows.

    A statistic that a drawing does not have (NaN) is left out.
    """
    table = np.asarray(rows, np.float64)
    if not len(table):
        return None
    if len(table) == 1:
        return Interval(float(statistic(table)), None, None, 1)
    random = np.random.default_rng(seed)
    draws = random.integers(0, len(table), (_RESAMPLES, len(table)))
    drawn = [statistic(table[draw]) for draw in draws]
    low, high = (float(edge) for edge in np.nanpercentile(drawn, _PERCENTILES))
    value = float(statistic(table))
    if low == high:
        return Interval(value, None, None, len(table))
    return Interval(value, low, high, len(table))


def median(values: Sequence[float]) -> Interval | None:
    """The median of values."""
    return bootstrap(values, lambda drawn: float(np.median(drawn)))


def mean(values: Sequence[float]) -> Interval | None:
    """The mean of values."""
    return bootstrap(values, lambda drawn: float(np.mean(drawn)))


def ratio(rows: Sequence[Sequence[float]]) -> Interval | None:
    """The sum of the first column over that of the second, as with events per minute of talk."""
    if not sum(row[1] for row in rows):
        return None
    return bootstrap(rows, _ratio)


def _ratio(table: np.ndarray) -> float:
    above, below = table.sum(axis=0)
    return float(above / below) if below else float("nan")
