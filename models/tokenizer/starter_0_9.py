"""The tokenizer of the starters 0.3 to 0.9, which is not trained any more.

``duologue-train unpack`` restores it, so that a language model can be trained on the units of these
starters. It is built like HuBERT (convolutions, then a transformer), but causal. Its features are
averaged over the last frames.

Shape letters: B batch, N samples, T frames (N / 640), D width, P phone classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.speech.phones import PHONES
from models.tokenizer.log_mel import LogMelFrontEnd
from models.tokenizer.posterior_units import HEADS_PER_FRAME, TokenizerNet, posterior_roots


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

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        past = (self.depth.kernel_size[0] - 1, 0)
        normed_BDT = self.norm(hidden_BTD).transpose(1, 2)
        mixed_BDT = functional.gelu(
            self.depth(functional.pad(normed_BDT, past)), approximate="tanh"
        )
        out_BTD: Tensor = self.out(mixed_BDT.transpose(1, 2))
        return out_BTD


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

    def forward(self, hidden_BTD: Tensor, mask_TT: Tensor) -> Tensor:
        batch, frames, width = hidden_BTD.shape
        qkv = self.qkv(self.norm_attention(hidden_BTD))
        q, k, v = qkv.view(batch, frames, 3, self.heads, width // self.heads).unbind(2)
        mixed = functional.scaled_dot_product_attention(
            q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=mask_TT
        )
        hidden_BTD = hidden_BTD + self.out(mixed.transpose(1, 2).reshape(batch, frames, width))
        hidden_BTD = hidden_BTD + self.convolution(hidden_BTD)
        return hidden_BTD + self.feed(self.norm_feed(hidden_BTD))


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

    def phone_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2, P) logits of both halves of frame T - DELAY_FRAMES."""
        hidden_BTD = self.front_end(audio_BN)
        frame = torch.arange(hidden_BTD.shape[1], device=hidden_BTD.device)
        age_TT = frame[:, None] - frame[None, :]
        mask_TT = (age_TT >= 0) & (age_TT <= self.config.past_frames)
        for block in self.blocks:
            hidden_BTD = block(hidden_BTD, mask_TT)
        logits = self.head(self.norm(hidden_BTD))
        return logits.view(logits.shape[0], logits.shape[1], HEADS_PER_FRAME, len(PHONES))

    def features(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2P): the square roots of the averaged phone posteriors."""
        posterior = self.phone_logits(audio_BN).float().softmax(-1).flatten(2)
        past, frames = len(self.config.averaged) - 1, posterior.shape[1]
        known = torch.cat([posterior[:, :1].expand(-1, past, -1), posterior], 1)
        averaged = torch.zeros_like(posterior)
        for age, weight in enumerate(self.config.averaged):
            averaged = averaged + weight * known[:, past - age : past - age + frames]
        return posterior_roots(averaged)
