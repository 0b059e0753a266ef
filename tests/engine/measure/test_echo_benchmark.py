"""The canceller's cost is measured on any speech, however short."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from engine.measure.echo_benchmark import measure_echo_cost


def test_each_situation_has_its_cost() -> None:
    voice = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    assert all(cost > 0 for cost in astuple(measure_echo_cost(voice, voice[::-1])))
