"""Drawn times are distributed as people's."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.dialogue.timing import HUMAN, Distribution, read_timing

seconds = st.floats(-0.5, 3.0)


@given(seconds, seconds, st.integers())
def test_draws_stay_between_their_bounds(first: float, second: float, seed: int) -> None:
    low, high = sorted((first, second))
    drawn = HUMAN.floor_transfer.draw(random.Random(seed), low, high)
    assert low - 1e-6 <= drawn <= high + 1e-6


def test_realised_shares_are_those_that_were_counted() -> None:
    rng = random.Random(2)
    drawn = np.array([HUMAN.floor_transfer.draw(rng, -1.22, 5.33) for _ in range(20_000)])
    quantiles = np.quantile(drawn, (0.10, 0.25, 0.50, 0.75, 0.90))
    np.testing.assert_allclose(quantiles, (-0.45, -0.10, 0.24, 0.65, 1.37), atol=0.08)


def test_histograms_are_read(tmp_path: Path) -> None:
    entry = {"lo": 0.2, "hi": 0.32, "step": 0.04, "below": 3, "above": 1, "counts": [1, 0, 3]}
    names = ("two_party_fto_no_backchannels", "two_party_pause_no_backchannels")
    content = {"icsi": dict.fromkeys(names, entry)}
    (tmp_path / "histograms.json").write_text(json.dumps(content))
    timing = read_timing(tmp_path)
    assert timing.agent_offset == HUMAN.agent_offset
    assert isinstance(timing.pause, Distribution)
    np.testing.assert_allclose(timing.pause.seconds, (0.2, 0.24, 0.28, 0.32))
    assert timing.pause.shares == (0, 0.25, 0.25, 1)
    rng = random.Random(0)
    drawn = np.array([timing.pause.draw(rng, 0, 1) for _ in range(2000)])
    assert abs((drawn < 0.24).mean() - 0.25) < 0.04
    assert not ((drawn > 0.241) & (drawn < 0.279)).any()
