"""Speaks the shards of a corpus of text dialogues: on this machine, in one process or several.

`models.spoken.speak_on_ray` does the same on many machines. Both call `speak_shard`.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.spoken.parquet_shards import write_shard
from models.spoken.speak_dialogue import Recipe, speak_dialogue
from models.spoken.text_dialogue import ShardPlan, read_shard

SHARDS_PER_PROCESS = 50
"""espeak-ng keeps some 70 kB of each utterance, so a process ends after so many shards."""


@dataclass(frozen=True)
class SpokenShard:
    """What became of a shard."""

    name: str
    dialogues: int
    left_out: int
    speech_seconds: float
    """Length of its dialogues."""
    processor_seconds: float
    """Time of one processor that it took, child processes with it."""
    bytes: int


def speak_shard(plan: ShardPlan, folder: Path, recipe: Recipe) -> SpokenShard:
    """Speak the dialogues of a shard and write it. Raises DuologueError as `speak_dialogue`."""
    began = _processor_seconds()
    rows = [speak_dialogue(dialogue, recipe) for dialogue in read_shard(plan)]
    path = folder / plan.name
    write_shard(path, rows)
    return SpokenShard(
        name=plan.name,
        dialogues=len(rows),
        left_out=sum(row["left_out"] is not None for row in rows),
        speech_seconds=sum(row["frames"] for row in rows) * FRAME_SAMPLES / SAMPLE_RATE_HZ,
        processor_seconds=_processor_seconds() - began,
        bytes=path.stat().st_size,
    )


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def speak_here(
    plans: Sequence[ShardPlan], folder: Path, recipe: Recipe, jobs: int
) -> Iterator[SpokenShard]:
    """Speak shards on this machine, in ``jobs`` processes; gives each when it is done."""
    speak: Callable[[ShardPlan], SpokenShard] = partial(speak_shard, folder=folder, recipe=recipe)
    if jobs == 1:
        yield from map(speak, plans)
        return
    # Not forked: a process with ONNX Runtime's threads cannot be.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, spawned, max_tasks_per_child=SHARDS_PER_PROCESS) as pool:
        try:
            yield from pool.map(speak, plans)
        finally:
            pool.shutdown(cancel_futures=True)
