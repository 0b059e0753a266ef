"""The imported HuBERT as a checkpoint of ours, for commands that encode corpora with it."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import torch

from models.imported.hubert import Hubert, HubertConfig
from models.imported.parts import SETTINGS, TOKENIZER

CHECKPOINT = "hubert.pt"


def save_hubert(net: Hubert, path: Path) -> None:
    """Write the checkpoint, whole or not at all."""
    part = path.with_suffix(".part")
    saved = {
        "kind": "hubert",
        "config": asdict(net.config),
        "layer": len(net.blocks),
        "delay_frames": net.delay_frames,
        "state": net.state_dict(),
    }
    torch.save(saved, part)
    os.replace(part, path)


def open_hubert(path: Path) -> Hubert:
    """Read what ``save_hubert`` wrote, in evaluation mode."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    config = HubertConfig(**saved["config"])
    units = len(saved["state"]["centroids"])
    net = Hubert(config, saved["layer"], units, saved["delay_frames"])
    net.load_state_dict(saved["state"])
    return net.eval()


def imported_hubert(work: Path) -> Path | None:
    """The checkpoint of the HuBERT that a work folder has in place of a trained tokenizer."""
    path = work / TOKENIZER / CHECKPOINT
    whole = path.is_file() and path.with_name(SETTINGS).is_file()
    return path if whole else None
