"""The language model's network, a small Llama with tied embeddings.

Rotary pairs are channels half a head apart, which is faster in torch. ggml's ``llama`` pairs
neighbours, so the export interleaves the rows of query and key.

Shape letters: B batch, T tokens, D width, H heads, C channels of a head, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

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


def rotary(tokens: int, channels: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines (T, C / 2) of the rotary position embedding."""
    frequency = base ** (-torch.arange(0, channels, 2) / channels)
    angle_TC = torch.arange(tokens)[:, None] * frequency
    return angle_TC.cos(), angle_TC.sin()


def rotate(x_BHTC: Tensor, cos_TC: Tensor, sin_TC: Tensor) -> Tensor:
    """Rotate channel pairs by the position's angle."""
    first, second = x_BHTC.chunk(2, -1)
    turned = (first * cos_TC - second * sin_TC, first * sin_TC + second * cos_TC)
    return torch.cat(turned, -1)


def attend(query_BHTC: Tensor, key_BHTC: Tensor, value_BHTC: Tensor) -> Tensor:
    """Causal attention (B, H, T, C).

    On a CPU the products are written out: the backward pass of torch's fused attention there takes
    a third of a training step in bfloat16 (torch 2.13; written out and compiled, a fifth less time
    for 640 tokens).
    """
    if query_BHTC.is_cuda:
        return functional.scaled_dot_product_attention(
            query_BHTC, key_BHTC, value_BHTC, is_causal=True
        )
    tokens, channels = query_BHTC.shape[-2:]
    query, key, value = (x.flatten(0, 1) for x in (query_BHTC, key_BHTC, value_BHTC))
    scores = (query * channels**-0.5) @ key.transpose(1, 2)
    later = torch.full((tokens, tokens), -torch.inf, dtype=scores.dtype).triu(1)
    return ((scores + later).softmax(-1) @ value).view_as(value_BHTC)


class Layer(nn.Module):
    """Attention and a gated feed-forward network, each after an RMS norm."""

    def __init__(self, config: LlamaConfig, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.attention_norm = nn.RMSNorm(width, config.norm_epsilon)
        linear = RoundedLinear if config.matrices == "Q4_0" else nn.Linear
        self.query = linear(width, width, bias=False)
        self.key = linear(width, width, bias=False)
        self.value = linear(width, width, bias=False)
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
            heads = projection(normed).view(batch, tokens, self.heads, width // self.heads)
            return heads.transpose(1, 2)

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
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)
        for layer in blocks:
            for out in (layer.attention_out, layer.down):
                nn.init.normal_(out.weight, std=0.02 / (2 * config.layers) ** 0.5)

    def hidden(self, ids_BT: Tensor) -> list[Tensor]:
        """The output (B, T, D) of each layer."""
        channels = self.config.width // self.config.heads
        cos_TC, sin_TC = rotary(ids_BT.shape[1], channels, self.config.rope_base)
        x_BTD = self.embedding(ids_BT)
        cos_TC, sin_TC = cos_TC.to(x_BTD), sin_TC.to(x_BTD)
        if torch.is_autocast_enabled(x_BTD.device.type):
            # float32 angles would make attention run in float32, too.
            cos_TC, sin_TC = cos_TC.bfloat16(), sin_TC.bfloat16()
        given = []
        for layer in self.layers:
            x_BTD = layer(x_BTD, cos_TC, sin_TC)
            given.append(x_BTD)
        return given

    def logits(self, last_BTD: Tensor) -> Tensor:
        """Logits (B, T, V) from the last layer's output."""
        return functional.linear(self.norm(last_BTD), self.embedding.weight)

    def forward(self, ids_BT: Tensor) -> Tensor:
        return self.logits(self.hidden(ids_BT)[-1])
