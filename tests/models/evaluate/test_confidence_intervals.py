"""Intervals against figures of the textbooks."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluate.confidence_intervals import bootstrap, mean, median, ratio, share, share_of


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilson(hits: int, count: int, low: float, high: float) -> None:
    # The last is the worked example of R. Newcombe, Statistics in Medicine 17 (1998).
    found = share(hits, count)
    assert found is not None
    assert found.value == hits / count
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_nothing_observed_has_no_interval() -> None:
    assert share(0, 0) is None
    assert share_of([]) is None
    assert mean([]) is None
    assert median([]) is None
    assert ratio([(0.0, 0.0)]) is None


def test_one_observation_has_no_width() -> None:
    found = mean([3.0])
    assert found is not None
    assert (found.value, found.low, found.high) == (3.0, None, None)


def test_equal_observations_have_no_width() -> None:
    found = ratio([(8, 8), (8, 8), (8, 8)])
    assert found is not None
    assert (found.value, found.low, found.high, found.count) == (1.0, None, None, 3)


def test_bootstrap_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = bootstrap(values, np.mean)
    assert found is not None
    margin = 1.96 * values.std() / 20
    expected = (values.mean() - margin, values.mean() + margin)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.04)


def test_ratio_weighs_by_the_second_column() -> None:
    found = ratio([(10, 1), (0, 9)])
    assert found is not None
    assert found.value == 1.0
    assert found.low is not None and found.high is not None
    assert found.low < 1.0 < found.high
