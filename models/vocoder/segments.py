"""The segments that the vocoder is trained on, from recordings and from the agent's sentences, and
the recipe of the training. Knows no network.

Shape suffixes: B batch, T unit frames (25 Hz), N samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.syncllm.tokens import TokenFormat, deduplicated_units, interpolated_units
from engine.timebase import FRAME_SAMPLES
from models.vocoder.dataset import Recording, VocoderStore
from models.vocoder.network import AUDIO_DELAY_FRAMES

HELD_OUT_SHARE = 0.05
"""Share of the recordings."""


@dataclass(frozen=True)
class Recipe:
    """How the vocoder is trained."""

    network: dict[str, int] = field(default_factory=dict)
    """Changes to the sizes of VocoderConfig."""
    batch: int = 16
    sentence_share: float = 0.375
    """Share of the batch that is units of the agent's sentences, without a target sound."""
    segment_frames: int = 25
    reexpanded_share: float = 0.5
    """Share of the sentences whose units pass through the token format, as in a conversation."""
    chunk_frames: tuple[int, ...] = (4, 5, 6)
    unit_warmup: int = 24
    """Frames of past for the 25 Hz blocks: their whole receptive field."""
    audio_warmup: int = 3
    """Frames of past whose sound is discarded: most of the 100 Hz blocks' receptive field."""
    learning_rate: float = 5e-4
    discriminator_learning_rate: float = 3e-4
    final_rate_share: float = 0.05
    discriminators_from: float = 0.2
    """Share of the budget after which the discriminators are used."""
    unit_loss_from: float = 0.04
    unit_loss_full: float = 0.12
    """The unit loss's weight rises between these shares of the budget; earlier the vocoder gives
    only noise, from which nothing can be learned."""
    unit_loss_warmup: int = 6
    """First frames of a segment that the unit loss skips; the tokenizer has no past for them."""
    mel_weight: float = 15.0
    unit_loss_weight: float = 4.0
    feature_weight: float = 2.0
    ema_decay: float = 0.998
    discriminator_width: int = 16
    checkpoint_s: float = 300.0
    evaluate_s: float = 180.0
    evaluation_items: int = 16


def reexpanded(
    units_T: NDArray[np.int64], chunk_frames: int, offset: int, boundary_emit: bool = True
) -> NDArray[np.int64]:
    """Units as the token format gives them back: new ones only, spread evenly over each chunk.

    Without ``boundary_emit`` the format is the paper's. The first ``offset`` frames, and an
    incomplete chunk at the end, stay as they are.
    """
    fmt = TokenFormat(0, 0, 0, chunk_frames, boundary_emit=boundary_emit)
    told = units_T.tolist()
    for start in range(offset, len(told) - chunk_frames + 1, chunk_frames):
        stop = start + chunk_frames
        last = int(units_T[max(0, start - 1)])
        told[start:stop] = interpolated_units(
            deduplicated_units(told[start:stop], last, fmt), last, fmt
        )
    return np.asarray(told, np.int64)


class SegmentSampler:
    """Random segments of the recordings, with the vocoder's delay, and of the sentences."""

    SILENCE_BEFORE = 30  # frames; the agent is silent before it speaks
    SILENCE_AFTER = 12

    def __init__(self, store: VocoderStore, recipe: Recipe, seed: int) -> None:
        self.recipe = recipe
        self.silence_unit = store.silence_unit
        order = np.random.default_rng(seed).permutation(len(store.recordings))
        held_out = max(1, round(HELD_OUT_SHARE * len(order)))
        self.held_out = [self.aligned(store.recordings[i]) for i in sorted(order[:held_out])]
        self.training = [self.aligned(store.recordings[i]) for i in sorted(order[held_out:])]
        self.sentences = [self.padded(s) for s in store.sentences]
        self.weights = self.shares([len(units) for units, _ in self.training])
        self.sentence_weights = self.shares([len(s) for s in self.sentences])

    @staticmethod
    def shares(lengths: list[int]) -> NDArray[np.float64]:
        total = np.asarray(lengths, np.float64)
        return total / max(1.0, float(total.sum()))

    def padded(self, units_T: NDArray[np.int16]) -> NDArray[np.int64]:
        widths = (self.SILENCE_BEFORE, self.SILENCE_AFTER)
        return np.pad(units_T.astype(np.int64), widths, constant_values=self.silence_unit)

    def aligned(self, recording: Recording) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """Units between silence, and the sound with the vocoder's delay."""
        units = self.padded(recording.units_T)
        audio = np.zeros(len(units) * FRAME_SAMPLES, np.int16)
        start = (self.SILENCE_BEFORE + AUDIO_DELAY_FRAMES) * FRAME_SAMPLES
        sound = recording.audio_N[: len(audio) - start]
        audio[start : start + len(sound)] = sound
        return units, audio

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Units of all items (B, past + segment), and sound of the recordings, which come first
        (fewer, N)."""
        recipe = self.recipe
        sentences = round(recipe.batch * recipe.sentence_share) if self.sentences else 0
        past = recipe.unit_warmup + recipe.audio_warmup
        units_rows, audio_rows = [], []
        for i in rng.choice(len(self.training), recipe.batch - sentences, p=self.weights):
            units, audio = self.training[i]
            start = self.start(rng, len(units))
            units_rows.append(self.window(units, start - past, start + recipe.segment_frames))
            span = audio[start * FRAME_SAMPLES : (start + recipe.segment_frames) * FRAME_SAMPLES]
            missing = recipe.segment_frames * FRAME_SAMPLES - len(span)
            audio_rows.append(np.pad(span, (0, missing)))
        for i in rng.choice(len(self.sentences), sentences, p=self.sentence_weights):
            units = self.sentences[i]
            start = self.start(rng, len(units))
            row = self.window(units, start - past, start + recipe.segment_frames)
            if rng.random() < recipe.reexpanded_share:
                chunk_frames = int(rng.choice(recipe.chunk_frames))
                row = reexpanded(row, chunk_frames, int(rng.integers(chunk_frames)))
            units_rows.append(row)
        audio_BN = torch.from_numpy(np.stack(audio_rows)).float() / 32768.0
        return torch.from_numpy(np.stack(units_rows)), audio_BN

    def start(self, rng: np.random.Generator, frames: int) -> int:
        # A third of the long silence is enough to learn from.
        first = self.SILENCE_BEFORE * 2 // 3
        return int(rng.integers(first, max(first + 1, frames - self.recipe.segment_frames + 1)))

    def window(self, units: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
        before, after = max(0, -start), max(0, stop - len(units))
        inside = units[max(0, start) : min(stop, len(units))]
        return np.pad(inside, (before, after), constant_values=self.silence_unit)
