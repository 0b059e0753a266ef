"""Trains the agent's voice in two phases.

First it learns pitch and spectra by regression, from the synthesiser's own; that is quick. Then it
learns the sound: mel distance, and discriminators that learn to tell synthesised from
real. In both the true pitch is given to what follows it, so that pulses and target agree. The
training is resumable and seeded; its budget is wall-clock minutes over all runs, or steps.

Shape suffixes: B batch, S slots (100 Hz), F bins, N samples.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES
from models.vocoder.losses import (
    Discriminators,
    MelDistance,
    spectral_distance,
    train_discriminators,
)
from models.vocoder.network import SLOTS_PER_FRAME
from models.vocoder.training_run import TrainingRun, follow, set_rate
from models.voice.corpus import VoiceUtterance, read_corpus
from models.voice.excitation import LEAST_PITCH_HZ, pulse_train
from models.voice.network import (
    OVERLAP_SAMPLES,
    OVERLAP_SLOTS,
    REFERENCE_PITCH_HZ,
    Memory,
    Spectra,
    Voice,
    VoiceConfig,
    describe,
)
from models.voice.restore import begun_voice
from models.voice.segments import Batch, Recipe, SegmentSampler
from models.voice.unit_table import OWN_UNITS, VoiceUnits, units_of

CHECKPOINT_NAME = "voice.pt"
LOG_NAME = "voice_log.csv"
_REGRESSION_WARMUP, _POLISH_WARMUP = 200, 50
# Targets below these are silence.
_LEAST_HARMONIC, _LEAST_NOISE, _MOST = -8.0, -6.0, 7.0


class Trainer(TrainingRun):
    """One training run: networks, optimizers and steps."""

    NAME, CHECKPOINT, LOG = "voice", CHECKPOINT_NAME, LOG_NAME
    PARTS = ("average", "voice", "discriminators", "optimizer", "discriminator_optimizer")
    COUNTERS = ("step", "phase_step", "elapsed_s", "polishing")
    COLUMNS = (
        *("step", "seconds", "pitch", "voicing", "harmonic", "noise", "mel"),
        *("critic", "adversarial", "features"),
        *("held_out_mel", "held_out_spectral", "held_out_pitch", "held_out_voicing"),
    )

    def __init__(
        self,
        sampler: SegmentSampler,
        work_dir: Path,
        seed: int,
        steps: int | None,
        minutes: float | None,
        units: VoiceUnits,
        bundle: Path | None,
    ) -> None:
        super().__init__(sampler.recipe, work_dir, seed, steps, minutes)
        torch.manual_seed(seed)
        self.sampler, self.recipe = sampler, sampler.recipe
        self.voice = Voice(VoiceConfig(units.count, units.silence_unit, **self.recipe.network))
        if bundle and not self.checkpoint.exists():
            self.voice.load_state_dict(self.begun(bundle, units))
        self.average = copy.deepcopy(self.voice).eval().requires_grad_(False)
        self.discriminators = Discriminators(
            self.recipe.discriminator_width, self.recipe.discriminator_periods
        )
        self.mel = MelDistance()
        self.optimizer = torch.optim.AdamW(
            self.voice.parameters(), self.recipe.regression_rate, betas=(0.9, 0.98)
        )
        self.discriminator_optimizer = torch.optim.AdamW(
            self.discriminators.parameters(),
            self.recipe.discriminator_learning_rate,
            betas=(0.8, 0.99),
        )
        self.phase_step = 0
        self.polishing = False
        self.resume()

    def begun(self, bundle: Path, units: VoiceUnits) -> dict[str, Tensor]:
        """The weights of a bundle's voice, for these units."""
        known = begun_voice(bundle, units, [one.text for one in self.sampler.training])
        if known.config != self.voice.config:
            raise DuologueError(f"{bundle} has a voice of another size; train without --bundle.")
        return known.state_dict()

    def describe(self) -> dict[str, Any]:
        return describe(self.voice.config)

    def begin_polishing(self) -> None:
        """Go on from the averaged weights, with a fresh optimizer."""
        self.polishing, self.phase_step = True, 0
        self.voice.load_state_dict(self.average.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.voice.parameters(), self.recipe.learning_rate, betas=(0.8, 0.99)
        )

    # -- one step -------------------------------------------------------------------------

    def set_rates(self) -> None:
        recipe, border = self.recipe, self.recipe.regression_share
        start, end = (border, 1.0) if self.polishing else (0.0, border)
        done = min(1.0, max(0.0, (self.progress - start) / max(1e-9, end - start)))
        warmup = _POLISH_WARMUP if self.polishing else _REGRESSION_WARMUP
        share = max(recipe.final_rate_share, 0.5 * (1 + math.cos(math.pi * done)))
        share *= min(1.0, (self.phase_step + 1) / warmup)
        peak = recipe.learning_rate if self.polishing else recipe.regression_rate
        set_rate(self.optimizer, share * peak)
        set_rate(self.discriminator_optimizer, share * recipe.discriminator_learning_rate)

    def train_step(self) -> dict[str, float]:
        if not self.polishing and self.progress >= self.recipe.regression_share:
            self.begin_polishing()
        self.set_rates()
        figures = self.polish_step() if self.polishing else self.regression_step()
        self.step += 1
        self.phase_step += 1
        follow(self.average, self.voice, self.phase_step, self.recipe.ema_decay)
        return figures

    def update(self, loss: Tensor, most_gradient: float) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.voice.parameters(), most_gradient)
        self.optimizer.step()

    def regression_step(self) -> dict[str, float]:
        recipe = self.recipe
        batch = self.sampler.training_batch(
            self.rng, recipe.regression_batch, recipe.regression_frames
        )
        spectra = taught_spectra(self.voice, batch, recipe)
        pitch, voicing = pitch_losses(spectra, batch, recipe)
        harmonic, noise = spectrum_losses(spectra, batch, recipe)
        self.update(harmonic + noise + recipe.pitch_weight * pitch + voicing, 1.0)
        return figures_of(pitch=pitch, voicing=voicing, harmonic=harmonic, noise=noise)

    def polish_step(self) -> dict[str, float]:
        recipe = self.recipe
        batch = self.sampler.training_batch(self.rng, recipe.batch, recipe.segment_frames)
        spectra = taught_spectra(self.voice, batch, recipe)
        made_BN = taught_sound(self.voice, spectra, batch, recipe)
        mel = self.mel(made_BN, batch.audio_BN)
        pitch, voicing = pitch_losses(spectra, batch, recipe)
        harmonic, noise = spectrum_losses(spectra, batch, recipe, recipe.voiced_noise_share)
        judged_BN = made_BN[: recipe.judged]
        gradient_BN, figures = train_discriminators(
            self.discriminators,
            self.discriminator_optimizer,
            judged_BN,
            batch.audio_BN[: recipe.judged],
            recipe.feature_weight,
        )
        loss = recipe.mel_weight * mel + recipe.pitch_weight * pitch + voicing
        loss = loss + recipe.spectrum_weight * (harmonic + noise)
        rise = (self.phase_step - recipe.judged_from) / (recipe.judged_fully - recipe.judged_from)
        # A linear term whose gradient is that of the discriminators.
        loss = loss + min(1.0, max(0.0, rise)) * (gradient_BN * judged_BN).sum()
        self.update(loss, 5.0)
        losses = {"pitch": pitch, "voicing": voicing, "harmonic": harmonic, "noise": noise}
        return figures_of(mel=mel, **losses) | figures

    # -- evaluation -------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Distances of held-out segments, with the true pitch."""
        batch = self.sampler.held_out_batch()
        spectra = taught_spectra(self.average, batch, self.recipe)
        # Always the same noise, so that the figures of two steps can be compared.
        generator = torch.Generator().manual_seed(0)
        made_BN = taught_sound(self.average, spectra, batch, self.recipe, generator)
        pitch, voicing = pitch_losses(spectra, batch, self.recipe)
        figures = figures_of(
            mel=self.mel(made_BN, batch.audio_BN),
            spectral=spectral_distance(made_BN, batch.audio_BN),
            pitch=pitch,
            voicing=voicing,
        )
        return {f"held_out_{name}": value for name, value in figures.items()}


