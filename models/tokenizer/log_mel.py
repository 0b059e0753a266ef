"""The tokenizer's front end: log-mel energies relative to the loudness of the last second.

It is causal: each frame of 40 ms gives one vector, from the sound up to the frame's end. It is a
stream: what it needs of the past is passed in and out, and zeros mean the beginning.

Shape letters: B batch, N samples, T frames (N / 640), H hops of 10 ms (4T), M mel bands, D width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.timebase import SAMPLE_RATE_HZ

_HOP, _WINDOW, _FFT = 160, 400, 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_LOUDEST_HOPS = 100
"""The level is that of the loudest of these hops, so speech looks the same at any loudness, and a
pause still looks like a pause."""
_QUIET = 1e-7
"""Added to the level (mean power of the bands): speech below about -55 dB of full scale is not
amplified further, so residual echo stays small."""
_DEPTH = 3e-5
"""Added to the power relative to the level, which hides noise 45 dB below the level."""
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
    """Log-mel energies and two strided convolutions; loudness does not matter."""

    waves: Tensor
    bands: Tensor

    def __init__(self, width: int, bands: int) -> None:
        super().__init__()
        time = torch.arange(_WINDOW, dtype=torch.float64)
        window = 0.5 - 0.5 * torch.cos(2 * torch.pi * time / _WINDOW)
        turns = torch.arange(_FFT // 2, dtype=torch.float64)[:, None] * time / _FFT
        waves = torch.cat([torch.cos(2 * torch.pi * turns), torch.sin(2 * torch.pi * turns)])
        waves = waves * window / window.sum()
        # Derived from constants, so not part of the checkpoint.
        self.register_buffer("waves", waves.float()[:, None], persistent=False)
        self.register_buffer("bands", mel_bands(bands), persistent=False)
        self.first = nn.Conv1d(bands, width, 5, 2)
        self.second = nn.Conv1d(width, width, 3, 2)

    def past_shapes(self) -> list[tuple[int, ...]]:
        """Of one stream: the sound, the hops' mean power, and the past of both convolutions."""
        first, second = (each.kernel_size[0] - each.stride[0] for each in self._convolutions())
        return [
            (_WINDOW - _HOP,),
            (1, _LOUDEST_HOPS - 1),
            (self.first.in_channels, first),
            (self.second.in_channels, second),
        ]

    def _convolutions(self) -> tuple[nn.Conv1d, nn.Conv1d]:
        return self.first, self.second

    def log_mel(
        self, audio_BN: Tensor, past_audio: Tensor, past_power: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """((B, M, H) log power of each band relative to the level, then both pasts after it).

        Its mean is about 0, its spread about 1.
        """
        audio = torch.cat([past_audio, audio_BN.float()], 1)
        parts = functional.conv1d(audio.unsqueeze(1), self.waves, stride=_HOP).square()
        power = self.bands @ (parts[:, : _FFT // 2] + parts[:, _FFT // 2 :])
        mean = torch.cat([past_power, power.mean(1, keepdim=True)], 2)
        level = functional.max_pool1d(mean, _LOUDEST_HOPS, 1)
        relative = ((power / (level + _QUIET) + _DEPTH).log() - _MEAN) / _SPREAD
        return relative, audio[:, -past_audio.shape[1] :], mean[..., -past_power.shape[2] :]

    def forward(self, audio_BN: Tensor, pasts: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """((B, T, D), the pasts after the sound)."""
        with torch.autocast(audio_BN.device.type, enabled=False):
            hidden, *after = self.log_mel(audio_BN, *pasts[:2])
        for convolution, past in zip(self._convolutions(), pasts[2:], strict=True):
            seen = torch.cat([past.to(hidden.dtype), hidden], 2)
            after.append(seen[..., -past.shape[2] :])
            hidden = functional.gelu(convolution(seen), approximate="tanh")
        return hidden.transpose(1, 2), after
