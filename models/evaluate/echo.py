"""The echo board: in simulated rooms, does the agent hear the user and not itself?

Three parts, each in the same rooms, through the engine's own canceller. Reduction: the agent speaks
alone. Double talk: both speak; the user's units are compared with those of a clean microphone,
beside those of a talk without echo. Closed loop (``models.evaluate.echo_loop``): the starter is
asked for stories and hears itself tell them. Nothing of torch.
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
from engine.echo.canceller import EchoCanceller, PostProcessor
from engine.echo.residual_suppressor import HOP
from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.edit_distance import edit_distance
from models.evaluate import echo_loop
from models.evaluate.echo_loop import Loop, cancel, closed_loop, in_room
from models.speech.rooms import (
    USER_DB,
    EchoPath,
    Room,
    at_level,
    draw_room,
    room_noise,
    speech_level_db,
)
from models.speech.voices import AGENT_VOICE, HELD_OUT, speak, speak_flite

AGENT_ALONE_S, BOTH_S = 8, 12
JUMP_S = 4.5
"""When the delay jumps while the agent speaks alone."""
CONTROL_EVERY = 4
"""In every fourth room the talk is also held without echo, which costs as much again."""
MAX_ERLE_DB = 60.0
"""Beyond this nothing is left to measure."""
GOAL_ERLE_DB, GOAL_INTERRUPTIONS, GOAL_ERROR_POINTS = 35.0, 0.0, 15.0

_SETTLE_S = 1.0
_SOUND_FILES = (".flac", ".wav", ".ogg", ".opus")
_SETTINGS = [(False, False), (True, False), (False, True), (True, True)]


@dataclass(frozen=True)
class Setting:
    """One setting of the canceller in one room."""

    noise_suppression: bool
    gain_control: bool
    reduction_db: float
    """Echo against what is left of it from one second after its beginning or its jump on."""
    unit_error: float
    """Of the user's speech in double talk; a share of the clean microphone's units."""
    unit_error_alone: float
    """The same without any echo."""


@dataclass(frozen=True)
class RoomResult:
    """One room's figures."""

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

    The starter talks in ``talk_rooms`` of the rooms, in all by default. ``speech`` is a folder of
    recordings, a folder per speaker; without it synthetic voices speak.
    """
    load_bundle(bundle_path)
    console = Console()
    if speech is None:
        console.print("No recordings of people were given (--speech); synthetic voices speak.")
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
        if json_path:  # after each room: the board takes most of an hour
            by_room = {"by_room": [asdict(each) for each in results]}
            write_atomically(json_path, json.dumps(figures | by_room, indent=2) + "\n")
    show(console, figures)
    return figures


@dataclass(frozen=True)
class _Task:
    """One room's work, for whichever process does it."""

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
    """All parts in one room."""
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
    """What the rooms of one process share."""

    tokenizer: Tokenizer
    duplex: Duplex
    voice: np.ndarray
    """float32 (n,): the agent's voice, by which the loudspeaker is set."""


@functools.lru_cache(maxsize=1)
def _models(bundle_path: Path | None) -> _Models:
    bundle = load_bundle(bundle_path)
    tokenizer = Tokenizer(bundle.tokenizer)
    words = speak_flite(script.STORIES[0], AGENT_VOICE.partition(":")[2]).audio
    units = tokenizer.encode_file(words)
    vocoder = StreamingVocoder.of(bundle)
    return _Models(tokenizer, Duplex(bundle), vocoder.push(units.tolist()))


# --- speech ---------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def find_speakers(folder: Path) -> dict[str, list[Path]]:
    """Recordings below a folder by speaker, as LibriSpeech has them: the first folder's name.

    Raises DuologueError where there are not two speakers.
    """
    speakers: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SOUND_FILES:
            speakers.setdefault(path.relative_to(folder).parts[0], []).append(path)
    if len(speakers) < 2:
        raise DuologueError(
            f"{folder} does not hold recordings of two people; "
            "give a folder with one of LibriSpeech's kind: a folder per speaker."
        )
    return speakers