def taught_spectra(voice: Voice, batch: Batch, recipe: Recipe) -> Spectra:
    """The spectra of audio warm-up and segment, with the true pitch."""
    state_BK = voice.empty_state(len(batch.units_BT))
    ahead_BS = batch.pitch_BS[:, OVERLAP_SLOTS:]
    with torch.autocast("cpu", torch.bfloat16):
        return voice.spectra(batch.units_BT, Memory(state_BK), recipe.unit_warmup, ahead_BS)


def taught_sound(
    voice: Voice,
    spectra: Spectra,
    batch: Batch,
    recipe: Recipe,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The sound of the segment, with the true pitch and a random noise (B, N)."""
    none_B = batch.pitch_BS.new_zeros(len(batch.pitch_BS))
    pulses_BN, _ = pulse_train(batch.pitch_BS, none_B, none_B)
    noise_BN = torch.randn(pulses_BN.shape, generator=generator)
    tail_BN = pulses_BN.new_zeros(len(pulses_BN), OVERLAP_SAMPLES)
    made_BN, _ = voice.sound(spectra, pulses_BN, noise_BN, tail_BN)
    return made_BN[:, recipe.audio_warmup * FRAME_SAMPLES :]


def pitch_losses(spectra: Spectra, batch: Batch, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """Error of the pitch in octaves where voiced, and cross-entropy of being voiced."""
    first = recipe.audio_warmup * SLOTS_PER_FRAME
    logits_BS2 = spectra.pitch_logits_BS2[:, first:]
    pitch_BS = batch.pitch_BS[:, OVERLAP_SLOTS + first :]
    voiced_BS = (pitch_BS > LEAST_PITCH_HZ).float()
    octaves_BS = torch.log2(pitch_BS.clamp(min=LEAST_PITCH_HZ) / REFERENCE_PITCH_HZ)
    error_BS = (logits_BS2[..., 0] - octaves_BS).abs() * voiced_BS
    pitch = error_BS.sum() / voiced_BS.sum().clamp(min=1)
    return pitch, F.binary_cross_entropy_with_logits(logits_BS2[..., 1], voiced_BS)


def spectrum_losses(
    spectra: Spectra, batch: Batch, recipe: Recipe, voiced_noise_share: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Absolute errors of harmonics, where voiced, and of noise; strong bins count more.

    ``voiced_noise_share`` is the weight of the noise where voiced.
    """
    first = recipe.audio_warmup * SLOTS_PER_FRAME
    voiced = (batch.pitch_BS[:, first:-OVERLAP_SLOTS] > LEAST_PITCH_HZ).float()[..., None]
    harmonic_BSF = batch.harmonic_BSF.clamp(_LEAST_HARMONIC, _MOST)
    errors = (spectra.harmonic_BSF[:, first:] - harmonic_BSF).abs()
    errors = errors * (0.2 + 0.8 * torch.sigmoid(harmonic_BSF + 2.5)) * voiced
    harmonic = errors.sum() / (voiced.sum().clamp(min=1) * errors.shape[-1])
    noise_BSF = batch.noise_BSF.clamp(_LEAST_NOISE, _MOST)
    errors = (spectra.noise_BSF[:, first:] - noise_BSF).abs()
    errors = errors * (0.2 + 0.8 * torch.sigmoid(noise_BSF + 2.0))
    return harmonic, (errors * (1 - (1 - voiced_noise_share) * voiced)).mean()


def figures_of(**losses: Tensor) -> dict[str, float]:
    """Losses as numbers for the log."""
    return {name: float(loss.detach()) for name, loss in losses.items()}


def train_voice(
    corpus: Path,
    work_dir: Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int = 1,
    seed: int = 0,
    recipe: Recipe | None = None,
    bundle: Path | None = None,
) -> Path:
    """Train on a corpus, or resume, until the budget is spent; returns the checkpoint.

    Give ``minutes`` (wall clock, over all runs in ``work_dir``) or ``steps``. With the folder of a
    ``bundle`` the training begins with its voice, also for other units. Raises DuologueError where
    the corpus is missing, or where ``work_dir`` or the bundle has a voice that does not fit.
    """
    utterances = list(read_corpus(corpus))
    if len(utterances) < 2:
        raise DuologueError(f"{corpus} has no speech; make it with: duologue-train agent-speech")
    units = units_of(corpus)
    return train_with(utterances, work_dir, minutes, steps, threads, seed, recipe, units, bundle)


def train_with(
    utterances: Sequence[VoiceUtterance],
    work_dir: Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int = 1,
    seed: int = 0,
    recipe: Recipe | None = None,
    units: VoiceUnits = OWN_UNITS,
    bundle: Path | None = None,
) -> Path:
    """As ``train_voice``, with a corpus that is loaded already."""
    if (minutes is None) == (steps is None):
        raise ValueError("give either minutes or steps")
    torch.set_num_threads(threads)
    work_dir.mkdir(parents=True, exist_ok=True)
    sampler = SegmentSampler(utterances, recipe or Recipe(), seed, units.silence_unit)
    trainer = Trainer(sampler, work_dir, seed, steps, minutes, units, bundle)
    trainer.run()
    return trainer.checkpoint
