"""Whisper's log-mel energies: 80 bands, every 10 ms, from windows of 25 ms.

Whisper cuts off what is 80 dB below the loudest sound of its half minute. A stream knows no
maximum, so here that maximum is fixed.

Shape letters: B batch, N samples, H hops of 10 ms, M bands, Q bins of the spectrum.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.timebase import SAMPLE_RATE_HZ

HOP, WINDOW, BANDS = 160, 400, 80
_BINS = WINDOW // 2 + 1
_LINEAR_STEP_HZ, _LINEAR_END_HZ = 200 / 3, 1000.0
_LOG_STEP = math.log(6.4) / 27
_LEAST_POWER = 1e-10
_DEPTH = 8.0
"""Powers of ten below the maximum that are kept."""
MAXIMUM = 1.5
"""The assumed maximum, log10 of a band's power: that of loud speech."""


def normalised(log_power: Tensor, maximum: Tensor | float) -> Tensor:
    """Whisper's scaling of log10 powers, with the floor ``_DEPTH`` below ``maximum``."""
    floor = torch.as_tensor(maximum) - _DEPTH
    return (torch.maximum(log_power, floor) + 4) / 4


FLOOR = (MAXIMUM - _DEPTH + 4) / 4
"""What silence gives."""


def mel_bands() -> Tensor:
    """(M, Q): triangles of equal area, evenly spaced on Slaney's mel scale up to 8 kHz."""

    def mel(hz: float) -> float:
        if hz < _LINEAR_END_HZ:
            return hz / _LINEAR_STEP_HZ
        return _LINEAR_END_HZ / _LINEAR_STEP_HZ + math.log(hz / _LINEAR_END_HZ) / _LOG_STEP

    mels = torch.linspace(0, mel(SAMPLE_RATE_HZ / 2), BANDS + 2, dtype=torch.float64)
    above = (mels - _LINEAR_END_HZ / _LINEAR_STEP_HZ).clamp(min=0)
    log_part = _LINEAR_END_HZ * torch.exp(above * _LOG_STEP)
    edges_hz = torch.where(above > 0, log_part, mels * _LINEAR_STEP_HZ)
    bins_hz = torch.arange(_BINS, dtype=torch.float64) * SAMPLE_RATE_HZ / WINDOW
    low, centre, high = (edges_hz[at : at + BANDS, None] for at in range(3))
    rise, fall = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return (torch.minimum(rise, fall).clamp(min=0) * 2 / (high - low)).float()


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
        self.register_buffer("bands", mel_bands(), persistent=False)

    def forward(self, audio_BN: Tensor) -> Tensor:
        """(B, M, H); H is (N - WINDOW) / HOP + 1."""
        parts = functional.conv1d(audio_BN.float().unsqueeze(1), self.waves, stride=HOP).square()
        power = self.bands @ (parts[:, :_BINS] + parts[:, _BINS:])
        return power.clamp(min=_LEAST_POWER).log10()
