"""The vocoder's losses: spectral distances, small discriminators, and the frozen tokenizer.

Knows no data and no training loop.

Shape suffixes: B batch, N samples, M mel bands, Q spectrogram frames, K units, T unit frames.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.timebase import SAMPLE_RATE_HZ

MEL_WINDOW = 1024
MEL_HOP = 160
MEL_BANDS = 80
SPECTRAL_WINDOWS = (256, 512, 2048)
DISCRIMINATOR_WINDOWS = (256, 512, 1024)
FLOOR = 1e-3


class FrozenTokenizer(Protocol):
    """The tokenizer as the vocoder's training uses it; its weights do not change."""

    def unit_logits(self, audio_BN: Tensor) -> Tensor:
        """(B, frames, K): minus the squared distance to each unit's nearest centroid."""
        ...


class _RealFourier(torch.autograd.Function):
    """torch.fft.rfft with a real backward pass.

    torch's own computes a full complex transform; this one saves 0.1 s per training step.
    """

    @staticmethod
    def forward(ctx: Any, frames: Tensor) -> Tensor:
        ctx.length = frames.shape[-1]
        return torch.fft.rfft(frames)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone()
        gradient[..., 1:-1] *= 0.5  # the inverse counts these bins twice
        return torch.fft.irfft(gradient, ctx.length, norm="forward")


def magnitudes(audio_BN: Tensor, window_samples: int, hop_samples: int) -> Tensor:
    """Magnitude spectrogram (B, bins, Q) with centred frames and reflected edges."""
    window = torch.hann_window(window_samples, device=audio_BN.device)
    half = window_samples // 2
    with torch.autocast(audio_BN.device.type, enabled=False):
        padded = F.pad(audio_BN[:, None], (half, half), mode="reflect")[:, 0]
        spectrum = _RealFourier.apply(padded.unfold(1, window_samples, hop_samples) * window)
        # abs() has no gradient at zero, and digital silence occurs.
        power = torch.view_as_real(spectrum).square().sum(-1)
        return torch.sqrt(power + 1e-9).transpose(1, 2)