def two_speakers(folder: Path | None, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Speech of a user (BOTH_S) and of an agent (AGENT_ALONE_S + BOTH_S), float32 (n,)."""
    samples = BOTH_S * SAMPLE_RATE_HZ, (AGENT_ALONE_S + BOTH_S) * SAMPLE_RATE_HZ
    if folder is None:
        voices = [rng.choice(HELD_OUT), AGENT_VOICE]
        user, agent = (
            _fill(_synthetic(voice, rng), count)
            for voice, count in zip(voices, samples, strict=True)
        )
        return user, agent
    speakers = find_speakers(folder)
    chosen = [speakers[name] for name in rng.sample(sorted(speakers), 2)]
    user, agent = (
        _fill(_people(paths, rng), count) for paths, count in zip(chosen, samples, strict=True)
    )
    return user, agent


def _people(paths: list[Path], rng: random.Random) -> Iterator[np.ndarray]:
    while True:
        yield read_mono(rng.choice(paths))


def _synthetic(voice: str, rng: random.Random) -> Iterator[np.ndarray]:
    sentences = script.first_agent_sentences()
    while True:
        yield speak(rng.choice(sentences), voice, rng).audio


def _fill(sounds: Iterator[np.ndarray], samples: int) -> np.ndarray:
    """Utterances one after the other, each of the same loudness, until the time is full."""
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < samples:
        parts.append(at_level(next(sounds), USER_DB))
    return np.concatenate(parts)[:samples]


# --- open loop ------------------------------------------------------------------------------------


def open_loop(
    room: Room, user: np.ndarray, agent: np.ndarray, tokenizer: Tokenizer
) -> list[Setting]:
    """The agent alone, then both, through every setting of the canceller.

    ``agent`` float32 (n,) speaks all the time, ``user`` float32 (m,) in the last m samples of it.
    """
    alone = len(agent) - len(user)
    at_microphone = np.zeros(len(agent), np.float32)
    at_microphone[alone:] = in_room(user, room)
    echo = EchoPath(room, 1.0).push(agent)
    echo *= 10 ** ((USER_DB + room.echo_db - speech_level_db(echo[:alone])) / 20)
    noise = room_noise(room, len(agent))
    silence = np.zeros_like(agent)
    clean = deduplicated(tokenizer.encode_file(at_microphone[alone:]))
    jump = room.jump_sample if room.jump_ms else None
    both = cancel(EchoCanceller(), at_microphone + echo + noise, agent)
    user_only = cancel(EchoCanceller(), at_microphone + noise, silence)
    settings = []
    for noise_suppression, gain_control in _SETTINGS:
        left, left_alone = (
            in_time(PostProcessor(noise_suppression, gain_control).process(sound))
            for sound in (both, user_only)
        )
        errors = []
        for heard in (left, left_alone):
            units = deduplicated(tokenizer.encode_file(heard[alone:]))
            errors.append(edit_distance(clean, units) / len(clean))
        settings.append(
            Setting(
                noise_suppression,
                gain_control,
                erle_db(echo[:alone], left[:alone], left_alone[:alone], jump),
                *errors,
            )
        )
    return settings


def in_time(cleaned: np.ndarray) -> np.ndarray:
    """The canceller's sound (n,) without its delay; silence at the end."""
    return np.pad(cleaned, (0, HOP))[HOP:]


def erle_db(
    echo: np.ndarray, left: np.ndarray, noise_left: np.ndarray, jump_sample: int | None
) -> float:
    """Power of the echo over what the canceller leaves of it, all float32 (n,).

    ``noise_left`` is what it leaves of the room without echo. The first second, and the second
    after a jump of the delay, do not count.
    """
    counted = np.ones(len(echo), bool)
    for start in (0, jump_sample):
        if start is not None:
            counted[start : start + round(_SETTLE_S * SAMPLE_RATE_HZ)] = False
    powers = [
        float(np.square(sound[counted], dtype=np.float64).mean())
        for sound in (echo, left, noise_left)
    ]
    remaining = max(powers[1] - powers[2], powers[0] * 10 ** (-MAX_ERLE_DB / 10))
    return float(10 * np.log10(powers[0] / remaining))


def deduplicated(frames: np.ndarray) -> list[int]:
    """Units as the language model sees them: each once."""
    changed = np.concatenate([[True], frames[1:] != frames[:-1]])
    return [int(unit) for unit in frames[changed]]


# --- figures --------------------------------------------------------------------------------------


def summary(results: Sequence[RoomResult]) -> dict[str, Any]:
    """The board's figures over all rooms."""
    by_setting = []
    for index, (noise_suppression, gain_control) in enumerate(_SETTINGS):
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
    # Turns depend on what is asked, so they are compared in the rooms that were held both ways.
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
    table = Table(title=f"Echo in {figures['rooms']} rooms; both speak: {figures['speech']}")
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
    for name, label in (("with_echo", "with its echo"), ("without_echo", "without echo")):
        loop = figures[name]
        console.print(
            f"The agent {label}, in an hour (of {loop['hours']:.2f} simulated): "
            f"{loop['agent_turns']:.0f} turns, {loop['agent_speech_s']:.0f} s of speech; heard "
            f"speech {loop['phantoms']:.0f} times while the user was silent, and began or ceased "
            f"to speak after {loop['reactions']:.0f} of them."
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
            f"Self-interruptions {interruptions:.0f} an hour (goal: {GOAL_INTERRUPTIONS:g})",
            interruptions <= GOAL_INTERRUPTIONS,
        ),
        (
            f"Unit error in double talk {default['unit_error_points']:.1f} points above the user "
            f"alone (goal: at most {GOAL_ERROR_POINTS:g})",
            default["unit_error_points"] <= GOAL_ERROR_POINTS,
        ),
    ):
        console.print(f"{what}: {'met' if met else 'missed'}")
