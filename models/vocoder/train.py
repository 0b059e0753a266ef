"""Trains the vocoder on one voice, with help of the frozen tokenizer.

There are two kinds of training data. Recordings of the voice have a target sound: mel and spectral
distances, and discriminators that learn to tell synthesised from real. Sentences of the agent are
units only: the discriminators ask for speech in the same voice, and the tokenizer must find in the
result the units that were given. It is applied to the recordings too. The training is resumable and
seeded; its budget is wall-clock minutes over all runs, or steps.

Shape suffixes: B batch, T unit frames (25 Hz), N samples, K units.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from models.tokenizer.network import load_tokenizer
from models.vocoder.dataset import VocoderStore, load_store
from models.vocoder.losses import (
    Discriminators,
    FrozenTokenizer,
    MelDistance,
    calibrated_temperature,
    spectral_distance,
    train_discriminators,
)
from models.vocoder.network import (
    AUDIO_DELAY_FRAMES,
    CausalVocoder,
    VocoderConfig,
    describe,
)
from models.vocoder.restore import vocoder_for_units_of
from models.vocoder.segments import Recipe, SegmentSampler
from models.vocoder.training_run import TrainingRun, follow, set_rate

CHECKPOINT_NAME = "vocoder.pt"
LOG_NAME = "vocoder_log.csv"


class Trainer(TrainingRun):
    """One training run: networks, optimizers and steps."""

    NAME, CHECKPOINT, LOG = "vocoder", CHECKPOINT_NAME, LOG_NAME
    PARTS = ("average", "vocoder", "discriminators", "optimizer", "discriminator_optimizer")
    COUNTERS = ("step", "elapsed_s", "temperature")
    COLUMNS = (
        *("step", "seconds", "mel", "spectral", "hearing", "critic", "adversarial", "features"),
        *("held_out_mel", "held_out_agreement", "agent_agreement"),
    )
    CARRIED = ("mel",)

    def __init__(
        self,
        sampler: SegmentSampler,
        config: VocoderConfig,
        tokenizer: FrozenTokenizer,
        work_dir: Path,
        seed: int,
        steps: int | None,
        minutes: float | None,
        start: CausalVocoder | None = None,
    ) -> None:
        super().__init__(sampler.recipe, work_dir, seed, steps, minutes)
        torch.manual_seed(seed)
        self.sampler, self.recipe, self.tokenizer = sampler, sampler.recipe, tokenizer
        self.vocoder = CausalVocoder(config)
        if start is not None:
            self.vocoder.load_state_dict(start.state_dict())
        self.average = copy.deepcopy(self.vocoder).eval().requires_grad_(False)
        self.discriminators = Discriminators(self.recipe.discriminator_width)
        self.mel = MelDistance()
        self.optimizer = torch.optim.AdamW(
            self.vocoder.parameters(), self.recipe.learning_rate, betas=(0.8, 0.99)
        )
        self.discriminator_optimizer = torch.optim.AdamW(
            self.discriminators.parameters(),
            self.recipe.discriminator_learning_rate,
            betas=(0.8, 0.99),
        )
        self.temperature = 0.0
        if not self.resume():
            self.temperature = self.calibrate()

    def describe(self) -> dict[str, Any]:
        return describe(self.vocoder.config)

    def described(self, figures: Mapping[str, Sequence[float]]) -> str:
        return f"step {self.step}, mel {np.mean(figures['mel'][-50:]):.3f}"

    @torch.no_grad()
    def calibrate(self) -> float:
        """The divisor of the tokenizer's logits, from its confidence on real speech."""
        _, audio_BN = self.sampler.batch(np.random.default_rng(0))
        return calibrated_temperature(self.tokenizer.unit_logits(audio_BN).float())

    # -- one step -------------------------------------------------------------------------

    def unit_loss(self, made_BN: Tensor, units_BT: Tensor) -> Tensor:
        """Cross-entropy of the tokenizer's units of the synthesised sound, against the input
        units."""
        recipe = self.recipe
        # The noise hides sounds too faint to hear; agreement must not depend on them.
        heard_BN = made_BN + 1e-3 * torch.randn_like(made_BN)
        with torch.autocast("cpu", torch.bfloat16):
            logits_BTK = self.tokenizer.unit_logits(heard_BN)
        logits_BTK = logits_BTK.float()[:, recipe.unit_loss_warmup :] / self.temperature
        first = recipe.unit_warmup + recipe.audio_warmup + recipe.unit_loss_warmup
        last = units_BT.shape[1] - AUDIO_DELAY_FRAMES
        sent_BT = units_BT[:, first - AUDIO_DELAY_FRAMES : last]
        return F.cross_entropy(logits_BTK.flatten(0, 1), sent_BT.flatten())

    def train_step(self) -> dict[str, float]:
        recipe, progress = self.recipe, self.progress
        rate_share = max(recipe.final_rate_share, 0.5 * (1 + math.cos(math.pi * min(1, progress))))
        set_rate(self.optimizer, recipe.learning_rate * rate_share * self.warmup_share())
        set_rate(self.discriminator_optimizer, recipe.discriminator_learning_rate * rate_share)

        units_BT, real_BN = self.sampler.batch(self.rng)
        with torch.autocast("cpu", torch.bfloat16):
            made_BN = self.vocoder(units_BT, recipe.unit_warmup, recipe.audio_warmup)
        made_BN = made_BN.float()
        taught_BN = made_BN[: len(real_BN)]
        mel = self.mel(taught_BN, real_BN)
        spectral = spectral_distance(taught_BN, real_BN)
        loss = recipe.mel_weight * mel + spectral
        figures = {"mel": float(mel.detach()), "spectral": float(spectral.detach())}

        rise = (progress - recipe.unit_loss_from) / (recipe.unit_loss_full - recipe.unit_loss_from)
        if rise > 0:
            heard = self.unit_loss(made_BN, units_BT)
            loss = loss + min(1.0, rise) * recipe.unit_loss_weight * heard
            figures["hearing"] = float(heard.detach())
        if progress >= recipe.discriminators_from:
            gradient_BN, discriminator_figures = train_discriminators(
                self.discriminators,
                self.discriminator_optimizer,
                made_BN,
                real_BN,
                recipe.feature_weight,
            )
            # A linear term whose gradient is that of the discriminators.
            loss = loss + (gradient_BN * made_BN).sum()
            figures |= discriminator_figures

        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.vocoder.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        follow(self.average, self.vocoder, self.step, recipe.ema_decay)
        return figures

    def warmup_share(self) -> float:
        return min(1.0, (self.step + 1) / 50)

    # -- evaluation -------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Held-out mel distance, and the percentage of frames whose unit comes back."""
        count = self.recipe.evaluation_items
        distances = []
        agreement = UnitAccuracy()
        for units, audio in self.sampler.held_out[:count]:
            made_BN = self.average(torch.from_numpy(units)[None])
            real_BN = torch.from_numpy(audio)[None].float() / 32768.0
            distances.append(float(self.mel(made_BN, real_BN)))
            agreement.add(self.tokenizer, made_BN, units)
        agent = UnitAccuracy()
        stride = max(1, len(self.sampler.sentences) // count)
        for units in self.sampler.sentences[::stride][:count]:
            agent.add(self.tokenizer, self.average(torch.from_numpy(units)[None]), units)
        return {
            "held_out_mel": float(np.mean(distances)),
            "held_out_agreement": agreement.percent,
            "agent_agreement": agent.percent,
        }


class UnitAccuracy:
    """Percentage of frames whose unit the tokenizer finds again in the vocoder's sound, three
    frames later."""

    def __init__(self) -> None:
        self.same = self.total = 0

    def add(self, tokenizer: FrozenTokenizer, made_BN: Tensor, sent_T: NDArray[np.int64]) -> None:
        heard_T = tokenizer.unit_logits(made_BN)[0].argmax(-1).numpy()
        first = SegmentSampler.SILENCE_BEFORE
        sent = sent_T[first:-AUDIO_DELAY_FRAMES]
        heard = heard_T[first + AUDIO_DELAY_FRAMES :]
        self.same += int((sent == heard).sum())
        self.total += len(sent)

    @property
    def percent(self) -> float:
        return 100.0 * self.same / max(1, self.total)


def train_vocoder(
    store_path: Path,
    tokenizer_checkpoint: Path,
    work_dir: Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int = 1,
    seed: int = 0,
    recipe: Recipe | None = None,
    bundle: Path | None = None,
) -> Path:
    """Train, or resume, until the budget is spent; returns the checkpoint.

    Give ``minutes`` (wall clock, over all runs in ``work_dir``) or ``steps``. With the folder of a
    ``bundle`` the training begins with its vocoder and keeps its voice, even with other units.
    """
    tokenizer = load_tokenizer(tokenizer_checkpoint)
    tokenizer.requires_grad_(False)
    store = load_store(store_path)
    start = vocoder_for_units_of(store, bundle) if bundle else None
    return train_with(store, tokenizer, work_dir, minutes, steps, threads, seed, recipe, start)


def train_with(
    store: VocoderStore,
    tokenizer: FrozenTokenizer,
    work_dir: Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int = 1,
    seed: int = 0,
    recipe: Recipe | None = None,
    start: CausalVocoder | None = None,
) -> Path:
    """As ``train_vocoder``, with a store and a frozen tokenizer that are loaded already."""
    if (minutes is None) == (steps is None):
        raise ValueError("give either minutes or steps")
    torch.set_num_threads(threads)
    recipe = recipe or Recipe()
    work_dir.mkdir(parents=True, exist_ok=True)
    config = VocoderConfig(
        unit_count=store.unit_count, silence_unit=store.silence_unit, **recipe.network
    )
    sampler = SegmentSampler(store, recipe, seed)
    trainer = Trainer(sampler, config, tokenizer, work_dir, seed, steps, minutes, start)
    trainer.run()
    return trainer.checkpoint
