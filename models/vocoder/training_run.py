"""What the trainings of vocoder and voice share: budget, checkpoint, log, and the loop around the
steps. Knows no network and no loss.
"""

from __future__ import annotations

import csv
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import nn


class Intervals(Protocol):
    """The part of a recipe that the loop needs."""

    @property
    def checkpoint_s(self) -> float: ...

    @property
    def evaluate_s(self) -> float: ...


class TrainingRun(ABC):
    """One resumable training; its budget is wall-clock minutes over all runs, or steps."""

    NAME: ClassVar[str]
    """On the progress bar."""
    CHECKPOINT: ClassVar[str]
    LOG: ClassVar[str]
    PARTS: ClassVar[tuple[str, ...]]
    """Attributes with a state of their own that a checkpoint holds."""
    COUNTERS: ClassVar[tuple[str, ...]]
    """Plain attributes that a checkpoint holds."""
    COLUMNS: ClassVar[tuple[str, ...]]
    """Of the log."""
    CARRIED: ClassVar[tuple[str, ...]] = ()
    """Figures whose mean begins the next row's mean."""

    def __init__(
        self,
        intervals: Intervals,
        work_dir: Path,
        seed: int,
        steps: int | None,
        minutes: float | None,
    ) -> None:
        self.intervals, self.work_dir = intervals, work_dir
        self.steps, self.minutes = steps, minutes
        self.rng = np.random.default_rng(seed)
        self.step = 0
        self.elapsed_s = 0.0

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """The network's configuration as plain data."""

    @abstractmethod
    def train_step(self) -> dict[str, float]:
        """Train one step; returns figures for the log."""

    @abstractmethod
    def evaluate(self) -> dict[str, float]:
        """Figures of held-out speech for the log."""

    def described(self, figures: Mapping[str, Sequence[float]]) -> str:
        """The words on the progress bar; ``figures`` are those since the last row of the log."""
        return f"step {self.step}"

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        if self.steps is not None:
            return self.step / max(1, self.steps)
        assert self.minutes is not None
        return self.elapsed_s / (60.0 * self.minutes)

    @property
    def permille(self) -> int:
        return min(1000, int(1000 * self.progress))

    @property
    def checkpoint(self) -> Path:
        return self.work_dir / self.CHECKPOINT

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "config": self.describe(),
            **{name: getattr(self, name).state_dict() for name in self.PARTS},
            **{name: getattr(self, name) for name in self.COUNTERS},
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": self.rng.bit_generator.state,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def resume(self) -> bool:
        """Go on from the checkpoint; False where there is none."""
        if not self.checkpoint.exists():
            return False
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        for name in self.PARTS:
            getattr(self, name).load_state_dict(state[name])
        for name in self.COUNTERS:
            setattr(self, name, state[name])
        torch.set_rng_state(state["torch_rng"])
        self.rng.bit_generator.state = state["numpy_rng"]
        return True

    def run(self) -> None:
        """Train until the budget is spent."""
        log_path = self.work_dir / self.LOG
        fresh = not log_path.exists()
        columns = (
            TextColumn(self.NAME),
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
            figures: dict[str, list[float]] = {}
            last = time.monotonic()
            while self.progress < 1:
                for name, value in self.train_step().items():
                    figures.setdefault(name, []).append(value)
                now = time.monotonic()
                self.elapsed_s += now - last
                last = now
                done = self.progress >= 1
                bar.update(task, completed=self.permille, description=self.described(figures))
                if done or self.elapsed_s - evaluated_s >= self.intervals.evaluate_s:
                    evaluated_s = self.elapsed_s
                    row = {name: float(np.mean(values)) for name, values in figures.items()}
                    row |= self.evaluate()
                    rounded = {name: round(value, 4) for name, value in row.items()}
                    log.writerow({"step": self.step, "seconds": round(self.elapsed_s), **rounded})
                    log_file.flush()
                    bar.console.print(f"step {self.step} {round(self.elapsed_s)} s {rounded}")
                    figures = {name: [row[name]] for name in self.CARRIED}
                if done or self.elapsed_s - saved_s >= self.intervals.checkpoint_s:
                    saved_s = self.elapsed_s
                    self.save()


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set an optimizer's learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def follow(average: nn.Module, net: nn.Module, step: int, decay: float) -> None:
    """Move the averaged weights towards the network's; faster in the first steps."""
    keep = min(decay, (1 + step) / (10 + step))

    torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), 1 - keep)
