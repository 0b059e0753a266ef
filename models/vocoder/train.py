"""Train the vocoder on one voice, with the frozen tokenizer as its listener.

Two kinds of lesson. Recordings of the voice have a sound to aim at: mel and spectral distances, and
discriminators that learn to tell made from real. Sentences of the agent exist as units only: there
the discriminators ask for speech in the same voice, and the tokenizer, hearing the result, must
name the units that were sent (it is asked about the recordings too). Resumable and seeded; the
budget is wall-clock minutes over all runs, or steps.

Shape suffixes: B batch, T unit frames (25 Hz), N samples, K units.
"""

from __future__ import annotations

import copy
import csv
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from engine.syncllm.tokens import TokenFormat, deduplicated_units, interpolated_units
from engine.timebase import FRAME_SAMPLES
from models.vocoder.dataset import Recording, VocoderStore, load_store
from models.vocoder.losses import (
    Discriminators,
    FrozenTokenizer,
    MelDistance,
    calibrated_temperature,
    feature_matching_loss,
    spectral_distance,
)
from models.vocoder.network import (
    AUDIO_DELAY_FRAMES,
    CausalVocoder,
    VocoderConfig,
    describe,
)

CHECKPOINT_NAME = "vocoder.pt"
LOG_NAME = "vocoder_log.csv"
HELD_OUT_SHARE = 0.05

# ---------------------------------------------------------------------------------------
# Lessons
# ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How the vocoder is taught."""

    network: dict[str, int] = field(default_factory=dict)
    """Changes to the sizes of VocoderConfig."""
    batch: int = 16
    sentence_share: float = 0.375
    """Part of the batch that is units of the agent's sentences (no target sound)."""
    segment_frames: int = 25
    reexpanded_share: float = 0.5
    """Part of the sentences whose units pass through the token format first, as they do in talk."""
    chunk_frames: tuple[int, ...] = (4, 5, 6)
    unit_warmup: int = 24
    """Past of a segment that passes through the 25 Hz blocks: their whole receptive field."""
    audio_warmup: int = 3
    """Past that is spoken and thrown away: most of what the 100 Hz blocks look at."""
    learning_rate: float = 5e-4
    discriminator_learning_rate: float = 3e-4
    final_rate_share: float = 0.05
    discriminators_from: float = 0.2
    """Share of the budget after which the discriminators take part."""
    unit_loss_from: float = 0.04
    unit_loss_full: float = 0.12
    """The tokenizer's weight rises between these shares: noise teaches it nothing."""
    unit_loss_warmup: int = 6
    """First frames of a segment that are not judged: the tokenizer has no past for them."""
    mel_weight: float = 15.0
    unit_loss_weight: float = 4.0
    feature_weight: float = 2.0
    ema_decay: float = 0.998
    discriminator_width: int = 16
    checkpoint_s: float = 300.0
    evaluate_s: float = 180.0
    evaluation_items: int = 16


def reexpanded(units_T: NDArray[np.int64], chunk_frames: int, offset: int) -> NDArray[np.int64]:
    """Units as they come out of the token format: new ones only, spread evenly over each chunk.

    The first `offset` frames and a rest short of a chunk stay as they are.
    """
    fmt = TokenFormat(0, 0, 0, chunk_frames, boundary_emit=True)
    told = units_T.tolist()
    for start in range(offset, len(told) - chunk_frames + 1, chunk_frames):
        stop = start + chunk_frames
        last = int(units_T[max(0, start - 1)])
        told[start:stop] = interpolated_units(
            deduplicated_units(told[start:stop], last, fmt), last, fmt
        )
    return np.asarray(told, np.int64)


