"""Krippendorff's own worked example, and the edges."""

from __future__ import annotations

import pytest

from models.paper.krippendorff import Level, alpha

# Four observers, twelve units; 0 stands for no answer (Krippendorff 2011, section C).
_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
_UNITS = [[value for value in unit if value] for unit in zip(*_OBSERVERS, strict=True)]


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(level: Level, published: float) -> None:
    found = alpha(_UNITS, level)
    assert found is not None
    assert round(found, 3) == published


def test_full_agreement_is_one_and_contradiction_below_zero() -> None:
    assert alpha([[1, 1], [5, 5], [3, 3]], "ordinal") == pytest.approx(1)
    opposed = alpha([[1, 5], [5, 1], [1, 5]], "interval")
    assert opposed is not None
    assert opposed < 0


def test_nothing_can_be_said_of_single_or_equal_ratings() -> None:
    assert alpha([[1], [5], []], "ordinal") is None
    assert alpha([[4, 4], [4, 4, 4]], "interval") is None
