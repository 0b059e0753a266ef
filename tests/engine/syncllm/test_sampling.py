"""Sampling: temperature and top-p, among what the format allows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.syncllm.sampling import Allowed, Sampler, Sampling, sample_token
from engine.syncllm.tokens import TextSlot, TokenFormat, UnitTable

SURE = Sampling(0.0, 1.0)
_FORMAT = TokenFormat(20, 20, 21, 4, text=TextSlot(5, 30, 2, 40, 2), own_table=UnitTable(10, 60))
_VOCABULARY = 70


def test_draw() -> None:
    random = np.random.default_rng(0)
    logits = np.log(np.array([0.05, 0.6, 0.3, 0.05], np.float32))
    assert sample_token(logits, SURE, random) == 1
    drawn = [sample_token(logits, Sampling(1.0, 1.0), random) for _ in range(4000)]
    np.testing.assert_allclose(np.bincount(drawn) / 4000, [0.05, 0.6, 0.3, 0.05], atol=0.03)
    assert {sample_token(logits, Sampling(1.0, 0.8), random) for _ in range(200)} == {1, 2}
    assert {sample_token(logits, Sampling(1.0, 0.5), random) for _ in range(50)} == {1}
    hot = np.bincount([sample_token(logits, Sampling(50.0, 1.0), random) for _ in range(4000)])
    np.testing.assert_allclose(hot / 4000, [0.25] * 4, atol=0.04)
    assert sample_token(np.array([-np.inf, 0.0]), Sampling(1.0, 1.0), random) == 1


@pytest.mark.parametrize(
    ("allowed", "ids"),
    [
        (Allowed((20, 21)), [20, 21]),
        (Allowed((20,), UnitTable(10, 60)), [20, *range(60, 70)]),
        (Allowed((), UnitTable(3, 0), heard=True), [0, 1, 2, *range(40, 45)]),
        (Allowed((21,), None, heard=True, own=True), [21, *range(30, 35), *range(40, 45)]),
    ],
)
def test_only_what_is_allowed_is_drawn(allowed: Allowed, ids: list[int]) -> None:
    sampler = Sampler(_FORMAT, 0)
    assert sampler.ids(allowed).tolist() == ids
    flat = np.zeros(_VOCABULARY, np.float32)
    drawn = {sampler.draw(flat, allowed, Sampling(1.0, 1.0)) for _ in range(400)}
    assert drawn == set(ids)


def test_a_banned_unit_never_comes() -> None:
    sampler = Sampler(_FORMAT, 0)
    allowed = Allowed((20,), UnitTable(3, 60))
    logits = np.zeros(_VOCABULARY, np.float32)
    logits[61] = 50.0
    assert sampler.draw(logits, allowed, SURE) == 61
    drawn = {sampler.draw(logits, allowed, Sampling(1.0, 1.0), banned=1) for _ in range(200)}
    assert drawn == {20, 60, 62}


def test_the_probability_is_of_what_is_allowed() -> None:
    sampler = Sampler(_FORMAT, 0)
    logits = np.log(np.arange(1, _VOCABULARY + 1, dtype=np.float32))
    allowed = Allowed((20, 21), UnitTable(2, 60))
    # 21, 22, 61 and 62 of 166
    assert sampler.probability(logits, allowed, [60, 20]) == pytest.approx((61 + 21) / 166)
    logits[60] = np.nan
    assert sampler.probability(logits, allowed, [60]) == 0.0


def test_a_mark_brings_back_the_same_draws() -> None:
    sampler = Sampler(_FORMAT, 3)
    allowed, hot = Allowed((), UnitTable(10, 60)), Sampling(1.0, 1.0)
    flat = np.zeros(_VOCABULARY, np.float32)
    mark = sampler.mark()
    first = [sampler.draw(flat, allowed, hot) for _ in range(20)]
    sampler.draw(np.full(_VOCABULARY, np.nan, np.float32), allowed, hot)
    assert sampler.not_numbers == 1
    sampler.restore(mark)
    assert sampler.not_numbers == 0
    assert [sampler.draw(flat, allowed, hot) for _ in range(20)] == first
