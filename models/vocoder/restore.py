"""Restores a vocoder from a bundle's ONNX file, and gives it an embedding for other units.

So a training keeps the voice where the tokenizer's units have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from models.bundle_part import reading_part
from models.onnx_weights import complete_state, weights_by_name
from models.vocoder.dataset import VocoderStore
from models.vocoder.network import CausalVocoder, VocoderConfig

REMAPPING_RECORDINGS = 400
"""Recordings in which old and new units are compared: half an hour."""


def vocoder_from_onnx(path: Path) -> CausalVocoder:
    """The vocoder of a starter bundle, for as many units as it has, in evaluation mode.

    Raises DuologueError where the file holds no vocoder of the usual size.
    """
    with reading_part(path, "vocoder"):
        graph = onnx.load(path).graph
        weights = {
            name.removeprefix("vocoder."): weight for name, weight in weights_by_name(graph).items()
        }
        net = CausalVocoder(VocoderConfig(unit_count=len(weights["embedding.weight"])))
        net.load_state_dict(complete_state(net.state_dict(), weights, graph))
        return net.eval()


def remapped_embedding(
    old_KD: Tensor, old_units: Iterable[np.ndarray], new_units: Iterable[np.ndarray], count: int
) -> Tensor:
    """Embedding (count, D) for new units: each is the mean of the old units heard in its frames.

    Both sets of units are of the same recordings. A new unit that never occurs gets the mean of
    all.
    """
    together = np.full((count, len(old_KD)), 1e-6)
    for old, new in zip(old_units, new_units, strict=True):
        np.add.at(together, (new, old[: len(new)]), 1)
    shares = together / together.sum(1, keepdims=True)
    return torch.from_numpy(shares.astype(np.float32)) @ old_KD


def vocoder_for_units_of(store: VocoderStore, bundle_path: Path) -> CausalVocoder:
    """A bundle's vocoder with an embedding for the store's units."""
    bundle = load_bundle(bundle_path)
    old = vocoder_from_onnx(bundle.vocoder)
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
