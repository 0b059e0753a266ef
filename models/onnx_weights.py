"""The weights of an ONNX file: halved when it is written, and read back for training."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

LEAST_VALUES = 1024  # smaller tensors are not worth a node
HALVED = ".stored"
"""Ends the names of weights that are stored as float16."""
_ROUNDED = "_quantized"
"""Ends the names of matrices that `models.onnx_matrices` has rounded."""


def halve_weights(onnx_path: Path) -> None:
    """Rewrite the file in place with its large float32 weights as float16.

    onnxruntime casts them back once when it loads the file, so speed and arithmetic stay those of
    float32. The exporter's notes at each node are removed: they hold this machine's paths.
    """
    model = onnx.load(onnx_path)
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < LEAST_VALUES:
            continue
        name = weight.name
        stored = numpy_helper.from_array(values.astype(np.float16), name + HALVED)
        weight.CopyFrom(stored)
        casts.append(
            onnx.helper.make_node("Cast", [stored.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    for node in nodes:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    del graph.node[:]
    graph.node.extend(nodes)
    stored_names = {cast.output[0] for cast in casts}
    for value in (*graph.value_info, *graph.input, *graph.output, *graph.initializer):
        value.ClearField("metadata_props")
    del model.metadata_props[:], graph.metadata_props[:]
    described = [info for info in graph.value_info if info.name not in stored_names]
    del graph.value_info[:]
    graph.value_info.extend(described)
    onnx.save(model, onnx_path)


def weights_by_name(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """The graph's weights as float32, by the names they had in torch."""
    arrays = {
        each.name.removesuffix(HALVED): numpy_helper.to_array(each) for each in graph.initializer
    }
    weights = {}
    for name, array in arrays.items():
        if name.endswith(_ROUNDED):
            plain = name.removesuffix(_ROUNDED)
            scale = arrays[f"{plain}_scale"].astype(np.float32)
            array = (array.astype(np.float32) - arrays[f"{plain}_zero_point"]) * scale
            name = plain
        if array.dtype in (np.float16, np.float32):
            weights[name] = torch.from_numpy(array.astype(np.float32))
    return weights


def complete_state(
    state: dict[str, Tensor], weights: dict[str, Tensor], graph: onnx.GraphProto
) -> dict[str, Tensor]:
    """The weights for every name of a network's ``state``.

    Matrices of linear layers lost their names in the export; they are found by their order.
    """
    matrices = iter(_unnamed_matrices(graph, weights))
    return {name: weights[name] if name in weights else next(matrices).T for name in state}


def _unnamed_matrices(graph: onnx.GraphProto, weights: dict[str, Tensor]) -> list[Tensor]:
    names = [
        node.input[1].removesuffix(_ROUNDED)
        for node in graph.node
        if node.op_type in ("MatMul", "MatMulInteger", "Gemm")
    ]
    return [weights[name] for name in names if name.startswith("val_") and name in weights]


def matrices_of_biases(
    graph: onnx.GraphProto, weights: dict[str, Tensor], biases: Collection[str]
) -> dict[str, Tensor]:
    """The matrix that is multiplied before each of these biases is added, in torch's orientation.

    The order of the nodes does not count, which rounding may change.
    """
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    found = {}
    for node in graph.node:
        if node.op_type not in ("MatMul", "MatMulInteger"):
            continue
        weight = weights.get(node.input[1].removesuffix(_ROUNDED))
        # What the product goes through before the bias: casts and scales.
        after = node
        while weight is not None and (following := users.get(after.output[0], [])):
            after = following[0]
            if after.op_type == "Add":
                for name in set(after.input) & set(biases):
                    found[name] = weight.T
                break
    return found