class SegmentSampler:
    """Segments of the recordings, delayed as the vocoder speaks them, and of the sentences."""

    SILENCE_BEFORE = 30  # frames; the pause the agent is in before it speaks
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
        """Units in silence, and the sound as late as the vocoder speaks it."""
        units = self.padded(recording.units_T)
        audio = np.zeros(len(units) * FRAME_SAMPLES, np.int16)
        start = (self.SILENCE_BEFORE + AUDIO_DELAY_FRAMES) * FRAME_SAMPLES
        sound = recording.audio_N[: len(audio) - start]
        audio[start : start + len(sound)] = sound
        return units, audio

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Units of all items (B, past + segment) and sound of the first ones (fewer, N)."""
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
        # Starts in the long silence before would be wasted on nothing; a third of it is enough.
        first = self.SILENCE_BEFORE * 2 // 3
        return int(rng.integers(first, max(first + 1, frames - self.recipe.segment_frames + 1)))

    def window(self, units: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
        before, after = max(0, -start), max(0, stop - len(units))
        inside = units[max(0, start) : min(stop, len(units))]
        return np.pad(inside, (before, after), constant_values=self.silence_unit)


# ---------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------


class Trainer:
    """One training run: networks, optimisers, the clock of the budget, log and checkpoint."""

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
        torch.manual_seed(seed)
        self.sampler, self.recipe, self.tokenizer = sampler, sampler.recipe, tokenizer
        self.work_dir = work_dir
        self.steps, self.minutes = steps, minutes
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
        self.rng = np.random.default_rng(seed)
        self.step = 0
        self.elapsed_s = 0.0
        self.temperature = 0.0
        if not self.resume():
            self.temperature = self.calibrate()

    # -- budget and state ---------------------------------------------------------------

    @property
    def progress(self) -> float:
        if self.steps is not None:
            return self.step / max(1, self.steps)
        assert self.minutes is not None
        return self.elapsed_s / (60.0 * self.minutes)

    @property
    def permille(self) -> int:
        return min(1000, int(1000 * self.progress))

    @property
    def checkpoint(self) -> Path:
        return self.work_dir / CHECKPOINT_NAME

    def save(self) -> None:
        state = {
            "config": describe(self.vocoder.config),
            "average": self.average.state_dict(),
            "vocoder": self.vocoder.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "discriminator_optimizer": self.discriminator_optimizer.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "temperature": self.temperature,
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": self.rng.bit_generator.state,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def resume(self) -> bool:
        if not self.checkpoint.exists():
            return False
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        for name in (
            "average",
            "vocoder",
            "discriminators",
            "optimizer",
            "discriminator_optimizer",
        ):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]
        self.temperature = state["temperature"]
        torch.set_rng_state(state["torch_rng"])
        self.rng.bit_generator.state = state["numpy_rng"]
        return True

    @torch.no_grad()
    def calibrate(self) -> float:
        """How sure the tokenizer is of real speech decides how its logits are scaled."""
        _, audio_BN = self.sampler.batch(np.random.default_rng(0))
        return calibrated_temperature(self.tokenizer.unit_logits(audio_BN).float())

    # -- one step -------------------------------------------------------------------------

    def unit_loss(self, made_BN: Tensor, units_BT: Tensor) -> Tensor:
        """Cross-entropy of the units that the tokenizer hears against those that were sent."""
        recipe = self.recipe
        # A little noise: agreement must not hang on sound too faint to hear.
        heard_BN = made_BN + 1e-3 * torch.randn_like(made_BN)
        with torch.autocast("cpu", torch.bfloat16):
            logits_BTK = self.tokenizer.unit_logits(heard_BN)
        logits_BTK = logits_BTK.float()[:, recipe.unit_loss_warmup :] / self.temperature
        first = recipe.unit_warmup + recipe.audio_warmup + recipe.unit_loss_warmup
        last = units_BT.shape[1] - AUDIO_DELAY_FRAMES
        sent_BT = units_BT[:, first - AUDIO_DELAY_FRAMES : last]
        return F.cross_entropy(logits_BTK.flatten(0, 1), sent_BT.flatten())

    def discriminator_step(
        self, made_BN: Tensor, real_BN: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Teach the discriminators; return the gradient of their opinion with respect to made_BN.

        Both uses share one forward pass over the made sound.
        """
        leaf_BN = made_BN.detach().requires_grad_(True)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.discriminators(leaf_BN)
            real = self.discriminators(real_BN)
        targets = len(real_BN)
        discriminator_loss = leaf_BN.new_zeros(())
        adversarial, features = leaf_BN.new_zeros(()), leaf_BN.new_zeros(())
        for (made_verdict, made_layers), (real_verdict, real_layers) in zip(
            made, real, strict=True
        ):
            discriminator_loss = discriminator_loss + F.relu(1 - real_verdict).mean()
            discriminator_loss = discriminator_loss + F.relu(1 + made_verdict).mean()
            adversarial = adversarial - made_verdict.mean()
            features = features + feature_matching_loss(
                [layer[:targets] for layer in made_layers], real_layers
            )
        generator_loss = adversarial + self.recipe.feature_weight * features
        (gradient_BN,) = torch.autograd.grad(generator_loss, leaf_BN, retain_graph=True)
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        discriminator_loss.backward(inputs=list(self.discriminators.parameters()))
        self.discriminator_optimizer.step()
        figures = {
            "critic": float(discriminator_loss.detach()),
            "adversarial": float(adversarial.detach()),
            "features": float(features.detach()),
        }
        return gradient_BN, figures

    def train_step(self) -> dict[str, float]:
        recipe, progress = self.recipe, self.progress
        rate_share = max(recipe.final_rate_share, 0.5 * (1 + math.cos(math.pi * min(1, progress))))
        self.set_rate(self.optimizer, recipe.learning_rate * rate_share * self.warmup_share())
        self.set_rate(self.discriminator_optimizer, recipe.discriminator_learning_rate * rate_share)

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
            gradient_BN, discriminator_figures = self.discriminator_step(made_BN, real_BN)
            # A linear term whose gradient is the discriminators' opinion of this sound.
            loss = loss + (gradient_BN * made_BN).sum()
            figures |= discriminator_figures

        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.vocoder.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        keep = min(recipe.ema_decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(
            list(self.average.parameters()), list(self.vocoder.parameters()), 1 - keep
        )
        return figures

    def warmup_share(self) -> float:
        return min(1.0, (self.step + 1) / 50)

    @staticmethod
    def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] = rate

    # -- evaluation -------------------------------------------------------------------------

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Held-out mel distance, and the share of frames whose unit comes back."""
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

    # -- the run ------------------------------------------------------------------------------

    COLUMNS = (
        *("step", "seconds", "mel", "spectral", "hearing", "critic", "adversarial", "features"),
        *("held_out_mel", "held_out_agreement", "agent_agreement"),
    )

    def run(self) -> None:
        log_path = self.work_dir / LOG_NAME
        fresh = not log_path.exists()
        columns = (
            TextColumn("vocoder"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with log_path.open("a", newline="") as log_file, Progress(*columns) as bar:
            log = csv.DictWriter(log_file, self.COLUMNS, restval="")
            if fresh:
                log.writeheader()
            task = bar.add_task("starting", total=1000, completed=self.permille)
            saved_s = evaluated_s = self.elapsed_s
            sums: dict[str, list[float]] = {}
            last = time.monotonic()
            while self.progress < 1:
                for name, value in self.train_step().items():
                    sums.setdefault(name, []).append(value)
                now = time.monotonic()
                self.elapsed_s += now - last
                last = now
                done = self.progress >= 1
                bar.update(
                    task,
                    completed=self.permille,
                    description=f"step {self.step}, mel {np.mean(sums['mel'][-50:]):.3f}",
                )
                if done or self.elapsed_s - evaluated_s >= self.recipe.evaluate_s:
                    evaluated_s = self.elapsed_s
                    row = {name: float(np.mean(values)) for name, values in sums.items()}
                    row |= self.evaluate()
                    rounded = {name: round(value, 4) for name, value in row.items()}
                    log.writerow({"step": self.step, "seconds": round(self.elapsed_s), **rounded})
                    log_file.flush()
                    bar.console.print(f"step {self.step} {round(self.elapsed_s)} s {rounded}")
                    sums.clear()
                    sums["mel"] = [row["mel"]]
                if done or self.elapsed_s - saved_s >= self.recipe.checkpoint_s:
                    saved_s = self.elapsed_s
                    self.save()


class UnitAccuracy:
    """Share of sent frames whose unit the tokenizer hears again, three frames later."""

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
    """Train, or go on training, until the budget is spent; return the checkpoint.

    Give minutes (wall clock, over all runs into work_dir) or steps. With a ``bundle``'s folder the
    training begins with its vocoder, whose voice is kept though the units are others.
    """
    from models.tokenizer.network import load_tokenizer
    from models.vocoder.restore import vocoder_for_units_of

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
    """As train_vocoder, with the store and the frozen tokenizer already in hand."""
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
