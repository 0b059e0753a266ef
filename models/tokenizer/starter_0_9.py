"""The tokenizer of the starters 0.3 to 0.11, which is not trained any more.

``duologue-train unpack`` restores it, so that a language model can be trained on the units of these
starters. It is built like HuBERT (convolutions, then a transformer), but causal. Its features are
averaged over the last frames.

Shape letters: B batch, N samples, T frames (N / 640), C cached frames, D width, P phone classes,
K numbers of the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.speech.phones import PHONES
from models.tokenizer.log_mel import LogMelFrontEnd
from models.tokenizer.posterior_units import HEADS_PER_FRAME, TokenizerNet, joined, posterior_roots

_LONG = 1e5
"""The count of frames stops here; it tells only what lies before the beginning."""


@dataclass(frozen=True)
class Starter09Config:
    """Sizes of the network."""

    bands: int = 64
    """Mel bands."""
    width: int = 320
    layers: int = 5
    heads: int = 5
    past_frames: int = 20
    """Frames that each attention layer looks back."""
    block_kernel: int = 7
    """Frames that each block's convolution sees."""
    averaged: tuple[float, ...] = (0.4, 0.35, 0.25)
    """Weights of a frame's posteriors and of those of the frames before, newest first."""


class _Convolution(nn.Module):
    """A depthwise convolution over the last frames."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.depth = nn.Conv1d(width, width, kernel, groups=width)
        self.out = nn.Linear(width, width)

    def forward(self, hidden_BTD: Tensor, past_BDT: Tensor) -> tuple[Tensor, Tensor]:
        """(output, the past after it)."""
        normed = self.norm(hidden_BTD).transpose(1, 2)
        seen = torch.cat([past_BDT.to(normed.dtype), normed], 2)
        mixed = functional.gelu(self.depth(seen), approximate="tanh")
        return self.out(mixed.transpose(1, 2)), seen[..., -past_BDT.shape[2] :]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, kernel: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.convolution = _Convolution(width, kernel)
        self.norm_feed = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(
        self, hidden_BTD: Tensor, cache_BCD: Tensor, past_BDT: Tensor, mask_BTC: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(output, cache of keys and values (B, C, 2D), past of the convolution)."""
        batch, frames, width = hidden_BTD.shape
        query, new = self.qkv(self.norm_attention(hidden_BTD)).split((width, 2 * width), -1)
        seen = torch.cat([cache_BCD.to(new.dtype), new], 1)
        keys, values = seen.chunk(2, -1)
        mixed = functional.scaled_dot_product_attention(
            self._per_head(query), self._per_head(keys), self._per_head(values), attn_mask=mask_BTC
        )
        hidden_BTD = hidden_BTD + self.out(mixed.transpose(1, 2).reshape(batch, frames, width))
        convolved, past_BDT = self.convolution(hidden_BTD, past_BDT)
        hidden_BTD = hidden_BTD + convolved
        cached = cache_BCD.shape[1]
        return hidden_BTD + self.feed(self.norm_feed(hidden_BTD)), seen[:, -cached:], past_BDT

    def _per_head(self, hidden_BTD: Tensor) -> Tensor:
        batch, _, width = hidden_BTD.shape
        return hidden_BTD.reshape(batch, -1, self.heads, width // self.heads).transpose(1, 2)


class Starter09Tokenizer(TokenizerNet):
    """Five blocks of attention over the last 0.8 s and a convolution, at 25 Hz."""

    def __init__(self, config: Starter09Config | None = None) -> None:
        super().__init__()
        self.config = config or Starter09Config()
        width = self.config.width
        self.front_end = LogMelFrontEnd(width, self.config.bands)
        self.blocks = nn.ModuleList(
            _Block(width, self.config.heads, self.config.block_kernel)
            for _ in range(self.config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, HEADS_PER_FRAME * len(PHONES))

    def state_shapes(self) -> list[tuple[int, ...]]:
        """The count of frames, the front end's past, then for each block its keys and values and
        its convolution's past; last the posteriors that are averaged."""
        width, config = self.config.width, self.config
        shapes: list[tuple[int, ...]] = [(1,), *self.front_end.past_shapes()]
        for _ in range(config.layers):
            shapes += [(config.past_frames, 2 * width), (width, config.block_kernel - 1)]
        return [*shapes, (len(config.averaged) - 1, HEADS_PER_FRAME * len(PHONES))]

    def logits_on(self, audio_BN: Tensor, parts: Iterator[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """((B, T, 2, P) logits of both halves of frame T - DELAY_FRAMES, the parts after it)."""
        count = next(parts)
        hidden, front_after = self.front_end(
            audio_BN, [next(parts) for _ in self.front_end.past_shapes()]
        )
        frames, cached = hidden.shape[1], self.config.past_frames
        after = [(count + frames).clamp(max=_LONG), *front_after]
        row = torch.arange(frames, device=hidden.device)[:, None]
        column = torch.arange(cached + frames, device=hidden.device)
        within = (column >= row) & (column <= row + cached)
        mask = within & (count[:, :, None] - cached + column >= 0)
        for block in self.blocks:
            hidden, cache, past = block(hidden, next(parts), next(parts), mask[:, None])
            after += [cache, past]
        logits = self.head(self.norm(hidden))
        return logits.view(len(logits), frames, HEADS_PER_FRAME, len(PHONES)), after

    def phone_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2, P) logits of both halves of frame T - DELAY_FRAMES."""
        return self.logits_on(audio_BN, self.parts(self.begin(len(audio_BN))))[0]

    def features_on(self, audio_BN: Tensor, state_BK: Tensor) -> tuple[Tensor, Tensor]:
        """((B, T, 2P) square roots of the averaged phone posteriors, state after the sound)."""
        parts = self.parts(state_BK)
        logits, after = self.logits_on(audio_BN, parts)
        posterior = logits.float().softmax(-1).flatten(2)
        past = next(parts)
        # The first frame stands for those before the beginning.
        past = torch.where(state_BK[:, :1, None] > 0, past, posterior[:, :1].expand_as(past))
        known = torch.cat([past, posterior], 1)
        ages, frames = past.shape[1], posterior.shape[1]
        averaged = torch.zeros_like(posterior)
        for age, weight in enumerate(self.config.averaged):
            averaged = averaged + weight * known[:, ages - age : ages - age + frames]
        after.append(known[:, -ages:])
        return posterior_roots(averaged), joined(after)
