"""Begins a training with a text LLM, as the paper does: its layers, and the rows that are needed.

The network of the training has a vocabulary of its own (`models.language.vocabulary`). Rows for
pieces of text are the text LLM's; those for the agent's words and those for the user's begin alike.
Rows for units, tags and the agent's own units are new: the mean of all the text LLM's rows, plus
noise, so that they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from engine.errors import DuologueError
from models.imported.checkpoint import read_json
from models.language.gguf import gguf_config, read_gguf
from models.language.hugging_face import hugging_face_config, read_hugging_face
from models.language.llama import LlamaConfig
from models.language.text_tokens import TextTokens, gguf_tokens, hugging_face_tokens
from models.language.vocabulary import Spelling, Vocabulary

NOISE = 0.1
"""Spread of the new rows, as a share of the spread of the old ones in each channel."""
State = dict[str, Tensor]
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Start:
    """What a training begins with."""

    path: Path
    """A GGUF of a Llama, or a folder in the transformers layout."""
    layers: tuple[int, ...] | None = None
    """Which of its layers, from 0 on; None: all."""
    random: bool = False
    """Take its tokens and its shape only, and random weights: to compare with."""


@dataclass(frozen=True, eq=False)
class TextModel:
    """A text LLM: what is known of it before its weights are read."""

    path: Path
    config: LlamaConfig
    tokens: TextTokens
    read: Callable[[], State]
    """Reads all weights, float32, by our names."""


def open_text_model(path: Path) -> TextModel:
    """The text LLM of a GGUF or a folder; its weights are not read yet.

    Raises DuologueError where it is none, or of another kind.
    """
    if not path.exists():
        raise DuologueError(f"There is no {path}; give a GGUF or the folder of a text model.")
    read: Callable[[Path], tuple[LlamaConfig, State]]
    if path.is_dir():
        config = _asked(path, lambda: hugging_face_config(read_json(path / "config.json")))
        tokens, read = hugging_face_tokens(path), read_hugging_face
    else:
        config = _asked(path, lambda: gguf_config(path))
        tokens, read = gguf_tokens(path), read_gguf
    return TextModel(path, config, tokens, lambda: _asked(path, lambda: read(path))[1])


def _asked(path: Path, read: Callable[[], _Found]) -> _Found:
    """What ``read`` gives; DuologueError with its reason where it cannot."""
    try:
        return read()
    except KeyError as error:
        reason = f"it has no {error.args[0] if error.args else 'such part'}"
    except (ValueError, IndexError, NotImplementedError, RuntimeError, OSError) as error:
        reason = str(error)
    raise DuologueError(
        f"{path} cannot begin a training ({reason}); give a whole Llama, as a GGUF or as a folder "
        "with config.json, safetensors and tokenizer.json."
    )


@dataclass(frozen=True, eq=False)
class Beginning:
    """A text LLM, made ready for a vocabulary."""

    model: TextModel
    start: Start
    spelling: Spelling
    sources: tuple[int, ...]
    """The text LLM's token of each piece; -1: none."""

    def config(self, vocabulary: Vocabulary, matrices: str) -> LlamaConfig:
        """The sizes of the network that is trained."""
        return replace(
            self.model.config,
            vocabulary=vocabulary.size,
            layers=len(self._layers),
            matrices=matrices,
        )

    @property
    def _layers(self) -> Sequence[int]:
        chosen = self.start.layers
        return range(self.model.config.layers) if chosen is None else chosen

    def weights(self, vocabulary: Vocabulary, seed: int) -> State | None:
        """Where the network begins; None: at random weights."""
        if self.start.random:
            return None
        return grown(self.model.read(), self._layers, self.row_sources(vocabulary), seed)

    def row_sources(self, vocabulary: Vocabulary) -> Tensor:
        """(V,) the text LLM's token of each row; -1: it is new."""
        sources = torch.full((vocabulary.size,), -1)
        for base in (vocabulary.own_base, vocabulary.heard_base):
            sources[base : base + len(self.sources)] = torch.tensor(self.sources)
        return sources


def prepare_start(start: Start, words: Sequence[str], others: Sequence[str] = ()) -> Beginning:
    """Open the text LLM of ``start`` and find how it writes ``words``, and ``others`` if it can.

    Raises DuologueError where it cannot begin a training, or does not have these layers.
    """
    model = open_text_model(start.path)
    count = model.config.layers
    chosen = start.layers
    if chosen is not None and not (chosen and set(chosen) <= set(range(count))):
        raise DuologueError(
            f"{start.path} has the layers 0 to {count - 1}; choose --layers from these."
        )
    spelling, sources = _asked(start.path, lambda: model.tokens.spelling(words, others))
    return Beginning(model, start, spelling, sources)


def grown(state: State, layers: Sequence[int], sources: Tensor, seed: int) -> State:
    """The weights of a text LLM with some of its ``layers`` and other rows.

    ``sources`` (V,) has the old row of each new one, or -1. Output rows, where there are any apart
    from the embedding, are treated alike.
    """
    kept = {name: weight for name, weight in state.items() if not name.startswith("layers.")}
    for new, old in enumerate(layers):
        before = f"layers.{old}."
        for name, weight in state.items():
            if name.startswith(before):
                kept[f"layers.{new}.{name.removeprefix(before)}"] = weight
    generator = torch.Generator().manual_seed(seed)
    for name in ("embedding.weight", "head.weight"):
        if name not in state:
            continue
        old_VD = state[name]
        noise = torch.randn(len(sources), old_VD.shape[1], generator=generator)
        fresh = old_VD.mean(0) + NOISE * old_VD.std(0) * noise
        kept[name] = torch.where(sources[:, None] < 0, fresh, old_VD[sources.clamp(min=0)])
    return kept
