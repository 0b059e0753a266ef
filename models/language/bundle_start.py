"""Begins a training with the language model of a bundle.

Rows that it does not have yet are made of those that describe the same sound.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.dialogue.unit_store import UnitStore, own_unit_shares
from models.language.gguf import llama_from_gguf
from models.language.llama import LlamaConfig
from models.language.vocabulary import Vocabulary
from models.tokenizer.changed_table import rows_of_new_units


def bundle_weights(
    bundle: Path,
    config: LlamaConfig,
    vocabulary: Vocabulary,
    store: UnitStore,
    coincidence: np.ndarray | None,
) -> dict[str, Tensor]:
    """The weights of a bundle's language model. Rows of the agent's own units are added where it
    has none; with ``coincidence`` the user's begin anew. Raises DuologueError for other sizes."""
    net = llama_from_gguf(load_bundle(bundle).language_model)
    state = net.state_dict()
    if coincidence is not None:
        state["embedding.weight"] = rows_of_new_units(state["embedding.weight"], coincidence)
    known = len(state["embedding.weight"])
    if known == vocabulary.own_unit_base < config.vocabulary:
        rows = state["embedding.weight"]
        grown = torch.zeros(config.vocabulary, config.width)
        grown[:known] = rows
        # Each begins as the mean of the units that describe the same sound.
        shares = torch.from_numpy(own_unit_shares(store)).float()
        grown[known : known + store.own_unit_count] = shares @ rows[: store.unit_count]
        state["embedding.weight"] = grown
        known = config.vocabulary
    # Weights of one rounding may begin those of another.
    if replace(net.config, vocabulary=known, matrices=config.matrices) != config:
        raise DuologueError(
            f"{bundle} holds a network of another size; give the --preset that it was trained with."
        )
    return state
