"""Restores a starter's tokenizer from a bundle's ONNX file, for the training of a language model on
its units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from models.bundle_part import reading_part
from models.onnx_weights import complete_state, matrices_of_biases, weights_by_name
from models.tokenizer.export import STREAM_PREFIX
from models.tokenizer.starter_0_9 import Starter09Tokenizer
from models.tokenizer.streaming_encoder import StreamingTokenizer


def tokenizer_from_onnx(path: Path) -> Starter09Tokenizer | StreamingTokenizer:
    """The tokenizer of a bundle, in evaluation mode, with the file's rounding.

    Raises DuologueError where the file holds none of ours.
    """
    with reading_part(path, "tokenizer"):
        graph = onnx.load(path).graph
        # As a stream it is exported inside another module, whose name comes first.
        weights = {
            name.removeprefix(STREAM_PREFIX): weight
            for name, weight in weights_by_name(graph).items()
        }
        if "position" in weights:
            return _streaming(graph, weights)
        net = Starter09Tokenizer()
        net.centroids = weights["centroids"]
        net.unit_of_centroid = _unit_of_centroid(graph, len(net.centroids))
        weights["unit_of_centroid"] = net.unit_of_centroid
        net.load_state_dict(complete_state(net.state_dict(), weights, graph))
        return net.eval()


def _streaming(graph: onnx.GraphProto, weights: dict[str, Tensor]) -> StreamingTokenizer:
    """Without the head for the teacher, which no bundle has: it is random."""
    net = StreamingTokenizer()
    state = net.state_dict()
    known = {name: weights.get(name) for name in state}
    gathered = [node.input[0] for node in graph.node if node.op_type == "GatherND"]
    heads = net.config.heads
    biases = iter(weights[name].T for name in gathered if _columns(weights, name) == heads)
    if "centroids" not in weights:  # a small table is stored as it is used, turned
        rows = state["centroids"].shape[1]
        (turned,) = (w for w in weights.values() if w.dim() == 2 and len(w) == rows)
        weights = weights | {"centroids": turned.T.contiguous()}
    net.centroids = known["centroids"] = weights["centroids"]
    net.unit_of_centroid = known["unit_of_centroid"] = _unit_of_centroid(graph, len(net.centroids))
    for name, weight in state.items():
        if name.startswith("teacher_head."):
            known[name] = weight
        elif name.endswith(".distance_bias"):
            known[name] = next(biases)
    named = {prefix + name: name for name in state for prefix in ("", STREAM_PREFIX)}
    for bias, matrix in matrices_of_biases(graph, weights, named).items():
        known[named[bias].removesuffix("bias") + "weight"] = matrix
    net.load_state_dict(known)
    return net.eval()


def _columns(weights: dict[str, Tensor], name: str) -> int:
    return weights[name].shape[1] if name in weights and weights[name].dim() == 2 else 0


def _unit_of_centroid(graph: onnx.GraphProto, centroids: int) -> Tensor:
    """(centroids,) int64: the graph's only whole numbers of that shape."""
    arrays = [numpy_helper.to_array(each) for each in graph.initializer]
    (found,) = (a for a in arrays if a.dtype == np.int64 and a.shape == (centroids,))
    return torch.from_numpy(found.copy())
