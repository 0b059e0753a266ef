"""Whisper's log-mel energies: 80 bands, every 10 ms, from windows of 25 ms.

Whisper cuts off what is 80 dB below the loudest sound of its half minute. A stream knows no
maximum, so here that maximum is fixed.

Shape letters: B batch, N samples, H hops of 10 ms, M bands, Q bins of the spectrum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.hearing.log_mel import DEPTH, HOP, LEAST_POWER, WINDOW, mel_bands

_BINS = WINDOW // 2 + 1
MAXIMUM = 1.5
"""The assumed maximum, log10 of a band's power: that of loud speech."""


def normalised(log_power: Tensor, maximum: Tensor | float) -> Tensor:
    """Whisper's scaling of log10 powers, with the floor ``DEPTH`` below ``maximum``."""
    floor = torch.as_tensor(maximum) - DEPTH
    return (torch.maximum(log_power, floor) + 4) / 4


FLOOR = (MAXIMUM - DEPTH + 4) / 4
"""What silence gives."""


class WhisperLogMel(nn.Module):
    """Log10 powers of the bands of every whole window."""

    waves: Tensor
    bands: Tensor

    def __init__(self) -> None:
        super().__init__()
        time = torch.arange(WINDOW, dtype=torch.float64)
        window = 0.5 - 0.5 * torch.cos(2 * torch.pi * time / WINDOW)
        turns = torch.arange(_BINS, dtype=torch.float64)[:, None] * time / WINDOW
        waves = torch.cat([torch.cos(2 * torch.pi * turns), torch.sin(2 * torch.pi * turns)])
        # Derived from constants, so not part of the checkpoint.
        self.register_buffer("waves", (waves * window).float()[:, None], persistent=False)
        self.register_buffer("bands", torch.from_numpy(mel_bands()), persistent=False)

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, M, H); H is (N - WINDOW) / HOP + 1."""
        parts = functional.conv1d(audio_BN.float().unsqueeze(1), self.waves, stride=HOP).square()
        power = self.bands @ (parts[:, :_BINS] + parts[:, _BINS:])
        return power.clamp(min=LEAST_POWER).log10()
