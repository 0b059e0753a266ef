"""How well a text LLM foretells text: in torch, and under llama.cpp from the same file.

The two must agree: then the weights were read as they were meant. Perplexity is per token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from engine.errors import DuologueError
from engine.syncllm.llama import Llama as EngineLlama
from models.language.llama import Llama
from models.language.start import TextModel
from models.script import EXCHANGES

WINDOW_TOKENS = 256
"""Each window is foretold from its own beginning; its first token is not counted."""


def script_text() -> str:
    """Questions and answers of the script, as stage 1 has them: lower case, no punctuation."""
    return "\n".join(f"{one.user}\n{one.agent}" for one in EXCHANGES)


def windows(tokens: Sequence[int], most: int) -> list[list[int]]:
    """The first ``most`` tokens in windows. Raises DuologueError where there is not one window."""
    used = len(tokens[:most]) // WINDOW_TOKENS
    if not used:
        raise DuologueError(
            f"The text has {len(tokens)} tokens of the model; give one of {WINDOW_TOKENS} or more."
        )
    return [list(tokens[at * WINDOW_TOKENS : (at + 1) * WINDOW_TOKENS]) for at in range(used)]


def torch_perplexity(net: Llama, rows: Sequence[Sequence[int]]) -> float:
    """Of windows of tokens, in float32."""
    losses = []
    with torch.no_grad():
        for row in rows:
            ids = torch.tensor([row])
            losses.append(torch.nn.functional.cross_entropy(net(ids)[0, :-1], ids[0, 1:]).item())
    return math.exp(np.mean(losses))


def llama_cpp_perplexity(path: Path, rows: Sequence[Sequence[int]]) -> float:
    """The same of a GGUF file as llama.cpp computes it, token by token."""
    llama = EngineLlama(path, WINDOW_TOKENS)
    losses = []
    try:
        for row in rows:
            llama.truncate(0)
            for token, following in pairwise(row):
                llama.feed([token])
                logits = llama.logits().astype(np.float64)
                top = logits.max()
                losses.append(top + math.log(np.exp(logits - top).sum()) - logits[following])
    finally:
        llama.close()
    return math.exp(np.mean(losses))


def loaded(model: TextModel) -> Llama:
    """The whole text LLM in torch, with all of its rows."""
    net = Llama(model.config)
    net.load_state_dict(model.read())
    return net.eval()
