"""A short training in float32, without rounding that would depend on how a step is divided.

As a program it is one of several processes: STORE WORK. A training whose parts are in the folder
goes on, another one is whole. A program trains once: torch lets a process join others, leave them
and join them anew, but one that is early meets the other's old store, and both wait for ever
(torch 2.13).
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.language import batches, train
from models.language.budget import Budget
from models.language.presets import PRESETS, Stage
from models.language.sequences import Format

STEPS, KEPT_STEP = 20, 10
PRESET = "tiny-adam"


def prepare(set_value: Callable[[Any, str, Any], None]) -> None:
    """Short sequences, AdamW alone, every step's loss in the log, parts after every step."""
    stage = Stage(STEPS, 4, 3e-3, 4)
    PRESETS[PRESET] = replace(PRESETS["tiny"], stages={3: stage}, context=128)
    set_value(batches, "HELD_OUT_SEQUENCES", 1)
    set_value(train, "LOG_STEPS", 1)
    set_value(train, "LOSS_DIGITS", 9)
    set_value(train, "CHECKPOINT_SECONDS", -1)


def run(store: Path, work: Path, **options: Any) -> list[float]:
    """Train on a single table without words; returns the loss of each step in the log."""
    train.train_lm(
        store,
        work,
        Budget(),
        1,
        3,
        PRESET,
        (3,),
        Format(text=False, own_table=False),
        compiled=False,
        workers=0,
        bfloat16=False,
        **options,
    )
    return losses(work)


def losses(work: Path) -> list[float]:
    """The losses in the log, in the order of the steps."""
    with (work / "lm.csv").open() as log:
        return [float(row["loss"]) for row in csv.DictReader(log)]


def _keeping_parts(work: Path) -> Callable[..., None]:
    """Saves the parts of one step only, which is faster, and keeps a copy."""
    save = train.save_shards

    def save_and_keep(folder: Path, *given: Any) -> None:
        step, processes = given[3], given[5]
        if step == KEPT_STEP:
            save(folder, *given)
            if processes.first:
                shutil.copytree(folder, work / f"kept-{folder.name}")
            processes.wait()

    return save_and_keep


if __name__ == "__main__":
    prepare(setattr)
    store, work = map(Path, sys.argv[1:])
    if (work / "stage3.shards").exists():
        train.save_shards = lambda *given: None
        run(store, work)
    else:
        train.save_shards = _keeping_parts(work)
        run(store, work, rows_at_once=1, recompute=True)
