"""Edit distances of many sequences at once equal the textbook's."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edit_distance import edit_distance, edit_distances

units = st.lists(st.integers(0, 5), max_size=12)


def textbook_distance(first: list[int], second: list[int]) -> int:
    """Wagner and Fischer, cell by cell."""
    table = np.zeros((len(first) + 1, len(second) + 1), int)
    table[:, 0], table[0] = np.arange(len(first) + 1), np.arange(len(second) + 1)
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            change = table[i - 1, j - 1] + (a != b)
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, change)
    return int(table[-1, -1])


@given(units, st.lists(units, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_edit_distance(first: list[int], others: list[list[int]]) -> None:
    expected = [textbook_distance(first, other) for other in others]
    assert edit_distances(first, others).tolist() == expected
    assert edit_distance(first, others[0]) == expected[0]
    nearest = [
        min(textbook_distance(first, other[:end]) for end in range(len(other) + 1))
        for other in others
    ]
    assert edit_distances(first, others, prefixes=True).tolist() == nearest
