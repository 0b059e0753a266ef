"""Exports the unit reader to ONNX.

Inputs: ``units`` int64 (1, T) and ``state``. Outputs: ``pieces`` int64 (1, T) and ``next_state``.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from models.onnx_weights import halve_weights
from models.reader.network import UnitReader

_OPSET = 17
_CHUNK_FRAMES = 4


class _Read(nn.Module):
    """The reader with the output that the engine needs: the likeliest piece of each frame."""

    def __init__(self, net: UnitReader) -> None:
        super().__init__()
        self.net = net

    def forward(self, units_BT: Tensor, state_LBH: Tensor) -> tuple[Tensor, Tensor]:
        logits_BTP, state = self.net(units_BT, state_LBH)
        return logits_BTP.argmax(-1), state


def export_reader(net: UnitReader, path: Path) -> None:
    """Write the network to ``path``, with weights in float16."""
    torch.onnx.export(
        _Read(net).eval(),
        (torch.zeros(1, _CHUNK_FRAMES, dtype=torch.int64), net.begin(1)),
        path,
        input_names=["units", "state"],
        output_names=["pieces", "next_state"],
        dynamic_axes={"units": {1: "frames"}, "pieces": {1: "frames"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    halve_weights(path)
