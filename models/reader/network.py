"""The unit reader: which words a row of units is, for captions.

A recurrent network over one speaker's units, a frame of 40 ms at a time, that gives for each frame
a piece of text that has just been told, or nothing. It is trained with CTC (A. Graves et al. 2006),
so it tells a word as soon as it is sure of it. Shapes: B batch, T frames, P pieces and nothing,
L layers, H hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes."""

    units: int
    pieces: int
    """Pieces of text; the number behind the last stands for nothing."""
    inner: int = 192
    hidden: int = 384
    layers: int = 3
    dropout: float = 0.1
    """Between the layers, in training."""


class UnitReader(nn.Module):
    """Units (B, T) and a state (L, B, H) to logits (B, T, P) and the next state."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Embedding(config.units, config.inner)
        self.memory = nn.GRU(
            config.inner, config.hidden, config.layers, batch_first=True, dropout=config.dropout
        )
        self.leave = nn.Linear(config.hidden, config.pieces + 1)

    def forward(self, units_BT: Tensor, state_LBH: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of each frame's piece, of which the last is nothing."""
        remembered_BTH, state = self.memory(self.enter(units_BT), state_LBH)
        logits_BTP: Tensor = self.leave(remembered_BTH)
        return logits_BTP, state

    def begin(self, batch: int) -> Tensor:
        """A state that remembers nothing."""
        return torch.zeros(self.config.layers, batch, self.config.hidden)
