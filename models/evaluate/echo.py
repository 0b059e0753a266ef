"""The echo board: in simulated rooms, does the agent hear the user and not itself?

Three measurements in each room, all with the engine's own canceller. Echo return loss enhancement:
only the agent speaks. Double talk: both speak, and the user's units are compared with those of a
clean microphone, with echo and without (both ``models.evaluate.echo_open_loop``). Closed loop
(``models.evaluate.echo_loop``): the starter is asked for stories and hears itself tell them. Knows
no torch.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.atomic_write import write_atomically
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate import echo_loop
from models.evaluate.agent_side import agent_source
from models.evaluate.echo_loop import Loop, closed_loop
from models.evaluate.echo_open_loop import (
    SETTINGS,
    Setting,
    find_speakers,
    open_loop,
    two_speakers,
)
from models.speech.rooms import draw_room

JUMP_S = 4.5
"""Time of the jump in delay, while the agent speaks alone."""
CONTROL_EVERY = 4
"""In every fourth room the conversation is repeated without echo; it takes the same time again."""
GOAL_ERLE_DB, GOAL_INTERRUPTIONS, GOAL_ERROR_POINTS = 35.0, 0.0, 15.0


@dataclass(frozen=True)
class RoomResult:
    """The figures of one room."""

    seed: int
    rt60_s: float
    echo_db: float
    noise_db: float
    skew_ppm: float
    delay_ms: float
    jump_ms: float
    settings: list[Setting]
    with_echo: Loop | None
    without_echo: Loop | None


def evaluate_echo(
    bundle_path: Path | None = None,
    rooms: int = 100,
    talk_rooms: int | None = None,
    seed: int = 0,
    speech: Path | None = None,
    jobs: int = 1,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Run the board, print its tables, and return (and write) the figures.

    The closed loop is run in the first ``talk_rooms`` rooms, by default in all. ``speech`` is a
    folder of recordings with one folder per speaker; without it synthetic voices speak.
    """
    load_bundle(bundle_path)
    console = Console()
    if speech is None:
        console.print("No recordings were given (--speech); synthetic voices speak.")
    else:
        find_speakers(speech)
    tasks = [
        _Task(1000 * seed + index, talk_rooms is None or index < talk_rooms, bundle_path, speech)
        for index in range(rooms)
    ]
    results: list[RoomResult] = []
    figures: dict[str, Any] = {}
    for result in track(_each(tasks, jobs), "rooms", total=rooms):
        results.append(result)
        figures = summary(results)
        figures |= {"seed": seed, "speech": "people" if speech else "synthetic voices"}
        if json_path:  # after each room, because the board takes most of an hour
            by_room = {"by_room": [asdict(each) for each in results]}
            write_atomically(json_path, json.dumps(figures | by_room, indent=2) + "\n")
    show(console, figures)
    return figures


@dataclass(frozen=True)
class _Task:
    """The work for one room; any process may do it."""

    seed: int
    talks: bool
    bundle_path: Path | None
    speech: Path | None


