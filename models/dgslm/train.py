"""Trains dGSLM, the baseline of the SyncLLM paper, on the dialogues of the language model.

The loss is the unit at edges plus how long it lasts (``models.dgslm.losses``), one of each.
"""

from __future__ import annotations

import csv
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from torch import Tensor
from torch.utils.data import DataLoader

from engine.errors import DuologueError
from models.dgslm.batches import WindowDataset, check_real, held_out_batch, read_single_table
from models.dgslm.checkpoints import described, save_dgslm
from models.dgslm.losses import DgslmLosses, dgslm_losses, edge_weights
from models.dgslm.network import Towers, with_begin
from models.dgslm.presets import PRESETS, Preset
from models.dgslm.sequences import WindowPlan
from models.dialogue.recorded_dialogues import NO_DIALOGUES, RealDialogues
from models.dialogue.timing import HUMAN, Timing
from models.language.budget import Budget
from models.language.checkpoints import save_file
from models.optimizers import Optimizers, muon_and_adam, set_learning_rates

FINAL_SHARE = 0.05
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
TRAINING_NAME, WEIGHTS_NAME, LOG_NAME = "training.pt", "dgslm.pt", "dgslm.csv"
_COLUMNS = (
    "step", "seconds", "frames", "edge_nll", "duration_mae", "held_out_edge_nll",
    "held_out_edge_accuracy", "held_out_duration_mae", "held_out_duration_accuracy",
    "frames_per_second",
)  # fmt: skip
_PUBLISHED_BETAS, _BETAS = (0.9, 0.98), (0.9, 0.95)


