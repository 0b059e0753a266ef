"""dGSLM's two losses: the unit at an edge, and how long it lasts (arXiv 2203.16502).

An edge is a step whose unit differs from the one before it in its channel; a sequence's first step
is one. Steps that only hold a unit teach nothing. The length is read one step after the edge, when
the network has seen the unit. As in the published code each channel's losses are means over its
edges, and both channels count the same, however many edges each of them has.

Shape letters: B batch, 2 channels, T steps, V units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

LONGEST_RUN = 256
"""Longer runs are learned as if they ended here (the published code)."""


@dataclass(frozen=True)
class DgslmLosses:
    """Means over edges."""

    edge: Tensor
    """Nats for a unit at an edge."""
    duration: Tensor
    """Mean absolute error of a length in steps."""
    edge_accuracy: Tensor
    """Share of edges whose likeliest unit is right."""
    duration_accuracy: Tensor
    """Share of lengths that are right once they are rounded."""

    @property
    def total(self) -> Tensor:
        """What is trained: the sum of both."""
        return self.edge + self.duration


def run_lengths(units_2N: np.ndarray, steps: int) -> np.ndarray:
    """int64 (2, steps): at each edge how many steps its unit lasts, at most ``LONGEST_RUN``, and 0
    elsewhere.

    Runs go on behind ``steps`` as far as there are units.
    """
    found = np.zeros(units_2N.shape, np.int64)
    for units, lengths in zip(units_2N, found, strict=True):
        edges = np.flatnonzero(np.r_[True, units[1:] != units[:-1]])
        lengths[edges] = np.minimum(np.diff(np.r_[edges, len(units)]), LONGEST_RUN)
    return found[:, :steps]


def edge_weights(runs_B2T: Tensor) -> tuple[Tensor, Tensor]:
    """(2,) each: what one edge of a channel weighs in the edge loss and in the duration loss.

    A channel without edges weighs nothing, and the other one then counts alone.
    """
    edges = runs_B2T > 0
    unit, duration = (_weights(part) for part in (edges, edges[..., :-1]))
    return unit, duration


def _weights(edges_B2T: Tensor) -> Tensor:
    counts = edges_B2T.sum((0, 2))
    channels = (counts > 0).sum().clamp(min=1)
    return 1 / (counts.clamp(min=1) * channels)


def dgslm_losses(
    logits_B2TV: Tensor,
    lengths_B2T: Tensor,
    units_B2T: Tensor,
    runs_B2T: Tensor,
    weights: tuple[Tensor, Tensor] | None = None,
) -> DgslmLosses:
    """The losses of what a network gives (``Towers``), where ``units_B2T`` are the units that come.

    ``runs_B2T``: lengths at the edges and 0 elsewhere (``run_lengths``); an edge that is 0 here is
    not learned. The last step's length is never read. ``weights``: the ``edge_weights`` of a batch
    of which these are a part; the losses of all parts then add up to those of the batch.
    """
    per_unit_2, per_length_2 = edge_weights(runs_B2T) if weights is None else weights
    edges = runs_B2T > 0
    logits_NV, units_N = logits_B2TV[edges].float(), units_B2T[edges]
    weight_N = per_unit_2[:, None].expand_as(edges)[edges]
    surprise_N = functional.cross_entropy(logits_NV, units_N, reduction="none")
    timed = edges[..., :-1]
    said_M, true_M = lengths_B2T[..., 1:][timed].float(), runs_B2T[..., :-1][timed]
    weight_M = per_length_2[:, None].expand_as(timed)[timed]
    return DgslmLosses(
        (weight_N * surprise_N).sum(),
        (weight_M * (said_M - true_M).abs()).sum(),
        (weight_N * (logits_NV.argmax(-1) == units_N)).sum(),
        (weight_M * (said_M.round() == true_M)).sum(),
    )
