"""The main board: scores a bundle through the shipped engine, on held-out voices and people.

Knows no torch: it runs the ONNX and GGUF files that the user has. The parts are independent. Each
plans trials, runs them in as many processes as there are jobs, and reports scores. The file is
written after every part, so an interrupted run keeps its finished parts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from engine.atomic_write import write_atomically
from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.evaluate import agent_voice, outside, people, phones, two_agents
from models.evaluate import answers as evaluate_answers
from models.evaluate import interruptions as evaluate_yielding
from models.evaluate import listening as evaluate_listening
from models.evaluate import orders as evaluate_orders
from models.evaluate.context import Run
from models.evaluate.judges import missing_packages
from models.evaluate.score import Report, Score, show
from models.evaluate.user_voices import check_packs, voices_of


@dataclass(frozen=True)
class Part:
    """One part of the board: plans trials, runs one, and reports the scores of all."""

    plan: Callable[[Run], Sequence[Any]]
    run_trial: Callable[[Any, Run], Any]
    report: Callable[[Sequence[Any], Run], Report]
    needs_data: bool = False
    needs_packs: bool = False
    needs_judges: bool = False


PARTS = {
    "answers": Part(
        evaluate_answers.plan_conditions,
        evaluate_answers.converse,
        evaluate_answers.report_conditions,
    ),
    "latency": Part(
        evaluate_answers.plan_latencies,
        evaluate_answers.converse,
        evaluate_answers.report_latencies,
    ),
    "orders": Part(
        evaluate_orders.plan, evaluate_orders.order, evaluate_orders.report, needs_data=True
    ),
    "people": Part(people.plan, people.caption, people.report, needs_data=True),
    "outside": Part(outside.plan, outside.ask, outside.report, needs_data=True, needs_packs=True),
    "phones": Part(phones.plan, phones.label, phones.report),
    "pauses": Part(
        evaluate_listening.plan_pauses, evaluate_listening.pause, evaluate_listening.report_pauses
    ),
    "long-talks": Part(
        evaluate_listening.plan_long_talks,
        evaluate_listening.hold_long_turn,
        evaluate_listening.report_long_talks,
    ),
    "interruptions": Part(
        evaluate_yielding.plan_interruptions,
        evaluate_yielding.interrupt,
        evaluate_yielding.report_interruptions,
    ),
    "noises": Part(
        evaluate_yielding.plan_noises,
        evaluate_yielding.play_into_story,
        evaluate_yielding.report_noises,
    ),
    "two-agents": Part(two_agents.plan, two_agents.talk, two_agents.report),
    "understood": Part(
        agent_voice.plan_words,
        agent_voice.measure_words,
        agent_voice.report_words,
        needs_judges=True,
    ),
    "voice": Part(
        agent_voice.plan_voice, agent_voice.compare_voice, agent_voice.report_voice, needs_data=True
    ),
}


def evaluate_starter(
    run: Run,
    parts: Sequence[str] = tuple(PARTS),
    jobs: int = 1,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Run the parts, print the table, and return (and write) the figures.

    Raises DuologueError for an unknown part, and for a folder that is not that of the open data.
    """
    _check(run, parts)
    console = Console()
    bundle = load_bundle(run.bundle)
    chunk_ms = run.chunk_ms or bundle.manifest.default_chunk_ms
    figures: dict[str, Any] = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "chunk_ms": chunk_ms,
        "latency_ms": chunk_ms if run.latency_ms is None else run.latency_ms,
        "exchanges": run.exchanges,
        "seed": run.seed,
        "voices": [voice for kind in evaluate_answers.kinds_of(run) for voice in voices_of(kind)],
        "parts": {},
    }
    scores: list[Score] = []
    if run.packs is None:
        console.print("Without natural voices, the figures say little; give --packs.")
    with _workers(jobs) as each:
        for name in parts:
            part = PARTS[name]
            lacks = _lacks(part, run)
            if lacks:
                console.print(f"{name}: left out, because it needs {lacks}.")
                continue
            plan = part.plan(run)
            results = list(track(each(part.run_trial, plan, repeat(run)), name, total=len(plan)))
            report = part.report(results, run)
            scores += report.scores
            figures["parts"][name] = report.entry()
            if json_path:
                write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    show(console, f"{figures['bundle']}, {chunk_ms} ms chunks", scores)
    return figures


def _lacks(part: Part, run: Run) -> str | None:
    """What a part needs and this run has not; None where it has all."""
    if part.needs_data and run.data is None:
        return "the open data; give --data"
    if part.needs_packs and run.packs is None:
        return "natural voices; give --packs"
    missing = missing_packages() if part.needs_judges else ()
    if missing:
        return f"{', '.join(missing)}; docs/evaluation.md tells how to install the judges"
    return None


def _check(run: Run, parts: Sequence[str]) -> None:
    for name in parts:
        if name not in PARTS:
            raise DuologueError(f"There is no part {name}; choose from {', '.join(PARTS)}.")
    if run.data and not (run.data / "speech").is_dir():
        raise DuologueError(
            f"{run.data} has no folder speech; give the folder of open data, which has one."
        )
    if run.packs:
        check_packs(run.packs)


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """A ``map`` over ``jobs`` processes, which keep their models from part to part."""
    if jobs == 1:
        yield map
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield pool.map
