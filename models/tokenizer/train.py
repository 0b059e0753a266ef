"""Trains the tokenizer to recognise phones, with recorded and disturbed speech.

Each window is seen as recorded and disturbed. The network begins with Whisper tiny.en's weights. It
learns the phones of both views, it learns to give the same posteriors for both, since units come
from posteriors and must not change with the room, and it learns what Whisper's own blocks, which
hear the whole window as recorded, give. Phone times come from the synthesiser, or for real people
from forced alignment; where they are unknown, phones are not trained. Resumes from its last
checkpoint; the checkpoint's weights are a running mean of the trained ones.

Shape letters: B batch, N samples, T frames, S steps of 20 ms (2T), H phone labels (2T), D width,
P phone classes.
"""

from __future__ import annotations

import copy
import csv
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from rich.progress import Progress
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from models.optimizers import Optimizers, set_learning_rates
from models.speech.corpus import UNKNOWN
from models.tokenizer.dataset import SpeechWindows
from models.tokenizer.network import load_tokenizer, save_tokenizer
from models.tokenizer.streaming_encoder import StreamingConfig, StreamingTokenizer
from models.tokenizer.whisper_start import LATE_STEPS, OFFLINE_SHIFT, begin_with_whisper
from models.tokenizer.whisper_weights import OfflineEncoder, Weights

BATCH = 6
"""Windows, each in two views."""
PEAK_LEARNING_RATE, BIAS_LEARNING_RATE = 4e-4, 1e-2
"""The biases by distance are ten times larger than other weights, so they must move faster."""
FINAL_SHARE, WARM_STEPS = 0.05, 300
_CONSTANT_SHARE = 0.6
"""Part of the steps after which the learning rate begins to fall. A training that gets more steps
later goes on as if it had had them from the start."""
CONSISTENCY_WEIGHT, TEACHER_WEIGHT = 2.0, 0.5
MEAN_DECAY = 0.999
"""Of the running mean of the weights."""
START_WINDOWS, CENTRE_BATCHES = 24, 16
CHECKPOINT_SECONDS = 180
LOG_STEPS = 50
HELD_OUT_STEPS, HELD_OUT_BATCHES, HELD_OUT_SEED = 500, 8, 99
_COLUMNS = (
    "step", "seconds", "loss", "phones", "unlike", "teacher", "held_loss", "held_phones_recorded",
    "held_phones_disturbed", "held_unlike", "held_teacher",
)  # fmt: skip


class ViewLosses(NamedTuple):
    """What a batch costs."""

    phones: Tensor
    """Cross-entropy of both views, nats."""
    unlike: Tensor
    """Divergence of the disturbed view from the recorded one, nats."""
    teacher: Tensor
    """Mean square distance to the teacher, relative to its variance."""
    right: tuple[float, float]
    """Shares of labelled half frames that each view names right."""


class Teacher:
    """Whisper's own blocks. Its positions show in what it gives; a stream cannot know them, so the
    mean of each place in the window is taken off."""

    def __init__(self, encoder: OfflineEncoder, windows: list[Tensor]) -> None:
        """``windows`` (B, N) of recorded speech give the means."""
        self._encoder = encoder
        self._mean_SD = torch.zeros(())
        self._deviation_D = torch.ones(())
        known = torch.cat([self._normed(window) for window in windows])
        self._mean_SD = known.mean(0)
        self._deviation_D = (known - self._mean_SD).std((0, 1))

    def _normed(self, audio_BN: Tensor) -> Tensor:
        hidden = self._encoder(audio_BN[:, OFFLINE_SHIFT:])
        return functional.layer_norm(hidden, hidden.shape[-1:])

    def __call__(self, audio_BN: Tensor) -> Tensor:
        """(B, S, D) of variance 1."""
        return (self._normed(audio_BN) - self._mean_SD) / self._deviation_D


def view_losses(
    net: StreamingTokenizer,
    teacher: Teacher,
    recorded_BN: Tensor,
    disturbed_BN: Tensor,
    labels_BH: Tensor,
) -> ViewLosses:
    """The losses of windows in two views."""
    both = torch.cat([recorded_BN, disturbed_BN])
    with torch.autocast("cpu", torch.bfloat16):
        hidden, _ = net.hidden(both, net.begin(len(both)))
        logits = net.logits_of_hidden(hidden)
        told = net.teacher_head(hidden)
        wanted = teacher(recorded_BN)
    recorded, disturbed = logits.float().flatten(1, 2).log_softmax(-1).chunk(2)
    likely = torch.stack([recorded, disturbed])
    target = labels_BH.expand(2, *labels_BH.shape).flatten()
    # Not a mean: a batch may have no labels.
    named = functional.nll_loss(likely.flatten(0, 2), target, ignore_index=UNKNOWN, reduction="sum")
    phones = named / (target != UNKNOWN).sum().clamp(min=1)
    unlike = functional.kl_div(disturbed, recorded.detach(), reduction="none", log_target=True)
    steps = min(told.shape[1] - LATE_STEPS, wanted.shape[1])
    wanted = wanted[:, :steps].float().repeat(2, 1, 1)
    distance = functional.mse_loss(told[:, LATE_STEPS : LATE_STEPS + steps].float(), wanted)
    known = labels_BH != UNKNOWN
    count = max(int(known.sum()), 1)
    right = [int(((view.argmax(-1) == labels_BH) & known).sum()) / count for view in likely]
    return ViewLosses(phones, unlike.sum(-1).mean(), distance, (right[0], right[1]))


