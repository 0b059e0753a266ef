"""How the tokenizer takes in sound: log-mel energies relative to the loudness of the last second.

Causal: one vector for every frame of 40 ms, from sound up to the frame's end.

Shape letters: B batch, N samples, T frames (N / 640), H hops of 10 ms (4T), M mel bands, D width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.timebase import SAMPLE_RATE_HZ

_HOP, _WINDOW, _FFT = 160, 400, 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_LOUDEST_HOPS = 100
"""The level is that of the loudest hop of so many: speech of any loudness looks the same, and a
pause does not."""
_QUIET = 1e-7
"""Added to the level (mean power of the bands): speech below about -55 dB of full scale is not
raised further, so that what a canceller leaves of an echo stays small."""
_DEPTH = 3e-5
"""Added to the power relative to the level: noise 45 dB below it is not seen."""
_MEAN, _SPREAD = -6.0, 3.2


def mel_bands(bands: int) -> Tensor:
    """(bands, bins) triangles of equal height, evenly spaced in mel."""

    def mel(hz: float) -> float:
        return 1127 * math.log1p(hz / 700)

    edges = torch.linspace(mel(_LOWEST_HZ), mel(_HIGHEST_HZ), bands + 2, dtype=torch.float64)
    edges_hz = 700 * torch.expm1(edges / 1127)
    bins_hz = torch.arange(_FFT // 2, dtype=torch.float64) * SAMPLE_RATE_HZ / _FFT
    low, centre, high = (edges_hz[at : at + bands, None] for at in range(3))
    rise, fall = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return torch.minimum(rise, fall).clamp(min=0).float()


class LogMelFrontEnd(nn.Module):
    """Log-mel energies and two strided convolutions; blind to loudness."""

    waves: Tensor
    bands: Tensor

    def __init__(self, width: int, bands: int) -> None:
        super().__init__()
        time = torch.arange(_WINDOW, dtype=torch.float64)
        window = 0.5 - 0.5 * torch.cos(2 * torch.pi * time / _WINDOW)
        turns = torch.arange(_FFT // 2, dtype=torch.float64)[:, None] * time / _FFT
        waves = torch.cat([torch.cos(2 * torch.pi * turns), torch.sin(2 * torch.pi * turns)])
        waves = waves * window / window.sum()
        # Derived from constants: no part of the training's state.
        self.register_buffer("waves", waves.float()[:, None], persistent=False)
        self.register_buffer("bands", mel_bands(bands), persistent=False)
        self.first = nn.Conv1d(bands, width, 5, 2)
        self.second = nn.Conv1d(width, width, 3, 2)

    def log_mel(self, audio_BN: Tensor) -> Tensor:
        """(B, M, H) log power in each band relative to the level, mean and spread about 0 and 1."""
        padded = functional.pad(audio_BN.float().unsqueeze(1), (_WINDOW - _HOP, 0))
        parts = functional.conv1d(padded, self.waves, stride=_HOP).square()
        power = self.bands @ (parts[:, : _FFT // 2] + parts[:, _FFT // 2 :])
        mean = functional.pad(power.mean(1, keepdim=True), (_LOUDEST_HOPS - 1, 0))
        level = functional.max_pool1d(mean, _LOUDEST_HOPS, 1)
        return ((power / (level + _QUIET) + _DEPTH).log() - _MEAN) / _SPREAD

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, T, D)."""
        with torch.autocast(audio_BN.device.type, enabled=False):
            hidden = self.log_mel(audio_BN)
        for convolution in (self.first, self.second):
            past = convolution.kernel_size[0] - convolution.stride[0]
            hidden = functional.gelu(
                convolution(functional.pad(hidden, (past, 0))), approximate="tanh"
            )
        return hidden.transpose(1, 2)
