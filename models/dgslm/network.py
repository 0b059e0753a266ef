"""dGSLM's network (arXiv 2203.16502): two towers, one for each channel, with the same weights.

Both channels go forward step by step, a unit each. A layer attends to the past of its own channel,
the upper ones to the past of the other channel, too. Two things come out for every step: logits of
the channel's next unit, and how long the unit of this step lasts if it has just begun. Nothing
tells the channels apart, so swapping them swaps what comes out. As in the published code, norms
come first, positions are sinusoids, and the other channel is attended to without a norm.

Shape letters: B batch, 2 channels, R rows (B * 2), T steps, D width, H heads, C channels of a head,
V units.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.language.llama import attend


@dataclass(frozen=True)
class TowersConfig:
    """Sizes of the network; the defaults are the published ones."""

    width: int = 512
    layers: int = 6
    cross_layers: int = 4
    """How many layers, from the top, attend to the other channel."""
    heads: int = 8
    feed_width: int = 2048
    window: int = 6144
    """Most steps of a sequence."""


class Cache:
    """Keys and values of the steps so far, of every attention: what the next step needs of them."""

    def __init__(self, config: TowersConfig, batch: int, capacity: int) -> None:
        attentions = config.layers + config.cross_layers
        shape = (attentions, 2 * batch, config.heads, capacity, config.width // config.heads)
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        self.steps = 0
        """How many steps it holds."""

    def repeated(self, times: int) -> Cache:
        """The cache of a batch in which each member comes so often."""
        more = object.__new__(Cache)
        more.keys, more.values = (
            kept.unflatten(1, (-1, 2)).repeat_interleave(times, 1).flatten(1, 2)
            for kept in (self.keys, self.values)
        )
        more.steps = self.steps
        return more


@dataclass(frozen=True)
class Kept:
    """One attention's part of a cache: keys and values (R, H, capacity, C)."""

    keys: Tensor
    values: Tensor
    steps: int


def _kept(cache: Cache | None, attention: int) -> Kept | None:
    return Kept(cache.keys[attention], cache.values[attention], cache.steps) if cache else None


class Attention(nn.Module):
    """Attention of one stream to the past of a stream, itself or another."""

    def __init__(self, config: TowersConfig, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.heads, self.dropout = config.heads, dropout
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x_RTD: Tensor, heard_RTD: Tensor, kept: Kept | None) -> Tensor:
        """(R, T, D). With ``kept`` the new keys and values are written into it; several new steps
        at once have to be the first ones."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query(x_RTD), self.key(heard_RTD), self.value(heard_RTD))
        )
        if kept is not None:
            last = kept.steps + x_RTD.shape[1]
            kept.keys[:, :, kept.steps : last] = key
            kept.values[:, :, kept.steps : last] = value
        if kept is not None and x_RTD.shape[1] == 1:
            keys, values = kept.keys[:, :, :last], kept.values[:, :, :last]
            mixed = functional.scaled_dot_product_attention(query, keys, values)
        else:
            assert kept is None or not kept.steps
            mixed = attend(query, key, value, self.dropout if self.training else 0.0)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention to the own channel, in upper layers to the other, and a feed-forward network."""

    def __init__(self, config: TowersConfig, dropout: float, crosses: bool) -> None:
        super().__init__()
        self.own_norm = nn.LayerNorm(config.width)
        self.own = Attention(config, dropout)
        self.cross_norm = nn.LayerNorm(config.width) if crosses else None
        self.cross = Attention(config, dropout) if crosses else None
        self.feed_norm = nn.LayerNorm(config.width)
        self.up = nn.Linear(config.width, config.feed_width)
        self.down = nn.Linear(config.feed_width, config.width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_RTD: Tensor, own: Kept | None, cross: Kept | None) -> Tensor:
        normed = self.own_norm(x_RTD)
        x_RTD = x_RTD + self.dropout(self.own(normed, normed, own))
        if self.cross is not None and self.cross_norm is not None:
            other_RTD = x_RTD.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
            heard = self.cross(self.cross_norm(x_RTD), other_RTD, cross)
            x_RTD = x_RTD + self.dropout(heard)
        fed = self.down(functional.relu(self.up(self.feed_norm(x_RTD))))
        return x_RTD + self.dropout(fed)


class Towers(nn.Module):
    """Units so far to logits of the next ones and to lengths of those that have just begun."""

    def __init__(self, config: TowersConfig, unit_count: int, dropout: float = 0.0) -> None:
        """``dropout`` is applied in training: to the input, to attention, and to what each part of
        a layer adds."""
        super().__init__()
        self.config, self.unit_count = config, unit_count
        self.embedding = nn.Embedding(unit_count + 1, config.width)
        blocks = [
            Layer(config, dropout, index >= config.layers - config.cross_layers)
            for index in range(config.layers)
        ]
        self.layers = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(config.width)
        self.duration = nn.Linear(config.width, 1)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("positions", _sinusoids(config.window, config.width), persistent=False)
        nn.init.normal_(self.embedding.weight, std=config.width**-0.5)

    @property
    def begin(self) -> int:
        """The id before the first unit of a sequence; it is in no other place."""
        return self.unit_count

    def forward(self, inputs_B2T: Tensor, cache: Cache | None = None) -> tuple[Tensor, Tensor]:
        """Logits (B, 2, T, V) of the unit after each step, and how many steps the step's own unit
        lasts if it has just begun, (B, 2, T).

        A sequence starts with ``begin``. With a ``cache`` the inputs follow the steps that it
        holds, and are added to it.
        """
        first = cache.steps if cache else 0
        steps = inputs_B2T.shape[-1]
        positions: Tensor = self.positions[first : first + steps]  # type: ignore[index]
        rows = self.embedding.weight
        x_RTD = self.embedding(inputs_B2T.flatten(0, 1)) * self.config.width**0.5 + positions
        x_RTD = self.dropout(x_RTD)
        alone = self.config.layers - self.config.cross_layers
        for index, layer in enumerate(self.layers):
            cross = _kept(cache, self.config.layers + index - alone) if index >= alone else None
            x_RTD = layer(x_RTD, _kept(cache, index), cross)
        if cache:
            cache.steps += steps
        x_RTD = self.norm(x_RTD)
        logits = functional.linear(x_RTD, rows[: self.unit_count])
        # Written out, because autocast would round lengths above 128 to whole ones (bfloat16).
        length = (x_RTD.float() * self.duration.weight[0]).sum(-1) + self.duration.bias
        return logits.unflatten(0, (-1, 2)), length.unflatten(0, (-1, 2))


def with_begin(units_B2T: Tensor, begin: int) -> Tensor:
    """What the network sees, (B, 2, T), where these units are to come out."""
    return functional.pad(units_B2T[..., :-1], (1, 0), value=begin)


def _sinusoids(steps: int, width: int) -> Tensor:
    """(T, D): sines, then cosines."""
    frequency = 10_000.0 ** (-torch.arange(width // 2) / (width // 2))
    angle = torch.arange(steps)[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)