class MelDistance(nn.Module):
    """Mean absolute difference of log-mel spectrograms (natural logarithm)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bands", mel_bands(), persistent=False)
        self.bands: Tensor

    def mel(self, audio_BN: Tensor) -> Tensor:
        return torch.log(self.bands @ magnitudes(audio_BN, MEL_WINDOW, MEL_HOP) + FLOOR)

    def forward(self, made_BN: Tensor, real_BN: Tensor) -> Tensor:
        return F.l1_loss(self.mel(made_BN), self.mel(real_BN))


def mel_bands() -> Tensor:
    """Triangular mel filters (80, 513) up to 8 kHz."""
    top_mel = 2595.0 * math.log10(1.0 + SAMPLE_RATE_HZ / 2 / 700.0)
    edges_hz = 700.0 * (10.0 ** (torch.linspace(0.0, top_mel, MEL_BANDS + 2) / 2595.0) - 1.0)
    bins_hz = torch.linspace(0.0, SAMPLE_RATE_HZ / 2, MEL_WINDOW // 2 + 1)
    low, centre, high = (edges_hz[i : i + MEL_BANDS, None] for i in range(3))
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    return torch.minimum(rising, falling).clamp(min=0.0)


def spectral_distance(made_BN: Tensor, real_BN: Tensor) -> Tensor:
    """Sum of the log-magnitude differences at three resolutions."""
    total = made_BN.new_zeros(())
    for window in SPECTRAL_WINDOWS:
        made = torch.log(magnitudes(made_BN, window, window // 4) + FLOOR)
        real = torch.log(magnitudes(real_BN, window, window // 4) + FLOOR)
        total = total + F.l1_loss(made, real)
    return total


class SpectrogramDiscriminator(nn.Module):
    """A small convolutional discriminator on a log-magnitude spectrogram of one resolution."""

    def __init__(self, window_samples: int, width: int = 16) -> None:
        super().__init__()
        self.window_samples = window_samples
        normed = nn.utils.parametrizations.weight_norm
        self.layers = nn.ModuleList(
            [
                normed(nn.Conv2d(1, width, (7, 5), (2, 2), (3, 2))),
                normed(nn.Conv2d(width, width, (5, 3), (2, 2), (2, 1))),
                normed(nn.Conv2d(width, 2 * width, (5, 3), (2, 1), (2, 1))),
                normed(nn.Conv2d(2 * width, 2 * width, 3, (2, 1), 1)),
            ]
        )
        self.verdict = normed(nn.Conv2d(2 * width, 1, 3, 1, 1))

    def forward(self, audio_BN: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The verdicts (high means real) and the features of every layer."""
        hidden = torch.log(
            magnitudes(audio_BN, self.window_samples, self.window_samples // 4) + FLOOR
        )
        hidden = hidden.unsqueeze(1).contiguous()
        features = []
        for layer in self.layers:
            hidden = F.leaky_relu(layer(hidden), 0.1)
            features.append(hidden)
        return self.verdict(hidden).float(), features


class PeriodDiscriminator(nn.Module):
    """A small convolutional discriminator on every ``period``-th sample, side by side."""

    def __init__(self, period: int, width: int = 16) -> None:
        super().__init__()
        self.period = period
        normed = nn.utils.parametrizations.weight_norm
        widths = (1, width, 2 * width, 4 * width, 4 * width)
        self.layers = nn.ModuleList(
            normed(nn.Conv2d(before, after, (5, 1), (3, 1), (2, 0)))
            for before, after in pairwise(widths)
        )
        self.verdict = normed(nn.Conv2d(4 * width, 1, (3, 1), 1, (1, 0)))

    def forward(self, audio_BN: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The verdicts (high means real) and the features of every layer."""
        padded_BN = F.pad(audio_BN, (0, -audio_BN.shape[1] % self.period))
        hidden = padded_BN.view(len(audio_BN), 1, -1, self.period)
        features = []
        for layer in self.layers:
            hidden = F.leaky_relu(layer(hidden), 0.1)
            features.append(hidden)
        return self.verdict(hidden).float(), features


class Discriminators(nn.Module):
    """One discriminator for each resolution, and for each of the ``periods``."""

    def __init__(self, width: int = 16, periods: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(
            [
                *(SpectrogramDiscriminator(n, width) for n in DISCRIMINATOR_WINDOWS),
                *(PeriodDiscriminator(period, width) for period in periods),
            ]
        )

    def forward(self, audio_BN: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [discriminator(audio_BN) for discriminator in self.discriminators]


def feature_matching_loss(made: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean difference of a discriminator's features between synthesised and real sound."""
    total = made[0].new_zeros((), dtype=torch.float32)
    for made_layer, real_layer in zip(made, real, strict=True):
        total = total + F.l1_loss(made_layer, real_layer.detach()).float()
    return total


def train_discriminators(
    discriminators: Discriminators,
    optimizer: torch.optim.Optimizer,
    made_BN: Tensor,
    real_BN: Tensor,
    feature_weight: float,
) -> tuple[Tensor, dict[str, float]]:
    """One step of the discriminators; returns the gradient of the loss of the network that made
    ``made_BN`` with respect to it, and the figures for the log.

    ``real_BN`` are the targets of the first items. Both uses share one forward pass over the
    synthesised sound.
    """
    leaf_BN = made_BN.detach().requires_grad_(True)
    with torch.autocast("cpu", torch.bfloat16):
        made = discriminators(leaf_BN)
        real = discriminators(real_BN)
    targets = len(real_BN)
    discriminator_loss = leaf_BN.new_zeros(())
    adversarial, features = leaf_BN.new_zeros(()), leaf_BN.new_zeros(())
    for (made_verdict, made_layers), (real_verdict, real_layers) in zip(made, real, strict=True):
        discriminator_loss = discriminator_loss + F.relu(1 - real_verdict).mean()
        discriminator_loss = discriminator_loss + F.relu(1 + made_verdict).mean()
        adversarial = adversarial - made_verdict.mean()
        features = features + feature_matching_loss(
            [layer[:targets] for layer in made_layers], real_layers
        )
    generator_loss = adversarial + feature_weight * features
    (gradient_BN,) = torch.autograd.grad(generator_loss, leaf_BN, retain_graph=True)
    optimizer.zero_grad(set_to_none=True)
    discriminator_loss.backward(inputs=list(discriminators.parameters()))
    optimizer.step()
    figures = {
        "critic": float(discriminator_loss.detach()),
        "adversarial": float(adversarial.detach()),
        "features": float(features.detach()),
    }
    return gradient_BN, figures


def calibrated_temperature(logits_BTK: Tensor, confidence: float = 0.7) -> float:
    """The divisor of the logits that gives the nearest unit a mean probability of
    ``confidence``."""
    spread = float(logits_BTK.std())
    best, best_error = spread, math.inf
    for exponent in range(-60, 13):
        temperature = spread * 2.0 ** (exponent / 6)
        top = F.softmax(logits_BTK / temperature, dim=-1).amax(-1).mean()
        error = abs(float(top) - confidence)
        if error < best_error:
            best, best_error = temperature, error
    return best
