"""The speech tokenizer: raw sound to discrete units, 25 a second.

HuBERT's build (convolutions on the waveform, then a transformer), made causal: unit i may use the
sound up to the end of frame i and describes frame i - DELAY_FRAMES, so that 80 ms of hindsight take
the place of look-ahead. Two phone heads (one per 20 ms half of the described frame) supervise it;
the features to be quantised are the square roots of the two phone posteriors, in which Euclidean
distance is Hellinger distance and little of the speaker is left.

Shape letters: B batch, N samples, T frames (N / 640), D width, P phone classes, K units.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.phones import PHONES

DELAY_FRAMES = 2
HEADS_PER_FRAME = 2


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes of the network."""

    channels: tuple[int, ...] = (48, 96, 128, 128, 192, 192, 256, 256)
    kernels: tuple[int, ...] = (10, 3, 3, 3, 3, 3, 3, 3)
    strides: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2, 2)
    """Their product is the 640 samples of a frame."""
    layers: int = 5
    heads: int = 4
    past_frames: int = 20
    """How far back each attention layer looks."""
    position_kernel: int = 9


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
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
        return hidden_BTD + self.feed(self.norm_feed(hidden_BTD))


class TokenizerNet(nn.Module):
    """Sound to phone logits and to the features that k-means quantises."""

    centroids: Tensor
    """(K, 2P); empty until the units are found."""

    def __init__(self, config: TokenizerConfig | None = None) -> None:
        super().__init__()
        self.config = config or TokenizerConfig()
        widths = (1, *self.config.channels)
        width = widths[-1]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, k, s, bias=False)
            for a, b, k, s in zip(
                widths, widths[1:], self.config.kernels, self.config.strides, strict=False
            )
        )
        # Batch norm, not HuBERT's group norm over time: its statistics are fixed at run time, so
        # a unit does not depend on how much sound is fed.
        self.norms = nn.ModuleList(nn.BatchNorm1d(c) for c in self.config.channels)
        self.position = nn.Conv1d(width, width, self.config.position_kernel, groups=8)
        self.blocks = nn.ModuleList(
            _Block(width, self.config.heads) for _ in range(self.config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, HEADS_PER_FRAME * len(PHONES))
        self.register_buffer("centroids", torch.zeros(0, HEADS_PER_FRAME * len(PHONES)))

    def phone_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2, P) logits of frame T - DELAY_FRAMES's two halves."""
        hidden = audio_BN.unsqueeze(1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            assert isinstance(convolution, nn.Conv1d)
            past = convolution.kernel_size[0] - convolution.stride[0]
            hidden = functional.gelu(
                norm(convolution(functional.pad(hidden, (past, 0)))), approximate="tanh"
            )
        past = self.config.position_kernel - 1
        hidden = hidden + functional.gelu(
            self.position(functional.pad(hidden, (past, 0))), approximate="tanh"
        )
        hidden_BTD = hidden.transpose(1, 2)
        frame = torch.arange(hidden_BTD.shape[1], device=hidden_BTD.device)
        age_TT = frame[:, None] - frame[None, :]
        mask_TT = (age_TT >= 0) & (age_TT <= self.config.past_frames)
        for block in self.blocks:
            hidden_BTD = block(hidden_BTD, mask_TT)
        logits = self.head(self.norm(hidden_BTD))
        return logits.view(logits.shape[0], logits.shape[1], HEADS_PER_FRAME, len(PHONES))

    def features(self, audio_BN: Tensor) -> Tensor:
        """(B, T, 2P) square roots of the phone posteriors."""
        posterior = self.phone_logits(audio_BN).float().softmax(-1)
        return (posterior + 1e-8).sqrt().flatten(2)

    def unit_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, T, K) negative squared distances to the centroids."""
        features_BTF = self.features(audio_BN)
        cross = features_BTF @ self.centroids.T
        lengths = (features_BTF**2).sum(-1, keepdim=True)
        return 2 * cross - lengths - (self.centroids**2).sum(-1)

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, T) unit ids."""
        return self.unit_logits(audio_BN).argmax(-1)


def save_tokenizer(net: TokenizerNet, path: Path) -> None:
    """Write sizes, weights and centroids."""
    torch.save({"config": asdict(net.config), "state": net.state_dict()}, path)


def load_tokenizer(path: Path) -> TokenizerNet:
    """Read what ``save_tokenizer`` wrote, ready to use."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net = TokenizerNet(TokenizerConfig(**saved["config"]))
    net.centroids = torch.zeros_like(saved["state"]["centroids"])
    net.load_state_dict(saved["state"])
    return net.eval()
