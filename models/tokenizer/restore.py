"""Restores the tokenizer of the starters 0.3 to 0.11 from a bundle's ONNX file, for the training
of a language model on its units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from models.bundle_part import reading_part
from models.onnx_weights import complete_state, weights_by_name
from models.tokenizer.export import STREAM_PREFIX
from models.tokenizer.starter_0_9 import Starter09Tokenizer


def tokenizer_from_onnx(path: Path) -> Starter09Tokenizer:
    """The tokenizer of such a bundle, in evaluation mode.

    Raises DuologueError where the file holds no tokenizer of this kind.
    """
    with reading_part(path, "tokenizer"):
        graph = onnx.load(path).graph
        # As a stream it is exported inside another module, whose name comes first.
        weights = {
            name.removeprefix(STREAM_PREFIX): weight
            for name, weight in weights_by_name(graph).items()
        }
        net = Starter09Tokenizer()
        net.centroids = weights["centroids"]
        net.unit_of_centroid = _unit_of_centroid(graph, len(net.centroids))
        weights["unit_of_centroid"] = net.unit_of_centroid
        net.load_state_dict(complete_state(net.state_dict(), weights, graph))
        return net.eval()


def _unit_of_centroid(graph: onnx.GraphProto, centroids: int) -> Tensor:
    """(centroids,) int64: the graph's only whole numbers of that shape."""
    arrays = [numpy_helper.to_array(each) for each in graph.initializer]
    (found,) = (a for a in arrays if a.dtype == np.int64 and a.shape == (centroids,))
    return torch.from_numpy(found.copy())