def total_loss(losses: ViewLosses) -> Tensor:
    """The weighted sum."""
    return losses.phones + CONSISTENCY_WEIGHT * losses.unlike + TEACHER_WEIGHT * losses.teacher


def _optimizers(net: StreamingTokenizer) -> Optimizers:
    biases = [block.distance_bias for block in net.body()]
    chosen = {id(bias) for bias in biases}
    others = [weight for weight in net.parameters() if id(weight) not in chosen]
    made: Optimizers = []
    for weights, rate, decay in (
        (others, PEAK_LEARNING_RATE, 0.01), (biases, BIAS_LEARNING_RATE, 0.0)
    ):  # fmt: skip
        adam = torch.optim.AdamW(weights, rate, betas=(0.9, 0.98), weight_decay=decay)
        made.append((adam, rate))
    return made


def train_tokenizer(
    shares: Mapping[Path, float],
    noise: Path,
    rooms: Path,
    whisper: Weights,
    work: Path,
    steps: int,
    threads: int,
    seed: int,
    stop_at: int | None = None,
    config: StreamingConfig | None = None,
) -> Path:
    """Train for ``steps``, all runs together; returns the checkpoint.

    A checkpoint without the training's state, such as the ears in ``models/tokenizer/weights``, is
    what a new training begins with.

    ``stop_at``: pause at this step, with the learning rates of the whole training. ``shares`` has
    the folder of each corpus and its share of the windows.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path, state_path = work / "tokenizer.pt", work / "tokenizer_state.pt"
    held = iter(DataLoader(SpeechWindows(shares, noise, rooms, HELD_OUT_SEED), BATCH))
    held_windows = [next(held) for _ in range(HELD_OUT_BATCHES)]
    recorded = [next(held)[0] for _ in range(CENTRE_BATCHES)]
    teacher = Teacher(OfflineEncoder(whisper), recorded)
    mean = load_tokenizer(path) if path.exists() else StreamingTokenizer(config)
    if not isinstance(mean, StreamingTokenizer):
        raise TypeError(f"{path} is a tokenizer of another kind")
    if not path.exists():
        begin_with_whisper(mean, whisper, torch.cat(recorded)[:START_WINDOWS])
    # Units are found anew after each training.
    mean.forget_units()
    net = copy.deepcopy(mean).train()
    optimizers = _optimizers(net)
    step, spent = 0, 0.0
    if state_path.exists():
        saved = torch.load(state_path, weights_only=True)
        step, spent = saved["step"], saved["spent"]
        net.load_state_dict(saved["trained"])
        for (optimizer, _), state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)

    def save() -> None:
        states = [optimizer.state_dict() for optimizer, _ in optimizers]
        state = {
            "step": step, "spent": spent, "optimizers": states, "trained": net.state_dict()
        }  # fmt: skip
        torch.save(state, state_path.with_suffix(".part"))
        save_tokenizer(mean, path)
        os.replace(state_path.with_suffix(".part"), state_path)

    windows = iter(
        DataLoader(SpeechWindows(shares, noise, rooms, seed + step), BATCH, num_workers=1)
    )
    clock = saved_at = time.monotonic()
    with Progress() as progress, (work / "tokenizer.csv").open("a", newline="") as log:
        rows = csv.writer(log)
        if not step:
            rows.writerow(_COLUMNS)
        bar = progress.add_task("tokenizer", total=steps)
        while step < min(steps, stop_at or steps):
            fallen = max(0.0, step / steps - _CONSTANT_SHARE) / (1 - _CONSTANT_SHARE)
            set_learning_rates(optimizers, fallen, step, WARM_STEPS, FINAL_SHARE)
            losses = view_losses(net, teacher, *next(windows))
            net.zero_grad(set_to_none=True)
            total = total_loss(losses)
            total.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            for optimizer, _ in optimizers:
                optimizer.step()
            step += 1
            _follow(mean, net, min(MEAN_DECAY, step / (step + 10)))
            now = time.monotonic()
            spent += now - clock
            clock = now
            if step % LOG_STEPS == 0:
                told: list[float] = []
                if step % HELD_OUT_STEPS == 0:
                    told = held_out_metrics(mean, teacher, held_windows)
                figures = [
                    total.item(), losses.right[1], losses.unlike.item(), losses.teacher.item(),
                    *told,
                ]  # fmt: skip
                rows.writerow([step, round(spent), *(f"{value:.4f}" for value in figures)])
                log.flush()
                text = f"tokenizer step {step} loss {total.item():.3f} phones {losses.right[1]:.1%}"
                progress.update(bar, completed=step, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
    save()
    return path


@torch.no_grad()
def _follow(mean: StreamingTokenizer, net: StreamingTokenizer, decay: float) -> None:
    """Move the running mean towards the trained weights."""
    for kept, weight in zip(mean.parameters(), net.parameters(), strict=True):
        kept.lerp_(weight, 1 - decay)


@torch.no_grad()
def held_out_metrics(
    net: StreamingTokenizer, teacher: Teacher, windows: list[list[Tensor]]
) -> list[float]:
    """Means over held-out windows: loss, shares named right as recorded and disturbed, divergence,
    distance to the teacher."""
    results = [view_losses(net, teacher, *window) for window in windows]
    figures = [
        [
            float(total_loss(each)), *each.right, float(each.unlike), float(each.teacher)
        ]
        for each in results
    ]  # fmt: skip
    return [sum(column) / len(results) for column in zip(*figures, strict=True)]
