"""Halve an ONNX file: large weights are stored as float16 and cast back when it is loaded.

What the exporter notes at each node, source lines with the paths of this machine among it, goes.
onnxruntime folds the casts once at load, so speed and arithmetic stay those of float32.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

LEAST_VALUES = 1024  # smaller tensors are not worth a node


def halve_weights(onnx_path: Path) -> None:
    """Rewrite the file in place with its large float32 weights as float16."""
    model = onnx.load(onnx_path)
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < LEAST_VALUES:
            continue
        name = weight.name
        stored = numpy_helper.from_array(values.astype(np.float16), f"{name}.stored")
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
