"""The agent's voice: a causal source-filter network that turns its units into 16 kHz speech.

It consists of an embedding, causal ConvNeXt blocks at the unit rate (25 Hz), up-sampling by four,
and causal ConvNeXt blocks at 100 Hz. The first of these predict the fundamental frequency; the
others, which get to know it, predict four spectra for each slot of 10 ms: the strength of the
harmonics, which filters a pulse train; that of the noise, which filters white noise; and magnitude
and phase of what is neither. Knows no losses, and no file but its checkpoint.

The sound of frame i depends on the units up to i. All that the network remembers is in a state, so
a stream equals the whole file, whatever its chunks.

Shape suffixes: B batch, T unit frames (25 Hz), S slots (100 Hz), D width, F bins, N samples,
K values of the state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.vocoder.network import (
    BIN_COUNT,
    KERNEL,
    MAX_LOG_MAGNITUDE,
    SLOT_SAMPLES,
    SLOTS_PER_FRAME,
    WINDOW_SAMPLES,
    CausalBlock,
    synthesis_matrix,
)
from models.voice.excitation import LEAST_PITCH_HZ, fixed_noise, noise_from, pulse_train

AUDIO_DELAY_FRAMES = 2
"""The sound of unit i is in frame i + 2: the network knows 80 ms of what comes next."""
OVERLAP_SLOTS = WINDOW_SAMPLES // SLOT_SAMPLES - 1
"""A piece of sound reaches over so many slots after its own. So the pitch is predicted so many
slots ahead: the piece needs its pulses."""
OVERLAP_SAMPLES = OVERLAP_SLOTS * SLOT_SAMPLES
REFERENCE_PITCH_HZ = 190.0
_LOWEST_PITCH, _HIGHEST_PITCH = -1.5, 1.2
"""In octaves from the reference."""
_PITCH_FEATURES = 8
# With these, spectra of about unit strength stand for speech.
_HARMONIC_SCALE, _NOISE_SCALE = 160.0, 15.5
_MAX_LOG_HARMONIC = 3.0


@dataclass(frozen=True)
class VoiceConfig:
    """Sizes of the network; the defaults give about 5 million parameters."""

    unit_count: int
    silence_unit: int = 0
    width: int = 256
    expansion: int = 3
    unit_blocks: int = 4
    pitch_blocks: int = 2
    """100 Hz blocks before the pitch is predicted."""
    sound_blocks: int = 4
    """100 Hz blocks after it."""

    @property
    def past_frames(self) -> int:
        """How many units before unit i the audio of frame i depends on, phases apart."""
        slots = (self.pitch_blocks + self.sound_blocks) * (KERNEL - 1) + OVERLAP_SLOTS
        return math.ceil(slots / SLOTS_PER_FRAME) + self.unit_blocks * (KERNEL - 1)

    @property
    def state_size(self) -> int:
        """Number of values in the state."""
        blocks = self.unit_blocks + self.pitch_blocks + self.sound_blocks
        return blocks * (KERNEL - 1) * self.width + 2 * OVERLAP_SAMPLES + 3


class Memory:
    """A state being replaced: its parts are taken, and the next ones left, in the same order."""

    def __init__(self, state_BK: Tensor) -> None:
        self._state_BK = state_BK
        self._taken = 0
        self._left: list[Tensor] = []

    def take(self, *shape: int) -> Tensor:
        """The next part, (B, *shape)."""
        start = self._taken
        self._taken += math.prod(shape)
        return self._state_BK[:, start : self._taken].reshape(-1, *shape)

    def leave(self, part: Tensor) -> None:
        """What the part taken last becomes, (B, ...)."""
        self._left.append(part.flatten(1))

    def next_state(self) -> Tensor:
        """The parts that were left, (B, K)."""
        return torch.cat(self._left, dim=1)


@dataclass(frozen=True, eq=False)
class Spectra:
    """What the network predicts for each slot."""

    pitch_logits_BS2: Tensor
    """Octaves from the reference, and the logit of being voiced; ``OVERLAP_SLOTS`` ahead."""
    pitch_BS: Tensor
    """Fundamental frequency in Hz, 0 where unvoiced; ``OVERLAP_SLOTS`` ahead."""
    harmonic_BSF: Tensor
    """Natural logarithm of the harmonics' strength."""
    noise_BSF: Tensor
    """Natural logarithm of the noise's strength."""
    free_BSF: Tensor
    """Natural logarithm of the other magnitude."""
    phase_BSF: Tensor
    """Its phase in radians."""


