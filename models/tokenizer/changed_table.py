"""Relates the units of two tokenizers, so that a network trained on the old ones can go on with the
new ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.errors import DuologueError
from models.speech.corpus import Corpus
from models.tokenizer.encode import encode_units
from models.tokenizer.network import load_tokenizer

_UTTERANCES = 500
"""Of each corpus, at most: about half an hour of speech."""


def coincidence(before: Path, after: Path, corpora: Sequence[Path], seed: int = 0) -> np.ndarray:
    """float64 (new units, old units): which units of the tokenizer ``before`` come on the same
    sound as each unit of the tokenizer ``after``, in shares of 1.

    Both are checkpoints, ``corpora`` folders of ``Corpus``. Raises DuologueError where a tokenizer
    has no units yet.
    """
    nets = [load_tokenizer(path) for path in (after, before)]
    for net, path in zip(nets, (after, before), strict=True):
        if not net.unit_count:
            raise DuologueError(f"{path} has no units yet; run the command units first.")
    counts = np.zeros([net.unit_count for net in nets])
    choose = random.Random(seed)
    for corpus in map(Corpus, corpora):
        said = corpus.utterances
        for utterance in choose.sample(said, min(_UTTERANCES, len(said))):
            sound = corpus.sound(utterance)
            np.add.at(counts, tuple(encode_units(net, sound) for net in nets), 1)
    # A unit that never comes is like all of them.
    counts += 1e-3 / counts.shape[1]
    shares: np.ndarray = counts / counts.sum(1, keepdims=True)
    return shares


def rows_of_new_units(rows: Tensor, shares: np.ndarray) -> Tensor:
    """Embeddings (new units and the rest, D) of ``rows`` (old units and the rest, D): each new unit
    begins as the mean of the old ones that come with it (``coincidence``)."""
    table = torch.from_numpy(shares).float()
    old = table.shape[1]
    return torch.cat([table @ rows[:old], rows[old:]])
