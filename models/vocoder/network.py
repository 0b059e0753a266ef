"""The vocoder: a strictly causal network that turns units into 16 kHz speech in one voice.

It consists of an embedding, causal ConvNeXt blocks at the unit rate (25 Hz), up-sampling by four,
causal ConvNeXt blocks at 100 Hz, and an inverse short-time Fourier transform. The audio of frame i
depends only on the units i - past_frames .. i, so a stream that carries that much past equals the
whole file, sample by sample. Knows no tokenizer, no losses, and no file but its checkpoint.

Shape suffixes: B batch, T unit frames (25 Hz), S slots (100 Hz), D width, N samples.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.timebase import FRAME_SAMPLES

SLOT_SAMPLES = 160
SLOTS_PER_FRAME = FRAME_SAMPLES // SLOT_SAMPLES
WINDOW_SAMPLES = 640
BIN_COUNT = WINDOW_SAMPLES // 2 + 1
KERNEL = 7
# Squared Hann windows a quarter of their length apart add up to this everywhere.
WINDOW_POWER = 1.5
# exp of this, 148, is about the largest bin of a full-scale 640-sample window (160).
MAX_LOG_MAGNITUDE = 5.0

# Unit i describes the sound of frame i - 2 (the tokenizer's delay). With one more frame of delay
# the vocoder knows how a sound goes on before it has to say it.
AUDIO_DELAY_FRAMES = 3


@dataclass(frozen=True)
class VocoderConfig:
    """Sizes of the network; the defaults give about 4.4 million parameters."""

    unit_count: int = 200
    silence_unit: int = 0
    width: int = 256
    expansion: int = 3
    unit_blocks: int = 4
    slot_blocks: int = 6

    @property
    def unit_past_frames(self) -> int:
        """How many units before unit i the 25 Hz blocks read for frame i."""
        return self.unit_blocks * (KERNEL - 1)

    @property
    def past_frames(self) -> int:
        """How many units before unit i the audio of frame i depends on."""
        slots = self.slot_blocks * (KERNEL - 1) + WINDOW_SAMPLES // SLOT_SAMPLES - 1
        return math.ceil(slots / SLOTS_PER_FRAME) + self.unit_past_frames


class CausalBlock(nn.Module):
    """A ConvNeXt block whose convolution sees only the present and the past."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, KERNEL, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)
        self.gain = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, x_BTD: Tensor) -> Tensor:
        return x_BTD + self._change(F.pad(x_BTD.transpose(1, 2), (KERNEL - 1, 0)))

    def continued(self, x_BTD: Tensor, past_BKD: Tensor) -> tuple[Tensor, Tensor]:
        """The output after the last ``KERNEL - 1`` inputs, and these for the next call.

        After zeros the output is that of ``forward``.
        """
        seen_BTD = torch.cat([past_BKD, x_BTD], dim=1)
        return x_BTD + self._change(seen_BTD.transpose(1, 2)), seen_BTD[:, 1 - KERNEL :]

    def _change(self, seen_BDT: Tensor) -> Tensor:
        mixed_BTD = self.norm(self.depthwise(seen_BDT).transpose(1, 2))
        change_BTD: Tensor = self.gain * self.narrow(F.gelu(self.widen(mixed_BTD)))
        return change_BTD


class CausalVocoder(nn.Module):
    """Units (B, T) int64 to audio (B, T * 640) float32."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embedding = nn.Embedding(config.unit_count, width)
        self.unit_blocks = nn.Sequential(
            *(CausalBlock(width, config.expansion) for _ in range(config.unit_blocks))
        )
        self.upsample = nn.Linear(width, SLOTS_PER_FRAME * width)
        self.slot_blocks = nn.Sequential(
            *(CausalBlock(width, config.expansion) for _ in range(config.slot_blocks))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 2 * BIN_COUNT)
        with torch.no_grad():
            self.head.bias[:BIN_COUNT] -= 2.0  # training begins near the level of speech
        self.register_buffer("synthesis", synthesis_matrix(), persistent=False)
        self.synthesis: Tensor

    def forward(self, units_BT: Tensor, unit_warmup: int = 0, audio_warmup: int = 0) -> Tensor:
        """Audio of the units, without the first ``unit_warmup`` + ``audio_warmup`` frames.

        In training the warm-ups give a segment its past. The first ``unit_warmup`` frames pass
        through the 25 Hz blocks only, the next ``audio_warmup`` frames through all blocks.
        """
        hidden_BTD = self.unit_blocks(self.embedding(units_BT))[:, unit_warmup:]
        hidden_BSD = self.upsample(hidden_BTD).reshape(len(units_BT), -1, self.config.width)
        hidden_BSD = self.norm(self.slot_blocks(hidden_BSD))
        log_magnitude, phase = self.head(hidden_BSD).float().chunk(2, dim=-1)
        magnitude = torch.exp(log_magnitude.clamp(max=MAX_LOG_MAGNITUDE))
        spectrum = torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], dim=-1)
        with torch.autocast(spectrum.device.type, enabled=False):
            pieces_BSN = spectrum @ self.synthesis
        return overlap_add(pieces_BSN)[:, audio_warmup * FRAME_SAMPLES :]


def synthesis_matrix() -> Tensor:
    """(642, 640): turns real and imaginary bins into a windowed piece of sound for overlap-add."""
    window = torch.hann_window(WINDOW_SAMPLES, dtype=torch.float64)
    eye = torch.eye(BIN_COUNT, dtype=torch.complex128)
    real = torch.fft.irfft(eye, WINDOW_SAMPLES)
    imaginary = torch.fft.irfft(1j * eye, WINDOW_SAMPLES)
    return (torch.cat([real, imaginary]) * window / WINDOW_POWER).float()


def overlap_add(pieces_BSN: Tensor) -> Tensor:
    """Sound (B, N) of overlapping pieces; piece s begins at slot s."""
    batch, slots, _ = pieces_BSN.shape
    parts = pieces_BSN.reshape(batch, slots, WINDOW_SAMPLES // SLOT_SAMPLES, SLOT_SAMPLES)
    audio = parts[:, :, 0]
    for age in range(1, WINDOW_SAMPLES // SLOT_SAMPLES):
        audio = audio + F.pad(parts[:, :, age], (0, 0, age, 0))[:, :slots]
    return audio.flatten(1, 2)


def describe(config: VocoderConfig) -> dict[str, Any]:
    """The configuration as plain data, for a checkpoint."""
    return asdict(config)


def load_vocoder(checkpoint: Path) -> CausalVocoder:
    """The network of a checkpoint with its averaged weights, in evaluation mode."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    vocoder = CausalVocoder(VocoderConfig(**saved["config"]))
    vocoder.load_state_dict(saved["average"])
    return vocoder.eval()