def train_dgslm(
    store_path: Path,
    work: Path,
    budget: Budget,
    threads: int,
    seed: int,
    preset_name: str = "dgslm-cpu",
    timing: Timing = HUMAN,
    real: RealDialogues = NO_DIALOGUES,
    compiled: bool = False,
    bfloat16: bool = True,
    workers: int = 1,
    rows_at_once: int | None = None,
) -> Path:
    """Train until the budget is spent; returns ``dgslm.pt``, the weights in float16.

    It goes on from ``training.pt``, if that is there. Without minutes or steps the ``budget`` is
    the preset's steps. ``compiled`` has an effect where there is a C++ compiler; on a CPU it is no
    faster. ``workers`` processes compose the dialogues; 0: this one does. Gradients of
    ``rows_at_once`` windows (None: all of an update) are added up.

    Raises DuologueError where the checkpoint holds another network, or ``real`` has no call.
    """
    preset = PRESETS[preset_name]
    if budget == Budget():
        budget = Budget(steps=preset.steps)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    store = read_single_table(store_path)
    plan = WindowPlan(preset.network.window, timing, real)
    check_real(plan, store.unit_count)
    torch.manual_seed(seed)
    net = Towers(preset.network, store.unit_count, preset.dropout).to(device)
    optimizers = _optimizers(net, preset)
    step, spent = _resume(work / TRAINING_NAME, net, optimizers)
    loader = iter(
        DataLoader(
            WindowDataset(store_path, plan, seed, preset.batch, step),
            preset.batch,
            num_workers=workers,
        )
    )
    units_heard, runs_heard = (part.to(device) for part in held_out_batch(store, plan))
    # The held-out losses are not compiled: evaluation mode would compile everything again.
    compiled = compiled and shutil.which("g++") is not None
    fast: Callable[[Tensor], tuple[Tensor, Tensor]] = torch.compile(net) if compiled else net

    def losses(
        model: Callable[[Tensor], tuple[Tensor, Tensor]],
        units: Tensor,
        runs: Tensor,
        weights: tuple[Tensor, Tensor] | None = None,
    ) -> DgslmLosses:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            logits, lengths = model(with_begin(units, net.begin))
        return dgslm_losses(logits, lengths, units, runs, weights)

    def backward(units: Tensor, runs: Tensor) -> tuple[float, float]:
        """The gradients of an update; gives its two losses."""
        weights = edge_weights(runs)
        at_once = rows_at_once or preset.batch
        told = torch.zeros(2)
        for part in zip(units.split(at_once), runs.split(at_once), strict=True):
            found = losses(fast, *part, weights)
            found.total.backward()
            told += torch.stack([found.edge, found.duration]).detach().cpu()
        return float(told[0]), float(told[1])

    def unheard() -> list[str]:
        net.eval()
        with torch.no_grad():
            found = losses(net, units_heard, runs_heard)
        net.train()
        told = (found.edge, found.edge_accuracy, found.duration, found.duration_accuracy)
        return [f"{figure.item():.4f}" for figure in told]

    def save() -> None:
        state: dict[str, Any] = {"weights": net.state_dict(), "step": step, "spent": spent}
        state["optimizers"] = [optimizer.state_dict() for optimizer, _ in optimizers]
        save_file(work / TRAINING_NAME, described(net) | state)

    net.train()
    clock = saved_at = logged_at = time.monotonic()
    first_step = logged_step = step
    log_path = work / LOG_NAME
    with Progress() as progress, log_path.open("a", newline="") as log:
        table = csv.writer(log)
        if not log_path.stat().st_size:
            table.writerow(_COLUMNS)
        bar = progress.add_task("dGSLM", total=1.0)
        while (done := budget.spent(step, spent)) < 1:
            _set_rates(optimizers, preset, done, step)
            torch.manual_seed(seed + step)  # a resumed training leaves out the same (dropout)
            net.zero_grad(set_to_none=True)
            told = backward(*(part.to(device) for part in next(loader)))
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            for optimizer, _ in optimizers:
                optimizer.step()
            step += 1
            now = time.monotonic()
            if step > first_step + 1:  # the first step includes compiling
                spent += now - clock
            clock = now
            due = step % HELD_OUT_STEPS == 0 or budget.spent(step, spent) >= 1
            if due or step % LOG_STEPS == 0:
                heard = unheard() if due else [""] * 4
                frames = preset.batch * plan.window
                pace = round((step - logged_step) * frames / (now - logged_at))
                logged_step, logged_at = step, now
                figures = [f"{figure:.4f}" for figure in told]
                table.writerow([step, round(spent), step * frames, *figures, *heard, pace])
                log.flush()
                text = f"dGSLM, step {step}, edge {told[0]:.3f}, duration {told[1]:.2f}"
                progress.update(bar, completed=done, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
    save()
    save_dgslm(net, work / WEIGHTS_NAME)
    return work / WEIGHTS_NAME


def _optimizers(net: Towers, preset: Preset) -> Optimizers:
    if preset.matrix_learning_rate is None:
        rate = preset.peak_learning_rate
        return [(torch.optim.Adam(net.parameters(), rate, _PUBLISHED_BETAS), rate)]
    matrices = [weight for weight in net.layers.parameters() if weight.dim() > 1]
    rates = preset.peak_learning_rate, preset.matrix_learning_rate
    return muon_and_adam(net.parameters(), matrices, *rates, _BETAS)


def _set_rates(optimizers: Optimizers, preset: Preset, done: float, step: int) -> None:
    if preset.matrix_learning_rate is not None:
        set_learning_rates(optimizers, done, step, preset.warmup, FINAL_SHARE)
        return
    share = root_share(step, preset.warmup)
    for optimizer, peak in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = peak * share


def root_share(step: int, warmup: int) -> float:
    """Share of the peak learning rate at a step: it rises to 1 at ``warmup`` and then falls with
    the root of the step."""
    return min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))


def _resume(path: Path, net: Towers, optimizers: Optimizers) -> tuple[int, float]:
    """Take over a training's state; returns its step and the seconds spent."""
    if not path.exists():
        return 0, 0.0
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if {name: saved.get(name) for name in ("config", "unit_count")} != described(net):
        raise DuologueError(
            f"{path} holds a network of another size or of other units; remove it, or give "
            "another --work."
        )
    net.load_state_dict(saved["weights"])
    for (optimizer, _), state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return int(saved["step"]), float(saved["spent"])
