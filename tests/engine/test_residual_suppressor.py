"""The network's gains are taken mildly, and let the user through where he is most of the sound."""

from __future__ import annotations

import numpy as np
import pytest

from engine.residual_suppressor import HOP, ResidualSuppressor


@pytest.fixture
def suppressor() -> ResidualSuppressor:
    return ResidualSuppressor()


def test_what_is_all_echo_stays_away(suppressor: ResidualSuppressor) -> None:
    gentle = suppressor._gentle(np.full(HOP + 1, 1e-3, np.float32), np.ones(HOP + 1, np.float32))
    assert gentle.max() < 0.01


def test_what_is_mostly_the_user_passes_whole(suppressor: ResidualSuppressor) -> None:
    gains, powers = np.ones(HOP + 1, np.float32), np.ones(HOP + 1, np.float32)
    gains[:40] = 0.05
    gentle = suppressor._gentle(gains, powers)
    assert gentle.min() > 0.9


def test_a_users_breath_is_not_cut_off_at_once(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    suppressor._gentle(np.ones(HOP + 1, np.float32), powers)
    none = np.full(HOP + 1, 1e-3, np.float32)
    means = [float(suppressor._gentle(none, powers).mean()) for _ in range(12)]
    assert means[0] > 0.9
    assert means[-1] < 0.01
    assert sorted(means, reverse=True) == means


def test_a_strict_one_spares_nobody(suppressor: ResidualSuppressor) -> None:
    powers = np.ones(HOP + 1, np.float32)
    suppressor._gentle(powers, powers)
    half = np.full(HOP + 1, 0.5, np.float32)
    assert suppressor._gentle(half, powers).min() > 0.9
    assert suppressor._gentle(half, powers, strict=True).max() < 0.2
