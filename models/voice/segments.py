"""The segments that the voice is trained on, and the recipe of the training. Knows no network.

Shape suffixes: B batch, T unit frames (25 Hz), S slots (100 Hz), F bins, N samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from engine.timebase import FRAME_SAMPLES
from engine.voice.agent_units import SILENCE_UNIT
from models.vocoder.network import SLOTS_PER_FRAME
from models.voice.corpus import VoiceUtterance
from models.voice.network import AUDIO_DELAY_FRAMES, OVERLAP_SLOTS

HELD_OUT_SHARE = 0.05
"""Share of the utterances."""
SILENCE_FRAMES = 8
"""So many frames of silence before an utterance belong to it."""
_SILENT_LOG = -9.0


@dataclass(frozen=True)
class Recipe:
    """How the voice is trained."""

    network: dict[str, int] = field(default_factory=dict)
    """Changes to the sizes of VoiceConfig."""
    regression_share: float = 1.0
    """Share of the budget in which the network learns pitch and spectra; in the rest it learns the
    sound, with discriminators. Those took naturalness away within 20 minutes, so it is all by
    default."""
    regression_batch: int = 16
    regression_frames: int = 25
    regression_rate: float = 1e-3
    batch: int = 12
    segment_frames: int = 25
    learning_rate: float = 3e-4
    discriminator_learning_rate: float = 3e-4
    final_rate_share: float = 0.05
    judged: int = 8
    """How many items of the batch the discriminators see."""
    judged_from: int = 100
    judged_fully: int = 300
    """The discriminators' weight rises between these steps."""
    unit_warmup: int = 24
    """Frames of past for the 25 Hz blocks: their whole receptive field."""
    audio_warmup: int = 6
    """Frames of past whose sound is discarded: most of the 100 Hz blocks' receptive field."""
    pitch_weight: float = 3.0
    mel_weight: float = 6.0
    spectrum_weight: float = 4.0
    """Holds the spectra near their targets while the sound is learned."""
    voiced_noise_share: float = 0.15
    """How much of that weight the noise has where harmonics rule the sound."""
    feature_weight: float = 2.0
    ema_decay: float = 0.998
    discriminator_width: int = 16
    discriminator_periods: tuple[int, ...] = (3, 5, 7)
    checkpoint_s: float = 180.0
    evaluate_s: float = 180.0
    evaluation_items: int = 40


@dataclass(frozen=True, eq=False)
class Batch:
    """Segments with their past."""

    units_BT: Tensor
    """Warm-ups and segment."""
    pitch_BS: Tensor
    """Of the audio warm-up and the segment, and of ``OVERLAP_SLOTS`` more."""
    harmonic_BSF: Tensor
    """Of the segment."""
    noise_BSF: Tensor
    audio_BN: Tensor
    """float32."""


class SegmentSampler:
    """Random segments of the utterances, with the voice's delay."""

    def __init__(
        self,
        utterances: Sequence[VoiceUtterance],
        recipe: Recipe,
        seed: int,
        silence_unit: int = SILENCE_UNIT,
    ) -> None:
        """There are two utterances at least."""
        self.recipe, self.silence_unit = recipe, silence_unit
        order = np.random.default_rng(seed).permutation(len(utterances))
        held_out = max(1, round(HELD_OUT_SHARE * len(order)))
        self.held_out = [utterances[i] for i in sorted(order[:held_out])]
        self.training = [utterances[i] for i in sorted(order[held_out:])]
        lengths = np.array([len(utterance.units_T) for utterance in self.training], np.float64)
        self.shares = lengths / lengths.sum()

    def training_batch(self, rng: np.random.Generator, items: int, frames: int) -> Batch:
        """``items`` random segments of ``frames``."""
        chosen = [self.training[i] for i in rng.choice(len(self.training), items, p=self.shares)]
        return self._batch(rng, chosen, frames)

    def held_out_batch(self) -> Batch:
        """Segments of utterances that are not in the training, always the same."""
        chosen = self.held_out[: self.recipe.evaluation_items]
        return self._batch(np.random.default_rng(9), chosen, self.recipe.segment_frames)

    def _batch(
        self, rng: np.random.Generator, utterances: Sequence[VoiceUtterance], frames: int
    ) -> Batch:
        rows = [self._segment(rng, utterance, frames) for utterance in utterances]
        units, pitch, harmonic, noise, audio = (
            torch.from_numpy(np.stack(parts)) for parts in zip(*rows, strict=True)
        )
        return Batch(units, pitch, harmonic.float(), noise.float(), audio.float() / 32768.0)

    def _segment(
        self, rng: np.random.Generator, utterance: VoiceUtterance, frames: int
    ) -> tuple[np.ndarray, ...]:
        recipe = self.recipe
        units = np.pad(
            utterance.units_T.astype(np.int64), SILENCE_FRAMES, constant_values=self.silence_unit
        )
        speaking = len(utterance.units_T)
        start = int(rng.integers(-SILENCE_FRAMES, max(1, speaking - frames // 2)))
        # The segment's first output frame speaks frame ``start`` of the utterance.
        first_unit = start + SILENCE_FRAMES + AUDIO_DELAY_FRAMES
        past = recipe.unit_warmup + recipe.audio_warmup
        slot, stop = start * SLOTS_PER_FRAME, (start + frames) * SLOTS_PER_FRAME
        return (
            cut(units, first_unit - past, first_unit + frames, self.silence_unit),
            cut(
                utterance.pitch_S,
                slot - recipe.audio_warmup * SLOTS_PER_FRAME,
                stop + OVERLAP_SLOTS,
                0.0,
            ),
            cut(utterance.harmonic_SF, slot, stop, _SILENT_LOG),
            cut(utterance.noise_SF, slot, stop, _SILENT_LOG),
            cut(utterance.audio_N, start * FRAME_SAMPLES, (start + frames) * FRAME_SAMPLES, 0),
        )


def cut(rows: np.ndarray, start: int, stop: int, beyond: float) -> np.ndarray:
    """Rows ``start`` to ``stop``, which may lie outside; rows beyond the ends are ``beyond``."""
    found = np.full((stop - start, *rows.shape[1:]), beyond, rows.dtype)
    low, high = max(0, start), min(stop, len(rows))
    if low < high:
        found[low - start : high - start] = rows[low:high]
    return found
