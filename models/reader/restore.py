"""Restores a unit reader from a bundle's ONNX file, so that training goes on from it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import Tensor

from models.bundle_part import reading_part
from models.onnx_weights import weights_by_name
from models.reader.network import ReaderConfig, UnitReader


def reader_from_onnx(path: Path) -> UnitReader:
    """The unit reader of a starter bundle, with its file's rounding, in evaluation mode.

    Raises DuologueError where the file holds no unit reader of the usual kind.
    """
    with reading_part(path, "unit reader"):
        graph = onnx.load(path).graph
        weights = weights_by_name(graph)
        state = {
            "enter.weight": weights["net.enter.weight"],
            "leave.bias": weights["net.leave.bias"],
        }
        layers = [node for node in graph.node if node.op_type == "GRU"]
        for index, node in enumerate(layers):
            into, again, bias = (weights[name][0] for name in node.input[1:4])
            first, second = bias.chunk(2)
            parts = {"weight_ih": into, "weight_hh": again, "bias_ih": first, "bias_hh": second}
            for name, gates in parts.items():
                state[f"memory.{name}_l{index}"] = _torch_gates(gates)
        (leave,) = (node for node in graph.node if node.op_type == "MatMul")
        state["leave.weight"] = weights[leave.input[1]].T
        units, inner = state["enter.weight"].shape
        hidden = state["memory.weight_hh_l0"].shape[1]
        net = UnitReader(
            ReaderConfig(units, len(state["leave.bias"]) - 1, inner, hidden, len(layers))
        )
        net.load_state_dict(state)
        return net.eval()


def _torch_gates(rows: Tensor) -> Tensor:
    """ONNX has the update gate first, torch the reset gate."""
    update, reset, new = rows.chunk(3)
    return torch.cat([reset, update, new])
