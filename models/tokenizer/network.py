"""The tokenizer for the rest of ``models``: its checkpoint, and what every kind of it has."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import torch

from models.tokenizer.posterior_units import DELAY_FRAMES, HEADS_PER_FRAME, TokenizerNet
from models.tokenizer.starter_0_9 import Starter09Config, Starter09Tokenizer
from models.tokenizer.streaming_encoder import StreamingConfig, StreamingTokenizer

__all__ = ["DELAY_FRAMES", "HEADS_PER_FRAME", "TokenizerNet", "load_tokenizer", "save_tokenizer"]


def save_tokenizer(net: Starter09Tokenizer | StreamingTokenizer, path: Path) -> None:
    """Write the checkpoint, whole or not at all: kind, sizes, weights and centroids."""
    kind = "streaming" if isinstance(net, StreamingTokenizer) else "starter-0.9"
    part = path.with_suffix(".part")
    torch.save({"kind": kind, "config": asdict(net.config), "state": net.state_dict()}, part)
    os.replace(part, path)


def load_tokenizer(path: Path) -> Starter09Tokenizer | StreamingTokenizer:
    """Read what ``save_tokenizer`` wrote, in evaluation mode."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net: Starter09Tokenizer | StreamingTokenizer
    if saved.get("kind") == "streaming":
        net = StreamingTokenizer(StreamingConfig(**saved["config"]))
    else:
        net = Starter09Tokenizer(Starter09Config(**saved["config"]))
    net.centroids = torch.zeros_like(saved["state"]["centroids"])
    net.unit_of_centroid = torch.zeros_like(saved["state"]["unit_of_centroid"])
    net.load_state_dict(saved["state"])
    return net.eval()
