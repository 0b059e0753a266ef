"""Exports the residual echo suppressor to ONNX."""

from __future__ import annotations

from pathlib import Path

import torch

from models.echo.network import BINS, INPUTS, EchoSuppressor
from models.onnx_weights import halve_weights

_OPSET = 17


def export_suppressor(net: EchoSuppressor, path: Path) -> None:
    """Write ``path``: powers (1, T, 4 F) and a state (1, 1, H) in, gains (1, T, F) and the next
    state out."""
    net.eval()
    part = path.with_suffix(".part")
    torch.onnx.export(
        net,
        (torch.ones(1, 1, INPUTS * BINS), net.begin(1)),
        part,
        input_names=["powers", "state"],
        output_names=["gains", "next_state"],
        dynamic_axes={"powers": {1: "frames"}, "gains": {1: "frames"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    halve_weights(part)
    part.replace(path)
    net.train()
