"""Cuts are of whole sentences and of about one length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.cuts import LEAST_S, MOST_S, PAUSE_S, group_lengths, joined, without_ends


@given(st.lists(st.floats(0.2, 9.0), max_size=30))
def test_every_cut_has_its_length_and_its_own_sentences(lengths: list[float]) -> None:
    cuts = group_lengths(lengths)
    used = [index for cut in cuts for index in cut]
    assert used == sorted(set(used))
    for cut in cuts:
        total = sum(lengths[index] for index in cut) + PAUSE_S * (len(cut) - 1)
        assert LEAST_S <= total <= MOST_S + 1e-9


def test_short_sentences_are_joined_and_too_long_ones_left_out() -> None:
    assert group_lengths([1.5, 1.5, 1.5, 8.0, 5.0, 1.0]) == [[0, 1, 2], [4]]


def test_joined_sounds_keep_their_samples() -> None:
    sounds = [np.full(n, n, np.float32) for n in (10, 20)]
    cut = joined(sounds)
    pause = round(PAUSE_S * SAMPLE_RATE_HZ)
    assert cut.shape == (30 + pause,)
    assert np.array_equal(cut[:10], sounds[0])
    assert np.array_equal(cut[-20:], sounds[1])
    assert not cut[10:-20].any()
    assert joined([]).shape == (0,)


def test_silence_at_the_ends_is_cut_off() -> None:
    rng = np.random.default_rng(0)
    sound = np.zeros(3 * SAMPLE_RATE_HZ, np.float32)
    sound[SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ] = rng.normal(0, 0.1, SAMPLE_RATE_HZ)
    assert len(without_ends(sound)) == pytest.approx(SAMPLE_RATE_HZ, abs=0.05 * SAMPLE_RATE_HZ)
    assert len(without_ends(np.zeros(1000, np.float32))) == 1000
