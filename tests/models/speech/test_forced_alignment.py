"""Alignment finds phones and pauses."""

from __future__ import annotations

import numpy as np

from models.speech.forced_alignment import align
from models.speech.phones import PAUSE, PHONE_ID


def test_alignment_finds_the_phones_and_the_pause() -> None:
    truth = [PAUSE] * 4 + [3] * 5 + [PAUSE] * 6 + [7] * 3 + [9] * 4 + [PAUSE] * 2
    cost = np.full((len(truth), len(PHONE_ID)), 5.0)
    cost[np.arange(len(truth)), truth] = 0.1
    labels, mean_cost = align(cost, [3, 7, 9])
    assert labels.tolist() == truth
    assert mean_cost < 0.5


def test_alignment_of_the_wrong_words_is_dear() -> None:
    cost = np.full((20, len(PHONE_ID)), 5.0)
    cost[:, 3] = 0.1
    assert align(cost, [8, 9, 10])[1] > 1
