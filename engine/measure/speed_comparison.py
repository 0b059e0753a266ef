"""Compares the speed and memory of builds, side by side: their passes alternate in one run.

A build is a source tree and a bundle. Each pass is a process of its own (``speed_pass``), so that
peak memory is the build's alone and no build inherits what another has warmed up. The ratios are
the result; times differ from machine to machine. Runs in the caller's thread.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from engine.errors import DuologueError
from engine.measure.tree_process import run_in_tree

_PASS = Path(__file__).with_name("speed_pass.py")
_MODEL_STAGES = ("refeed", "estimate", "own")


@dataclass(frozen=True)
class Build:
    """A build that takes part."""

    name: str
    tree: Path
    """Its source tree."""
    bundle: Path


@dataclass(frozen=True)
class BuildFigures:
    """The figures of one build; each is the median of its passes."""

    build: Build
    figures: dict[str, float]
    """In ms, or MB for memory, by name."""
    ratios: dict[str, float]
    """The same over the first build's: the median of the ratios within each round."""
    same_tokens: bool
    """Whether it gave the tokens of the first build in every round."""


@dataclass(frozen=True)
class SpeedComparison:
    """The result of all rounds."""

    chunk_ms: int
    seconds: float
    rounds: int
    builds: list[BuildFigures]
    machine: str


def this_tree() -> Path:
    """The source tree of this program.

    Raises DuologueError if it was installed as a package, which has none.
    """
    tree = Path(__file__).parents[2]
    if not _PASS.is_file() or not (tree / "pyproject.toml").is_file():
        raise DuologueError("Builds can be compared from a source tree only; run it from there.")
    return tree


def compare(
    builds: Sequence[Build],
    user_audio: np.ndarray,
    chunk_ms: int,
    seconds: float,
    rounds: int,
    seed: int = 0,
    progress: Callable[[str, float, float], None] = lambda what, done, total: None,
) -> SpeedComparison:
    """Measure all builds in each of ``rounds`` on the user's sound, float32 (n,) at 16 kHz.

    Raises DuologueError if a build cannot be run.
    """
    passes: list[list[dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "user.npy"
        np.save(sound, user_audio)
        for number in range(rounds):
            passes.append([])
            for build in builds:
                progress(build.name, number, rounds)
                passes[-1].append(
                    run_in_tree(build.tree, _PASS, build.bundle, sound, chunk_ms, seconds, seed)
                )
    summaries = [[summary(found) for found in one_round] for one_round in passes]
    tokens = [[found["tokens"] for found in one_round] for one_round in passes]
    return SpeedComparison(
        chunk_ms=chunk_ms,
        seconds=seconds,
        rounds=rounds,
        builds=[
            BuildFigures(
                build,
                {name: median(one[at][name] for one in summaries) for name in summaries[0][at]},
                {
                    name: median(one[at][name] / one[0][name] for one in summaries)
                    for name in summaries[0][at]
                },
                all(one[at] == one[0] for one in tokens),
            )
            for at, build in enumerate(builds)
        ],
        machine=passes[0][0]["machine"],
    )


def summary(found: dict[str, Any]) -> dict[str, float]:
    """The figures of one pass, given what ``speed_pass`` printed."""
    stages = {name: np.array(times_ms) for name, times_ms in found["stages_ms"].items()}
    model_ms = np.sum([stages[name] for name in _MODEL_STAGES], axis=0)
    figures: dict[str, float] = {}
    for name, times_ms in (
        ("chunk", stages["total"]),
        ("chunk, processor time", np.array(found["cpu_ms"])),
        ("encoder", stages["encoder"]),
        ("language model", model_ms),
        ("vocoder", stages["vocoder"]),
    ):
        for percent in (50, 99):
            figures[f"{name}, p{percent}"] = float(np.percentile(times_ms, percent))
    if found["peak_memory_mb"] is not None:
        figures["peak memory"] = found["peak_memory_mb"]
    return figures
