"""Confidence intervals of 95 % for measured figures. Pure functions; knows no speech."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.959964
"""A normal distribution has 95 % within so many standard deviations of its mean."""
_RESAMPLES = 2000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """A figure with its interval of 95 % confidence."""

    value: float
    low: float | None
    """None where there is one observation only, or all are the same."""
    high: float | None
    count: int
    """Number of observations."""


def share(hits: int, count: int) -> Interval | None:
    """A share of independent trials with Wilson's interval; None without trials."""
    if count == 0:
        return None
    part = hits / count
    centre = part + _Z**2 / (2 * count)
    margin = _Z * (part * (1 - part) / count + _Z**2 / (4 * count**2)) ** 0.5
    scale = 1 + _Z**2 / count
    # At 0 and 100 %, rounding could put the share itself outside.
    low, high = min((centre - margin) / scale, part), max((centre + margin) / scale, part)
    return Interval(part, max(low, 0.0), min(high, 1.0), count)


def share_of(outcomes: Sequence[bool]) -> Interval | None:
    """The share of true outcomes, with Wilson's interval."""
    return share(sum(outcomes), len(outcomes))


def bootstrap(
    rows: Sequence[float] | Sequence[Sequence[float]] | np.ndarray,
    statistic: Callable[[np.ndarray], float],
    seed: int = 0,
) -> Interval | None:
    """A statistic of independent rows (n,) or (n, k) with a bootstrap interval; None without rows.

    Resamples for which the statistic is NaN are left out.
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
    """The median with a bootstrap interval."""
    return bootstrap(values, lambda drawn: float(np.median(drawn)))


def mean(values: Sequence[float]) -> Interval | None:
    """The mean with a bootstrap interval."""
    return bootstrap(values, lambda drawn: float(np.mean(drawn)))


def ratio(rows: Sequence[Sequence[float]]) -> Interval | None:
    """The first column's sum over the second's, such as events per minute; bootstrap interval."""
    if not sum(row[1] for row in rows):
        return None
    return bootstrap(rows, _ratio)


def _ratio(table: np.ndarray) -> float:
    above, below = table.sum(axis=0)
    return float(above / below) if below else float("nan")