def _each(tasks: Sequence[_Task], jobs: int) -> Iterator[RoomResult]:
    if jobs == 1:
        yield from map(measure_room, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(measure_room, tasks)


def measure_room(task: _Task) -> RoomResult:
    """Run all measurements in one room."""
    rng = random.Random(task.seed)
    room = draw_room(task.seed, round(JUMP_S * SAMPLE_RATE_HZ))
    loaded = _models(task.bundle_path)
    user, agent = two_speakers(task.speech, rng)
    settings = open_loop(room, user, agent, loaded.tokenizer)
    with_echo = without_echo = None
    if task.talks:
        control = task.seed % CONTROL_EVERY == 0
        with_echo, without_echo = closed_loop(
            room, loaded.duplex, loaded.tokenizer, loaded.voice, rng, control
        )
    return RoomResult(
        seed=task.seed,
        rt60_s=room.rt60_s,
        echo_db=room.echo_db,
        noise_db=room.noise_db,
        skew_ppm=room.skew_ppm,
        delay_ms=room.delay_ms,
        jump_ms=room.jump_ms,
        settings=settings,
        with_echo=with_echo,
        without_echo=without_echo,
    )


@dataclass(frozen=True, eq=False)
class _Models:
    """The models that all rooms of a process share."""

    tokenizer: Tokenizer
    duplex: Duplex
    voice: np.ndarray
    """float32 (n,): the agent's voice, from which the level of the loudspeaker is set."""


@functools.lru_cache(maxsize=1)
def _models(bundle_path: Path | None) -> _Models:
    bundle = load_bundle(bundle_path)
    units = agent_source(bundle).speak(script.STORIES[0]).units_T
    vocoder = StreamingVocoder.of(bundle)
    return _Models(Tokenizer(bundle.tokenizer), Duplex(bundle), vocoder.push(units.tolist()))


# --- figures --------------------------------------------------------------------------------------


def summary(results: Sequence[RoomResult]) -> dict[str, Any]:
    """Sum up the figures of all rooms."""
    by_setting = []
    for index, (noise_suppression, gain_control) in enumerate(SETTINGS):
        settings = [result.settings[index] for result in results]
        reductions = [setting.reduction_db for setting in settings]
        double = float(np.mean([setting.unit_error for setting in settings]))
        alone = float(np.mean([setting.unit_error_alone for setting in settings]))
        by_setting.append(
            {
                "noise_suppression": noise_suppression,
                "gain_control": gain_control,
                "reduction_db_median": float(np.median(reductions)),
                "reduction_db_quartiles": np.percentile(reductions, [25, 75]).tolist(),
                "unit_error_double_talk": double,
                "unit_error_alone": alone,
                "unit_error_points": 100 * (double - alone),
            }
        )
    loops = {
        "with_echo": _per_hour([r.with_echo for r in results if r.with_echo]),
        "without_echo": _per_hour([r.without_echo for r in results if r.without_echo]),
    }
    # Turns depend on the questions, so only rooms with and without echo are compared.
    both = [r for r in results if r.with_echo and r.without_echo]
    heard, control = (
        _per_hour([loop for r in both if (loop := getattr(r, name))])
        for name in ("with_echo", "without_echo")
    )
    more = (
        loops["with_echo"]["reactions"] - loops["without_echo"]["reactions"],
        heard["agent_turns"] - control["agent_turns"],
    )
    return {
        "rooms": len(results),
        "settings": by_setting,
        **loops,
        "self_interruptions_per_hour": max(*more, 0.0),
    }


def _per_hour(loops: Sequence[Loop]) -> dict[str, float]:
    hours = max(len(loops), 1) * echo_loop.LOOP_S / 3600
    return {
        "hours": hours,
        "agent_turns": sum(loop.agent_turns for loop in loops) / hours,
        "agent_speech_s": sum(loop.agent_speech_s for loop in loops) / hours,
        "phantoms": sum(loop.phantoms for loop in loops) / hours,
        "reactions": sum(loop.reactions for loop in loops) / hours,
    }


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print the tables."""
    table = Table(title=f"Echo in {figures['rooms']} rooms; speech: {figures['speech']}")
    for heading in ("noise suppression", "gain control"):
        table.add_column(heading)
    for heading in ("reduction, median", "quartiles", "unit error, both speak", "user alone"):
        table.add_column(heading, justify="right")
    for entry in figures["settings"]:
        low, high = entry["reduction_db_quartiles"]
        table.add_row(
            "on" if entry["noise_suppression"] else "off",
            "on" if entry["gain_control"] else "off",
            f"{entry['reduction_db_median']:.1f} dB",
            f"{low:.1f} - {high:.1f} dB",
            f"{entry['unit_error_double_talk']:.1%}",
            f"{entry['unit_error_alone']:.1%}",
        )
    console.print(table)
    for name, label in (("with_echo", "With its echo"), ("without_echo", "Without echo")):
        loop = figures[name]
        console.print(
            f"{label}, per hour (from {loop['hours']:.2f} hours simulated): the agent took "
            f"{loop['agent_turns']:.0f} turns and spoke for {loop['agent_speech_s']:.0f} s. "
            f"It heard speech {loop['phantoms']:.0f} times while the user was silent, and began or "
            f"stopped speaking because of {loop['reactions']:.0f} of them."
        )
    default = figures["settings"][0]
    interruptions = figures["self_interruptions_per_hour"]
    for what, met in (
        (
            f"Median reduction {default['reduction_db_median']:.1f} dB "
            f"(goal: at least {GOAL_ERLE_DB:g})",
            default["reduction_db_median"] >= GOAL_ERLE_DB,
        ),
        (
            f"Self-interruptions {interruptions:.0f} per hour (goal: {GOAL_INTERRUPTIONS:g})",
            interruptions <= GOAL_INTERRUPTIONS,
        ),
        (
            f"Unit error in double talk {default['unit_error_points']:.1f} points above the user "
            f"alone (goal: at most {GOAL_ERROR_POINTS:g})",
            default["unit_error_points"] <= GOAL_ERROR_POINTS,
        ),
    ):
        console.print(f"{what}: {'met' if met else 'missed'}")