class Voice(nn.Module):
    """Units (B, T) int64 and a state to audio (B, T * 640) float32 and the next state."""

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width

        def blocks(count: int) -> nn.ModuleList:
            return nn.ModuleList(CausalBlock(width, config.expansion) for _ in range(count))

        self.embedding = nn.Embedding(config.unit_count, width)
        self.unit_blocks = blocks(config.unit_blocks)
        self.upsample = nn.Linear(width, SLOTS_PER_FRAME * width)
        self.slot1 = blocks(config.pitch_blocks)
        self.f0_head = nn.Linear(width, 2)
        self.f0_in = nn.Linear(_PITCH_FEATURES, width)
        self.slot2 = blocks(config.sound_blocks)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 4 * BIN_COUNT)
        with torch.no_grad():
            self.head.bias.zero_()
            self.head.weight[2 * BIN_COUNT :] *= 0.1
            self.head.bias[2 * BIN_COUNT : 3 * BIN_COUNT] = -4.0
        self.register_buffer("synthesis", synthesis_matrix(), persistent=False)
        self.register_buffer("analysis", analysis_matrix(), persistent=False)
        self.register_buffer("noise", fixed_noise(), persistent=False)
        self.synthesis: Tensor
        self.analysis: Tensor
        self.noise: Tensor

    def empty_state(self, batch: int = 1) -> Tensor:
        """The state (B, K) before the first unit."""
        return self.synthesis.new_zeros(batch, self.config.state_size)

    def forward(self, units_BT: Tensor, state_BK: Tensor) -> tuple[Tensor, Tensor]:
        """The audio of the units after those that led to the state, and the next state.

        Its noise is always the same, so two runs give the same audio.
        """
        memory = Memory(state_BK)
        spectra = self.spectra(units_BT, memory)
        before_B, phase_B, position_B = memory.take(3).unbind(1)
        pulses_BN, phase_B = pulse_train(spectra.pitch_BS, before_B, phase_B)
        samples = units_BT.shape[1] * SLOTS_PER_FRAME * SLOT_SAMPLES
        noise_BN, index_BN = noise_from(self.noise, position_B, samples + OVERLAP_SAMPLES)
        position_B = index_BN[:, -OVERLAP_SAMPLES].to(state_BK.dtype)
        memory.leave(torch.stack([spectra.pitch_BS[:, -1], phase_B, position_B], dim=1))
        pulses_BN = torch.cat([memory.take(OVERLAP_SAMPLES), pulses_BN], dim=1)
        memory.leave(pulses_BN[:, -OVERLAP_SAMPLES:])
        tail_BN = memory.take(OVERLAP_SAMPLES)
        audio_BN, tail_BN = self.sound(spectra, pulses_BN, noise_BN, tail_BN)
        memory.leave(tail_BN)
        return audio_BN, memory.next_state()

    def spectra(
        self,
        units_BT: Tensor,
        memory: Memory,
        unit_warmup: int = 0,
        pitch_BS: Tensor | None = None,
    ) -> Spectra:
        """The spectra of the units, without the first ``unit_warmup`` frames, which pass through
        the 25 Hz blocks only.

        In training the true ``pitch_BS`` takes the place of the predicted one.
        """
        hidden = self._through(self.unit_blocks, self.embedding(units_BT), memory)
        hidden = self.upsample(hidden[:, unit_warmup:])
        hidden = hidden.reshape(len(units_BT), -1, self.config.width)
        hidden = self._through(self.slot1, hidden, memory)
        logits_BS2 = self.f0_head(hidden).float()
        if pitch_BS is None:
            octaves_BS = logits_BS2[..., 0].clamp(_LOWEST_PITCH, _HIGHEST_PITCH)
            pitch_BS = REFERENCE_PITCH_HZ * torch.exp2(octaves_BS) * (logits_BS2[..., 1] > 0)
        hidden = hidden + self.f0_in(pitch_features(pitch_BS))
        hidden = self.norm(self._through(self.slot2, hidden, memory))
        return Spectra(logits_BS2, pitch_BS, *self.head(hidden).float().chunk(4, dim=-1))

    def _through(self, blocks: Iterable[nn.Module], x_BTD: Tensor, memory: Memory) -> Tensor:
        for block in blocks:
            assert isinstance(block, CausalBlock)
            x_BTD, past_BKD = block.continued(x_BTD, memory.take(KERNEL - 1, self.config.width))
            memory.leave(past_BKD)
        return x_BTD

    def sound(
        self, spectra: Spectra, pulses_BN: Tensor, noise_BN: Tensor, tail_BN: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The audio (B, 160 S), and the tail (B, 480) that its last pieces add to what follows.

        ``pulses_BN`` and ``noise_BN`` are ``OVERLAP_SAMPLES`` longer than the audio, ``tail_BN`` is
        what earlier pieces add to it.
        """
        with torch.autocast(pulses_BN.device.type, enabled=False):
            pulse_real, pulse_imaginary = (pieces(pulses_BN) @ self.analysis).chunk(2, dim=-1)
            noise_real, noise_imaginary = (pieces(noise_BN) @ self.analysis).chunk(2, dim=-1)
            harmonic = torch.exp(spectra.harmonic_BSF.clamp(max=_MAX_LOG_HARMONIC))
            harmonic = harmonic / _HARMONIC_SCALE
            noise = torch.exp(spectra.noise_BSF.clamp(max=MAX_LOG_MAGNITUDE)) / _NOISE_SCALE
            free = torch.exp(spectra.free_BSF.clamp(max=MAX_LOG_MAGNITUDE))
            phase = spectra.phase_BSF
            real = harmonic * pulse_real + noise * noise_real + free * torch.cos(phase)
            imaginary = (
                harmonic * pulse_imaginary + noise * noise_imaginary + free * torch.sin(phase)
            )
            windowed_BSN = torch.cat([real, imaginary], dim=-1) @ self.synthesis
        parts = windowed_BSN.unflatten(-1, (OVERLAP_SLOTS + 1, SLOT_SAMPLES))
        joined = F.pad(parts[:, :, 0], (0, 0, 0, OVERLAP_SLOTS))
        for age in range(1, OVERLAP_SLOTS + 1):
            joined = joined + F.pad(parts[:, :, age], (0, 0, age, OVERLAP_SLOTS - age))
        joined_BN = joined.flatten(1)
        audio_BN = joined_BN[:, :-OVERLAP_SAMPLES]
        # The tail is shorter than any audio, which has four slots at least.
        begun_BN = audio_BN[:, :OVERLAP_SAMPLES] + tail_BN
        audio_BN = torch.cat([begun_BN, audio_BN[:, OVERLAP_SAMPLES:]], dim=1)
        return audio_BN, joined_BN[:, -OVERLAP_SAMPLES:]


def pieces(sound_BN: Tensor) -> Tensor:
    """(B, S, 640): the pieces of a sound, one for each slot but the last ``OVERLAP_SLOTS``."""
    slots = sound_BN.unflatten(1, (-1, SLOT_SAMPLES))
    count = slots.shape[1] - OVERLAP_SLOTS
    return torch.cat([slots[:, age : age + count] for age in range(OVERLAP_SLOTS + 1)], dim=-1)


def analysis_matrix() -> Tensor:
    """(640, 642): turns a piece of sound into real and imaginary bins, with a Hann window."""
    window = torch.hann_window(WINDOW_SAMPLES, dtype=torch.float64)
    spectrum = torch.fft.rfft(torch.diag(window))
    return torch.cat([spectrum.real, spectrum.imag], dim=1).float()


def pitch_features(pitch_BS: Tensor) -> Tensor:
    """(B, S, 8): voiced or not, and polynomials and waves of the pitch in octaves."""
    voiced = (pitch_BS > LEAST_PITCH_HZ).float()
    octaves = torch.log2(pitch_BS.clamp(min=LEAST_PITCH_HZ) / REFERENCE_PITCH_HZ) * voiced
    waves = [f(k * octaves) * voiced for k in (3, 6) for f in (torch.sin, torch.cos)]
    return torch.stack([voiced, octaves, octaves * octaves, *waves, 1 - voiced], dim=-1)


def describe(config: VoiceConfig) -> dict[str, Any]:
    """The configuration as plain data, for a checkpoint."""
    return asdict(config)


def load_voice(checkpoint: Path) -> Voice:
    """The network of a checkpoint with its averaged weights, in evaluation mode."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    voice = Voice(VoiceConfig(**saved["config"]))
    voice.load_state_dict(saved["average"])
    return voice.eval()
