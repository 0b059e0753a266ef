"""The speech tokenizer: turns sound into discrete units, 25 a second.

It is built like HuBERT (convolutions, then a transformer), but causal: unit i uses the sound up to
the end of frame i and describes frame i - DELAY_FRAMES. So 80 ms of delay replace look-ahead. Two
phone heads supervise it, one for each half (20 ms) of the described frame. Units are quantised from
the square roots of the two phone posteriors, averaged over the last frames. Euclidean distance of
these features is Hellinger distance; they hold little of the speaker, and a frame covered by noise
does not become a unit of its own.

Shape letters: B batch, N samples, T frames (N / 640), D width, P phone classes, C centroids,
K units.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.speech.phones import PHONES
from models.tokenizer.log_mel import LogMelFrontEnd

DELAY_FRAMES = 2
HEADS_PER_FRAME = 2


@dataclass(frozen=True)
class TokenizerConfig:
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


class TokenizerNet(nn.Module):
    """Turns sound into phone logits, and those into units."""

    centroids: Tensor
    """(C, 2P); empty until ``fit_quantizer`` has run."""
    unit_of_centroid: Tensor
    """(C,) int64; centroids that noise confuses share a unit."""

    def __init__(self, config: TokenizerConfig | None = None) -> None:
        super().__init__()
        self.config = config or TokenizerConfig()
        width = self.config.width
        self.front_end = LogMelFrontEnd(width, self.config.bands)
        self.blocks = nn.ModuleList(
            _Block(width, self.config.heads, self.config.block_kernel)
            for _ in range(self.config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, HEADS_PER_FRAME * len(PHONES))
        self.register_buffer("centroids", torch.zeros(0, HEADS_PER_FRAME * len(PHONES)))
        self.register_buffer("unit_of_centroid", torch.zeros(0, dtype=torch.int64))

    @property
    def unit_count(self) -> int:
        """Units K; 0 until ``fit_quantizer`` has run."""
        return int(self.unit_of_centroid.max()) + 1 if len(self.unit_of_centroid) else 0

    def unit_distances(self) -> Tensor:
        """(K, K): for every two units the distance of their nearest centroids."""
        apart_CC = torch.cdist(self.centroids, self.centroids)
        unit_CC = self.unit_of_centroid.expand_as(apart_CC)
        far = apart_CC.new_full((len(apart_CC), self.unit_count), torch.inf)
        apart_CK = far.scatter_reduce(1, unit_CC, apart_CC, "amin")
        unit_KC = self.unit_of_centroid.expand(self.unit_count, -1)
        far = apart_CC.new_full((self.unit_count, self.unit_count), torch.inf)
        return far.scatter_reduce(1, unit_KC, apart_CK.T, "amin")

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
        return (averaged + 1e-8).sqrt()

    def negative_distances(self, audio_BN: Tensor) -> Tensor:
        """(B, T, C) negative squared distances to the centroids."""
        features_BTF = self.features(audio_BN)
        cross = features_BTF @ self.centroids.T
        lengths = (features_BTF**2).sum(-1, keepdim=True)
        return 2 * cross - lengths - (self.centroids**2).sum(-1)

    def unit_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, K): minus the squared distance to each unit's nearest centroid."""
        nearness_BTC = self.negative_distances(audio_BN)
        unit_BTC = self.unit_of_centroid.expand_as(nearness_BTC)
        none_BTK = nearness_BTC.new_full((*nearness_BTC.shape[:2], self.unit_count), -torch.inf)
        return none_BTK.scatter_reduce(2, unit_BTC, nearness_BTC, "amax")

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, T) unit ids."""
        return self.unit_of_centroid[self.negative_distances(audio_BN).argmax(-1)]


def save_tokenizer(net: TokenizerNet, path: Path) -> None:
    """Write the checkpoint: sizes, weights and centroids."""
    torch.save({"config": asdict(net.config), "state": net.state_dict()}, path)


def load_tokenizer(path: Path) -> TokenizerNet:
    """Read what ``save_tokenizer`` wrote, in evaluation mode."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net = TokenizerNet(TokenizerConfig(**saved["config"]))
    net.centroids = torch.zeros_like(saved["state"]["centroids"])
    net.unit_of_centroid = torch.zeros_like(saved["state"]["unit_of_centroid"])
    net.load_state_dict(saved["state"])
    return net.eval()
