"""The unit reader's network: it recognises words in one speaker's units, for captions.

A recurrent network with one step per frame of 40 ms. For each frame it gives a piece of text that
was just completed, or the blank. It is trained with CTC (A. Graves et al. 2006), so it gives a word
as soon as it is sure of it.

Shapes: B batch, T frames, P pieces and the blank, L layers, H hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes of the network."""

    units: int
    pieces: int
    """Number of pieces of text; the blank has the number after the last piece."""
    inner: int = 192
    hidden: int = 384
    layers: int = 3
    dropout: float = 0.1
    """Between the layers, in training only."""


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
        """Logits of each frame's piece (the last is the blank), and the next state."""
        remembered_BTH, state = self.memory(self.enter(units_BT), state_LBH)
        logits_BTP: Tensor = self.leave(remembered_BTH)
        return logits_BTP, state

    def begin(self, batch: int) -> Tensor:
        """The state before the first frame."""
        return torch.zeros(self.config.layers, batch, self.config.hidden)
