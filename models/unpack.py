"""Restores networks from the files of a bundle, so that training goes on from them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from models.language.gguf import import_gguf
from models.language.llama import Llama
from models.tokenizer.network import TokenizerNet
from models.vocoder.dataset import VocoderStore
from models.vocoder.network import CausalVocoder, VocoderConfig

REMAPPING_RECORDINGS = 400
"""In which a bundle's units are compared with those of the store: half an hour."""


def tokenizer_of_onnx(path: Path) -> TokenizerNet:
    """The tokenizer of a starter bundle, ready to use.

    Raises DuologueError where the file does not hold one of the usual size.
    """
    with _refusing(path, "tokenizer"):
        graph = onnx.load(path).graph
        weights = _weights(graph)
        net = TokenizerNet()
        net.centroids = weights["centroids"]
        net.unit_of_centroid = _unit_of_centroid(graph, len(net.centroids))
        weights["unit_of_centroid"] = net.unit_of_centroid
        net.load_state_dict(_completed(net.state_dict(), weights, graph))
        return net.eval()


def vocoder_of_onnx(path: Path) -> CausalVocoder:
    """The vocoder of a starter bundle, for as many units as it has.

    Raises DuologueError where the file does not hold one of the usual size.
    """
    with _refusing(path, "vocoder"):
        graph = onnx.load(path).graph
        weights = {
            name.removeprefix("vocoder."): weight for name, weight in _weights(graph).items()
        }
        net = CausalVocoder(VocoderConfig(unit_count=len(weights["embedding.weight"])))
        net.load_state_dict(_completed(net.state_dict(), weights, graph))
        return net.eval()


def llama_of_gguf(path: Path) -> Llama:
    """The language model of a starter bundle, as its file has rounded it.

    Raises DuologueError where the file does not hold one of the starter's kind.
    """
    with _refusing(path, "language model"):
        return import_gguf(path)


def remapped_embedding(
    old_KD: Tensor, old_units: Iterable[np.ndarray], new_units: Iterable[np.ndarray], count: int
) -> Tensor:
    """Embedding (count, D) for new units: each the mean of the old ones heard where it is.

    The units are those of the same recordings; a new one that is never heard takes the mean of all.
    """
    together = np.full((count, len(old_KD)), 1e-6)
    for old, new in zip(old_units, new_units, strict=True):
        np.add.at(together, (new, old[: len(new)]), 1)
    shares = together / together.sum(1, keepdims=True)
    return torch.from_numpy(shares.astype(np.float32)) @ old_KD


def vocoder_for_units_of(store: VocoderStore, bundle_path: Path) -> CausalVocoder:
    """A bundle's vocoder with an embedding for the store's units."""
    bundle = load_bundle(bundle_path)
    old = vocoder_of_onnx(bundle.vocoder)
    tokenizer = Tokenizer(bundle.tokenizer)
    some = store.recordings[:REMAPPING_RECORDINGS]
    config = VocoderConfig(unit_count=store.unit_count, silence_unit=store.silence_unit)
    vocoder = CausalVocoder(config)
    weights = old.state_dict()
    weights["embedding.weight"] = remapped_embedding(
        weights["embedding.weight"],
        [tokenizer.units(recording.audio_N.astype(np.float32) / 32768) for recording in some],
        [recording.units_T for recording in some],
        store.unit_count,
    )
    vocoder.load_state_dict(weights)
    return vocoder


def _weights(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """float32 tensors by the names they had in torch."""
    arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    return {
        name.removesuffix(".stored"): torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
        if array.dtype in (np.float16, np.float32)
    }


def _completed(
    state: dict[str, Tensor], weights: dict[str, Tensor], graph: onnx.GraphProto
) -> dict[str, Tensor]:
    """A network's state: by name, and by their order those of linear layers, which lost theirs."""
    products = iter(_products(graph, weights))
    return {name: weights[name] if name in weights else next(products).T for name in state}


def _products(graph: onnx.GraphProto, weights: dict[str, Tensor]) -> list[Tensor]:
    """The matrices without a name of their own, in the order of their layers."""
    return [
        weights[node.input[1]]
        for node in graph.node
        if node.op_type in ("MatMul", "Gemm")
        and node.input[1].startswith("val_")
        and node.input[1] in weights
    ]


def _unit_of_centroid(graph: onnx.GraphProto, centroids: int) -> Tensor:
    """(centroids,) int64, the only whole numbers of that shape."""
    arrays = [numpy_helper.to_array(each) for each in graph.initializer]
    (found,) = (a for a in arrays if a.dtype == np.int64 and a.shape == (centroids,))
    return torch.from_numpy(found.copy())


@contextmanager
def _refusing(path: Path, what: str) -> Generator[None]:
    """A file that holds something else becomes one clear error."""
    try:
        yield
    except (KeyError, RuntimeError, StopIteration, OSError, ValueError) as error:
        raise DuologueError(
            f"{path} does not hold the {what} of the starter's kind; give the starter's bundle."
        ) from error
