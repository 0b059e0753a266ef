"""The matrices of an ONNX file as whole numbers: a third less time, and a quarter of the memory.

Only matrices that come several times in one shape are rounded: those of a network's blocks. What
comes once (filter banks, Fourier transforms, the last layer) stays exact.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from models.onnx_weights import HALVED, halve_weights

_LEAST_ALIKE = 4


def round_matrices(onnx_path: Path) -> None:
    """Rewrite the file in place with its blocks' matrices as int8; the second time nothing changes.

    onnxruntime rounds what they are multiplied with to uint8, each time by its own range. Weights
    have 7 bits: products of two full bytes overflow in processors that have AVX2 but no VNNI.
    """
    model = onnx.load(onnx_path)
    if any(node.op_type == "MatMulInteger" for node in model.graph.node):
        return
    _restore_halved(model.graph)
    shapes = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
    products = [
        node
        for node in model.graph.node
        if node.op_type == "MatMul" and len(shapes.get(node.input[1], ())) == 2
    ]
    alike = Counter(shapes[node.input[1]] for node in products)
    chosen = [node for node in products if alike[shapes[node.input[1]]] >= _LEAST_ALIKE]
    for number, node in enumerate(chosen):
        node.name = f"block_product_{number}"
    if chosen:
        quantize_dynamic(
            model,
            onnx_path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=[node.name for node in chosen],
        )
        halve_weights(onnx_path)


def _restore_halved(graph: onnx.GraphProto) -> None:
    """Make the float16 weights of `halve_weights` float32 again."""
    weights = {weight.name: weight for weight in graph.initializer}
    rest = []
    for node in graph.node:
        stored = weights.get(node.input[0]) if node.op_type == "Cast" else None
        if stored is None or not stored.name.endswith(HALVED):
            rest.append(node)
            continue
        values = numpy_helper.to_array(stored).astype("float32")
        stored.CopyFrom(numpy_helper.from_array(values, node.output[0]))
    del graph.node[:]
    graph.node.extend(rest)


def exact_matrices(onnx_path: Path) -> None:
    """Rewrite the file in place with products of float32 in place of `round_matrices`' of int8.

    The weights keep their rounded values; only what they are multiplied with is no longer rounded.
    A GPU's provider lacks int8 products or is slow at them.
    """
    model = onnx.load(onnx_path)
    graph = model.graph
    _restore_halved(graph)
    made = {output: node for node in graph.node for output in node.output}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    weights = {weight.name: weight for weight in graph.initializer}

    def value(name: str) -> np.ndarray:
        return numpy_helper.to_array(weights[name]).astype(np.float32)

    products: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        if node.op_type != "MatMulInteger":
            continue
        (cast,) = users[node.output[0]]
        (scaled,) = users[cast.output[0]]
        scales = made[next(name for name in scaled.input if name != cast.output[0])]
        scale = value(next(name for name in scales.input if name in weights))
        matrix = (value(node.input[1]) - value(node.input[3])) * scale
        name = f"{node.input[1]}_exact"
        graph.initializer.append(numpy_helper.from_array(matrix.astype(np.float32), name))
        sound = made[node.input[0]].input[0]
        products[scaled.output[0]] = onnx.helper.make_node("MatMul", [sound, name], scaled.output)
    nodes = [
        next((products[name] for name in node.output if name in products), node)
        for node in graph.node
    ]
    del graph.node[:]
    graph.node.extend(_needed(nodes, {end.name for end in graph.output}))
    used = {name for node in graph.node for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(kept)
    onnx.save(model, onnx_path)


def _needed(nodes: list[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """The nodes, in order, that something wanted depends on."""
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]
