"""The language model's network, a Llama: a small one of our own, or one that was trained on text.

Rotary pairs are channels half a head apart, as in transformers, which is faster in torch. ggml's
``llama`` pairs neighbours, so the export interleaves the rows of query and key.

Shape letters: B batch, T tokens, D width, H heads, K heads of keys and values, C channels of a
head, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from models.language.rounded_linear import RoundedLinear


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes of the network."""

    vocabulary: int = 208
    width: int = 320
    layers: int = 8
    heads: int = 5
    feed_width: int = 896
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5
    matrices: str = "Q8_0"
    """How the file stores the layers' matrices, Q8_0 or Q4_0. Q4_0 is half as large and faster; its
    rounding is trained with, because without that it costs answers."""
    key_heads: int = 0
    """Heads of keys and values, each of which serves a group of queries. 0: as many as queries."""
    tied: bool = True
    """Whether the embedding's rows also give the logits. Else the output has rows of its own."""
    rope_factors: tuple[float, ...] = ()
    """What each rotary frequency is divided by, (C / 2,), in networks whose context was stretched
    (Llama 3.1 and later). Empty: nothing."""

    @property
    def channels(self) -> int:
        """Channels of a head."""
        return self.width // self.heads

    @property
    def kept_heads(self) -> int:
        """Heads of keys and values."""
        return self.key_heads or self.heads


def rotary(
    tokens: int, channels: int, base: float, factors: tuple[float, ...] = ()
) -> tuple[Tensor, Tensor]:
    """Cosines and sines (T, C / 2) of the rotary position embedding."""
    frequency = base ** (-torch.arange(0, channels, 2) / channels)
    if factors:
        frequency = frequency / torch.tensor(factors)
    angle_TC = torch.arange(tokens)[:, None] * frequency
    return angle_TC.cos(), angle_TC.sin()


def rotate(x_BHTC: Tensor, cos_TC: Tensor, sin_TC: Tensor) -> Tensor:
    """Rotate channel pairs by the position's angle."""
    first, second = x_BHTC.chunk(2, -1)
    turned = (first * cos_TC - second * sin_TC, first * sin_TC + second * cos_TC)
    return torch.cat(turned, -1)


def attend(
    query_BHTC: Tensor, key_BKTC: Tensor, value_BKTC: Tensor, dropout: float = 0.0
) -> Tensor:
    """Causal attention (B, H, T, C); H / K queries in a row share a key head. ``dropout`` is the
    share of the attention's weights that are left out.

    On a CPU the products are written out: the backward pass of torch's fused attention there takes
    a third of a training step in bfloat16 (torch 2.13; written out and compiled, a fifth less time
    for 640 tokens).
    """
    if query_BHTC.is_cuda:
        return functional.scaled_dot_product_attention(
            query_BHTC,
            key_BKTC,
            value_BKTC,
            dropout_p=dropout,
            is_causal=True,
            enable_gqa=key_BKTC.shape[1] < query_BHTC.shape[1],
        )
    tokens, channels = query_BHTC.shape[-2:]
    group = query_BHTC.shape[1] // key_BKTC.shape[1]
    if group > 1:
        key_BKTC, value_BKTC = (x.repeat_interleave(group, 1) for x in (key_BKTC, value_BKTC))
    query, key, value = (x.flatten(0, 1) for x in (query_BHTC, key_BKTC, value_BKTC))
    scores = (query * channels**-0.5) @ key.transpose(1, 2)
    later = torch.full((tokens, tokens), -torch.inf, dtype=scores.dtype, device=scores.device).triu(
        1
    )
    weights = (scores + later).softmax(-1)
    if dropout:
        weights = functional.dropout(weights, dropout)
    return (weights @ value).view_as(query_BHTC)


