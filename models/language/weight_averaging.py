"""Averages the weights of a trained language model with those that its training began with.

Training further on the same material improves the voices of the training more than new ones. The
averaged weights keep much of what both networks can do (as in M. Wortsman et al. 2022, Robust
fine-tuning of zero-shot models).
"""

from __future__ import annotations

from pathlib import Path

import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.language.gguf import llama_from_gguf


def average_lm(checkpoint: Path, bundle: Path, share: float) -> None:
    """Replace the checkpoint's weights by a mean, with ``share`` (0 to 1) of the checkpoint and the
    rest of the bundle's language model.

    The checkpoints of the stages do not change. Raises DuologueError where the networks have
    different sizes.
    """
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    learned = saved["net"]
    before = llama_from_gguf(load_bundle(bundle).language_model).state_dict()
    sizes = {name: weight.shape for name, weight in before.items()}
    if {name: weight.shape for name, weight in learned.items()} != sizes:
        raise DuologueError(
            f"{checkpoint} and {bundle} hold networks of different sizes; name the bundle that "
            "this training went on from."
        )
    saved["net"] = {
        name: torch.lerp(before[name].float(), weight.float(), share)
        for name, weight in learned.items()
    }
    part = checkpoint.with_suffix(".part")
    torch.save(saved, part)
    part.replace(checkpoint)
