"""Takes a language model a part of the way back to the one that its training went on from.

A training on more of the same material fits the voices it hears better than those it will hear. The
weights between both ends keep much of what it learned and of what was known before (as in
M. Wortsman et al. 2022, Robust fine-tuning of zero-shot models).
"""

from __future__ import annotations

from pathlib import Path

import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.language.gguf import llama_from_gguf


def average_lm(checkpoint: Path, bundle: Path, share: float) -> None:
    """Leave ``share`` (0 to 1) of what was learned since the bundle's language model.

    The checkpoint is replaced; those of the stages stay as they are. Raises DuologueError where
    both networks are not of one size.
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