class Layer(nn.Module):
    """Attention and a gated feed-forward network, each after an RMS norm."""

    def __init__(self, config: LlamaConfig, dropout: float) -> None:
        super().__init__()
        width = config.width
        kept = config.kept_heads * config.channels
        self.channels = config.channels
        self.attention_norm = nn.RMSNorm(width, config.norm_epsilon)
        linear = RoundedLinear if config.matrices == "Q4_0" else nn.Linear
        self.query = linear(width, width, bias=False)
        self.key = linear(width, kept, bias=False)
        self.value = linear(width, kept, bias=False)
        self.attention_out = linear(width, width, bias=False)
        self.feed_norm = nn.RMSNorm(width, config.norm_epsilon)
        self.gate = linear(width, config.feed_width, bias=False)
        self.up = linear(width, config.feed_width, bias=False)
        self.down = linear(config.feed_width, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor, cos_TC: Tensor, sin_TC: Tensor) -> Tensor:
        batch, tokens, width = x_BTD.shape
        normed = self.attention_norm(x_BTD)

        def split(projection: nn.Linear) -> Tensor:
            return projection(normed).view(batch, tokens, -1, self.channels).transpose(1, 2)

        mixed = attend(
            rotate(split(self.query), cos_TC, sin_TC),
            rotate(split(self.key), cos_TC, sin_TC),
            split(self.value),
        )
        attended = self.attention_out(mixed.transpose(1, 2).reshape(batch, tokens, width))
        x_BTD = x_BTD + self.dropout(attended)
        normed = self.feed_norm(x_BTD)
        fed = self.down(functional.silu(self.gate(normed)) * self.up(normed))
        return x_BTD + self.dropout(fed)


class Llama(nn.Module):
    """Token ids (B, T) to logits (B, T, V)."""

    def __init__(self, config: LlamaConfig, dropout: float = 0.0) -> None:
        """``dropout`` is applied in training to what each half of a layer adds."""
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        blocks = [Layer(config, dropout) for _ in range(config.layers)]
        self.layers = nn.ModuleList(blocks)
        self.norm = nn.RMSNorm(config.width, config.norm_epsilon)
        if not config.tied:
            self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        self.recompute = False
        """Whether layers keep only their input for the backward pass, which computes them again."""
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)
        for layer in blocks:
            for out in (layer.attention_out, layer.down):
                nn.init.normal_(out.weight, std=0.02 / (2 * config.layers) ** 0.5)

    @property
    def output_rows(self) -> Tensor:
        """(V, D): what the last layer's output is compared with."""
        return self.embedding.weight if self.config.tied else self.head.weight

    def with_rows(self, ids: Sequence[int]) -> Llama:
        """The network with these ids only, in this order."""
        net = Llama(replace(self.config, vocabulary=len(ids)))
        state = self.state_dict()
        for name in ("embedding.weight", "head.weight"):
            if name in state:
                state[name] = state[name][list(ids)]
        net.load_state_dict(state)
        return net.train(self.training)

    def hidden(self, ids_BT: Tensor) -> list[Tensor]:
        """The output (B, T, D) of each layer."""
        config = self.config
        cos_TC, sin_TC = rotary(
            ids_BT.shape[1], config.channels, config.rope_base, config.rope_factors
        )
        x_BTD = self.embedding(ids_BT)
        cos_TC, sin_TC = cos_TC.to(x_BTD), sin_TC.to(x_BTD)
        if not x_BTD.is_meta and torch.is_autocast_enabled(x_BTD.device.type):
            # float32 angles would make attention run in float32, too.
            cos_TC, sin_TC = cos_TC.bfloat16(), sin_TC.bfloat16()
        given = []
        for layer in self.layers:
            if self.recompute and torch.is_grad_enabled():
                x_BTD = checkpoint(layer, x_BTD, cos_TC, sin_TC, use_reentrant=False)
            else:
                x_BTD = layer(x_BTD, cos_TC, sin_TC)
            given.append(x_BTD)
        return given

    def logits(self, last_BTD: Tensor) -> Tensor:
        """Logits (B, T, V) from the last layer's output."""
        return functional.linear(self.norm(last_BTD), self.output_rows)

    def forward(self, ids_BT: Tensor) -> Tensor:
        return self.logits(self.hidden(ids_BT)[-1])
