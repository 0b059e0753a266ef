"""dGSLM's losses are those of cases that were computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from models.dgslm.losses import LONGEST_RUN, dgslm_losses, edge_weights, run_lengths

# Two channels of six steps. Edges of the first: 0, 2, 3, 5; of the second: 0 and 4.
UNITS = np.array([[7, 7, 3, 5, 5, 3, 3, 3], [1, 1, 1, 1, 2, 2, 2, 6]])
STEPS = 6


def _batch() -> tuple[Tensor, Tensor]:
    units = torch.from_numpy(UNITS[None, :, :STEPS])
    return units, torch.from_numpy(run_lengths(UNITS, STEPS)[None])


def _logits(chances: dict[tuple[int, int], float], units: Tensor) -> Tensor:
    """Logits (1, 2, T, 8) that give the right unit these probabilities, and the others equal parts
    of the rest; at all other steps the right unit is next to impossible."""
    logits = torch.zeros(*units.shape, 8)
    for channel in range(2):
        for step in range(units.shape[-1]):
            chance = chances.get((channel, step), 1e-9)
            logits[0, channel, step] = math.log((1 - chance) / 7)
            logits[0, channel, step, units[0, channel, step]] = math.log(chance)
    return logits


def test_run_lengths_are_at_edges_and_go_on_behind_the_window() -> None:
    runs = run_lengths(UNITS, STEPS)
    assert runs.tolist() == [[2, 0, 1, 2, 0, 3], [4, 0, 0, 0, 3, 0]]


def test_a_long_run_ends_at_the_cap() -> None:
    units = np.repeat([[4, 5]], [LONGEST_RUN, LONGEST_RUN + 90], axis=1)
    runs = run_lengths(np.vstack([units, units[:, ::-1]]), 400)
    assert runs[0, 0] == runs[0, 256] == 256
    assert runs[1, 0] == 256
    assert runs[1, 346] == 256
    assert runs.sum() == 4 * 256


def test_the_edge_loss_is_the_mean_over_each_channels_edges() -> None:
    units, runs = _batch()
    first = {(0, 0): 1 / 2, (0, 2): 1 / 4, (0, 3): 1 / 16, (0, 5): 1 / 32}
    logits = _logits({**first, (1, 0): 1 / 2, (1, 4): 1 - 1e-6}, units)
    losses = dgslm_losses(logits, torch.zeros(1, 2, STEPS), units, runs)
    # In units of ln 2: (1 + 2 + 4 + 5) / 4 = 3 and (1 + 0) / 2 = 0.5; their mean is 1.75.
    assert losses.edge.item() == pytest.approx(1.75 * math.log(2), abs=1e-5)
    # 1/2 and 1/4 are more than a seventh of the rest, 1/16 and 1/32 are less.
    assert losses.edge_accuracy.item() == pytest.approx((2 / 4 + 2 / 2) / 2)


def test_steps_that_hold_a_unit_teach_nothing() -> None:
    units, runs = _batch()
    logits = torch.randn(1, 2, STEPS, 8, requires_grad=True)
    lengths = torch.randn(1, 2, STEPS, requires_grad=True)
    dgslm_losses(logits, lengths, units, runs).total.backward()
    assert logits.grad is not None and lengths.grad is not None
    learned = logits.grad.abs().sum(-1)[0] > 0
    assert learned.int().tolist() == [[1, 0, 1, 1, 0, 1], [1, 0, 0, 0, 1, 0]]
    # A step later; the first channel's edge at step 5 would be read behind the window.
    read = lengths.grad[0] != 0
    assert read.int().tolist() == [[0, 1, 0, 1, 1, 0], [0, 1, 0, 0, 0, 1]]


def test_lengths_are_read_a_step_after_the_edge() -> None:
    units, runs = _batch()
    lengths = torch.tensor([[[99, 2.4, 99, 4, 2, 99], [99, 1, 99, 99, 99, 5.5]]])
    losses = dgslm_losses(torch.zeros(1, 2, STEPS, 8), lengths, units, runs)
    # Errors of the first channel: |2.4 - 2|, |4 - 1|, |2 - 2|; of the second |1 - 4|, |5.5 - 3|.
    assert losses.duration.item() == pytest.approx((3.4 / 3 + 5.5 / 2) / 2)
    assert losses.duration_accuracy.item() == pytest.approx((2 / 3 + 0) / 2)
    assert losses.total.item() == pytest.approx(math.log(8) + losses.duration.item())


def test_a_channel_without_edges_leaves_the_other_one_alone() -> None:
    units, runs = _batch()
    runs[:, 1] = 0
    lengths = torch.full((1, 2, STEPS), 3.0)
    losses = dgslm_losses(torch.zeros(1, 2, STEPS, 8), lengths, units, runs)
    assert losses.edge.item() == pytest.approx(math.log(8))
    assert losses.duration.item() == pytest.approx((1 + 2 + 1) / 3)
    none = dgslm_losses(torch.zeros(1, 2, STEPS, 8), lengths, units, torch.zeros_like(runs))
    assert none.total.item() == 0


def test_the_losses_of_parts_add_up_to_those_of_a_batch() -> None:
    rng = np.random.default_rng(0)
    units = np.repeat(rng.integers(0, 8, (3, 2, 20)), rng.integers(1, 5, 20), axis=2)
    steps = units.shape[2] - 4
    runs = torch.from_numpy(np.stack([run_lengths(one, steps) for one in units]))
    whole = torch.from_numpy(units[..., :steps])
    logits, lengths = torch.randn(3, 2, steps, 8), torch.randn(3, 2, steps)
    expected = dgslm_losses(logits, lengths, whole, runs)
    weights = edge_weights(runs)
    for name in ("edge", "duration", "edge_accuracy", "duration_accuracy"):
        parts = [
            getattr(
                dgslm_losses(*(x[i : i + 1] for x in (logits, lengths, whole, runs)), weights), name
            )
            for i in range(3)
        ]
        torch.testing.assert_close(sum(parts), getattr(expected, name))
