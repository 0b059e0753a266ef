"""Presets of dGSLM: as published, one that two cores train, and one for tests.

The published figures are from arXiv 2203.16502 and the training command that came with its code,
in which two GPUs add up 16 times three windows: 96 in an update.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.dgslm.network import TowersConfig


@dataclass(frozen=True)
class Preset:
    """A network and its training."""

    network: TowersConfig
    steps: int
    """Updates of the whole training."""
    batch: int
    """Windows of both channels in an update."""
    peak_learning_rate: float
    """Adam's."""
    warmup: int
    """Updates in which the learning rate rises."""
    matrix_learning_rate: float | None = None
    """Muon's for the layers' matrices; the rates then fall as a cosine over the budget, as the
    starter's do. None: Adam for all, and rates that fall with the root of the step, as
    published."""
    dropout: float = 0.0


PRESETS = {
    "dgslm-published": Preset(TowersConfig(), 250_000, 96, 5e-4, 20_000, dropout=0.1),
    "dgslm-cpu": Preset(
        TowersConfig(width=320, cross_layers=4, heads=5, feed_width=1280, window=512),
        1000, 8, 1e-3, 50, 3e-3,
    ),
    "tiny": Preset(
        TowersConfig(width=32, layers=2, cross_layers=1, heads=2, feed_width=64, window=96),
        4, 2, 1e-3, 2, 4e-3,
    ),
}  # fmt: skip
