"""What the voice filters: a pulse train with a running phase, and a fixed noise.

Pure functions. Shape suffixes: B batch, S slots (100 Hz), N samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.timebase import SAMPLE_RATE_HZ
from models.vocoder.network import SLOT_SAMPLES

LEAST_PITCH_HZ = 40.0
"""Less stands for an unvoiced slot."""
HIGHEST_HARMONIC_HZ = 7600.0
NOISE_SAMPLES = 65_537
"""Period of the noise, 4.1 s: nobody hears such a period in speech. As a prime it is a multiple of
no chunk."""
_NEAR_PULSE = 2e-3


def pulse_train(pitch_BS: Tensor, before_B: Tensor, phase_B: Tensor) -> tuple[Tensor, Tensor]:
    """Sound (B, 160 S) with all harmonics up to 7.6 kHz in equal strength, and the next phase.

    ``pitch_BS`` is the fundamental frequency in Hz, 0 where unvoiced; there the sound is zero.
    Between voiced slots it moves linearly, from ``before_B`` on. ``phase_B`` is in cycles, 0 to 1.
    """
    voiced_BS = pitch_BS > LEAST_PITCH_HZ
    previous_BS = torch.cat([before_B[:, None], pitch_BS[:, :-1]], dim=1)
    end_BS = pitch_BS.clamp(min=LEAST_PITCH_HZ)
    start_BS = torch.where(voiced_BS & (previous_BS > LEAST_PITCH_HZ), previous_BS, end_BS)
    # Sums of single precision would drift apart in long talks.
    cycles_BS = ((start_BS + end_BS) * (SLOT_SAMPLES / 2 / SAMPLE_RATE_HZ)).double()
    ends_BS = phase_B.double()[:, None] + torch.cumsum(cycles_BS, dim=1)
    ends_BS = ends_BS - torch.floor(ends_BS)
    starts_BS = torch.cat([phase_B[:, None], ends_BS[:, :-1].float()], dim=1)

    n = torch.arange(1, SLOT_SAMPLES + 1, device=pitch_BS.device)
    start, rise = start_BS[..., None], (end_BS - start_BS)[..., None]
    turns = starts_BS[..., None]
    turns = turns + (start * n + rise * (n * n / (2 * SLOT_SAMPLES))) / SAMPLE_RATE_HZ
    # Around zero, where the pulse is, so that it is the most exact.
    angle = 2 * math.pi * (turns - torch.floor(turns + 0.5))
    # The sum of the cosines of all harmonics in closed form.
    edges = torch.floor(HIGHEST_HARMONIC_HZ / torch.maximum(start_BS, end_BS))[..., None] + 0.5
    divisor = 2 * torch.sin(angle / 2)
    near = divisor.abs() < _NEAR_PULSE
    quotient = torch.sin(edges * angle) / torch.where(near, 1.0, divisor)
    pulses = torch.where(near, edges, quotient) - 0.5  # no constant part
    return (pulses * voiced_BS[..., None]).flatten(1), ends_BS[:, -1].float()


def fixed_noise() -> Tensor:
    """(NOISE_SAMPLES,) white noise of unit power; always the same."""
    noise: Tensor = torch.randn(NOISE_SAMPLES, generator=torch.Generator().manual_seed(7))
    return noise


def noise_from(table: Tensor, position_B: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """``samples`` of the table read cyclically from a position on, (B, samples); and the index
    (B, samples) of each in the table."""
    offsets = torch.arange(samples, device=table.device)
    index_BN = (position_B.long()[:, None] + offsets) % len(table)
    return table[index_BN], index_BN
