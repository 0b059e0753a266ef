"""Trains the tokenizer to recognise phones, with recorded and augmented speech.

Each window is seen as recorded and augmented. The network learns the phones of both views, and it
learns to give the same posteriors for both, since units come from posteriors and must not change
with the room. Phone times come from the synthesiser, or for real people from forced alignment;
where they are unknown, only the agreement of both views is trained. Resumes from its last
checkpoint.

Shape letters: B batch, N samples, T frames, H phone labels (2T), P phone classes.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import torch
from rich.progress import Progress
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from models.optimizers import muon_and_adam, set_learning_rates
from models.speech.corpus import UNKNOWN
from models.tokenizer.dataset import SpeechWindows
from models.tokenizer.network import TokenizerNet, load_tokenizer, save_tokenizer

BATCH = 6
"""Windows, each in two views."""
PEAK_LEARNING_RATE, MATRIX_PEAK_LEARNING_RATE = 1.2e-3, 2e-3
FINAL_SHARE = 0.02
WARM_STEPS = 200
CONSISTENCY_WEIGHT = 2.0
CHECKPOINT_SECONDS = 180
LOG_STEPS = 50
HELD_OUT_STEPS, HELD_OUT_BATCHES, HELD_OUT_SEED = 500, 8, 99
_COLUMNS = (
    "step", "seconds", "loss", "phones", "unlike", "held_phones_recorded", "held_phones_disturbed",
    "held_unlike",
)  # fmt: skip


def view_losses(
    net: TokenizerNet, recorded_BN: Tensor, augmented_BN: Tensor, labels_BH: Tensor
) -> tuple[Tensor, Tensor, tuple[float, float]]:
    """(cross-entropy of both views, divergence of the augmented view from the recorded one, shares
    of labelled half frames that each view names right); the first two in nats."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = net.phone_logits(torch.cat([recorded_BN, augmented_BN]))
    recorded, augmented = logits.float().flatten(1, 2).log_softmax(-1).chunk(2)
    likely = torch.stack([recorded, augmented])
    target = labels_BH.expand(2, *labels_BH.shape).flatten()
    # Not a mean: a batch may have no labels.
    named = functional.nll_loss(likely.flatten(0, 2), target, ignore_index=UNKNOWN, reduction="sum")
    phones = named / (target != UNKNOWN).sum().clamp(min=1)
    unlike = functional.kl_div(augmented, recorded.detach(), reduction="none", log_target=True).sum(
        -1
    )
    known = labels_BH != UNKNOWN
    count = max(int(known.sum()), 1)
    right = [int(((view.argmax(-1) == labels_BH) & known).sum()) / count for view in likely]
    return phones, unlike.mean(), (right[0], right[1])


def train_tokenizer(
    folders: list[Path],
    noise: Path,
    rooms: Path,
    work: Path,
    minutes: float,
    threads: int,
    seed: int,
) -> Path:
    """Train for ``minutes`` of wall clock, all runs together; returns the checkpoint."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path, state_path = work / "tokenizer.pt", work / "tokenizer_state.pt"
    net = load_tokenizer(path) if path.exists() else TokenizerNet()
    net.train()
    matrices = [weight for weight in net.blocks.parameters() if weight.dim() == 2]
    optimizers = muon_and_adam(
        net.parameters(), matrices, PEAK_LEARNING_RATE, MATRIX_PEAK_LEARNING_RATE, (0.9, 0.98)
    )
    step, spent = 0, 0.0
    if path.exists():
        saved = torch.load(state_path, weights_only=True)
        step, spent = saved["step"], saved["spent"]
        for (optimizer, _), state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)

    def save() -> None:
        states = [optimizer.state_dict() for optimizer, _ in optimizers]
        torch.save({"step": step, "spent": spent, "optimizers": states}, state_path)
        save_tokenizer(net, path)

    held = iter(DataLoader(SpeechWindows(folders, noise, rooms, HELD_OUT_SEED), BATCH))
    held_windows = [next(held) for _ in range(HELD_OUT_BATCHES)]
    windows = iter(
        DataLoader(SpeechWindows(folders, noise, rooms, seed + step), BATCH, num_workers=1)
    )
    clock = saved_at = time.monotonic()
    with Progress() as progress, (work / "tokenizer.csv").open("a", newline="") as log:
        rows = csv.writer(log)
        if not step:
            rows.writerow(_COLUMNS)
        bar = progress.add_task("tokenizer", total=minutes * 60)
        while spent < minutes * 60:
            set_learning_rates(optimizers, spent / (minutes * 60), step, WARM_STEPS, FINAL_SHARE)
            phones, unlike, right = view_losses(net, *next(windows))
            net.zero_grad(set_to_none=True)
            (phones + CONSISTENCY_WEIGHT * unlike).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            for optimizer, _ in optimizers:
                optimizer.step()
            step += 1
            now = time.monotonic()
            spent += now - clock
            clock = now
            if step % LOG_STEPS == 0:
                told = held_out_metrics(net, held_windows) if step % HELD_OUT_STEPS == 0 else []
                figures = [phones.item(), right[1], unlike.item(), *told]
                rows.writerow([step, round(spent), *(f"{value:.4f}" for value in figures)])
                log.flush()
                text = f"tokenizer step {step} loss {phones.item():.3f} phones {right[1]:.1%}"
                progress.update(bar, completed=spent, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
    save()
    return path


@torch.no_grad()
def held_out_metrics(net: TokenizerNet, windows: list[list[Tensor]]) -> list[float]:
    """Means over held-out windows: shares named right as recorded and augmented, divergence."""
    net.eval()
    results = [view_losses(net, *window) for window in windows]
    net.train()
    count = len(results)
    recorded = sum(right[0] for _, _, right in results) / count
    augmented = sum(right[1] for _, _, right in results) / count
    return [recorded, augmented, float(sum(unlike for _, unlike, _ in results)) / count]
