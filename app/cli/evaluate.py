"""The commands of `evaluate`: how good a bundle is.

`units` needs the engine only. The others run `models.evaluate`, which only the source tree has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.figures import write_json
from app.cli.options import (
    MOST_TALK_MINUTES,
    MOST_TIMES,
    BundleOption,
    ChannelOption,
    ChunkOption,
    JobsOption,
    JsonOption,
    LatencyOption,
    SeedOption,
)
from app.cli.progress import progress_bar
from app.cli.source_tree import source_tree
from app.cli.user_sound import read_speech
from engine.errors import DuologueError

if TYPE_CHECKING:
    from engine.syncllm.unit_encoder import Agreement

_WINDOWS_MS = (500, 1000, 2000, 4000)
_LOOKAHEADS_MS = (0, 40, 80, 120)
# Whole-file encoding needs memory that grows with the square of the length.
_MAX_SECONDS = 60.0

PacksOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the natural voices' style packs (docs/training.md). Without it, these "
        "voices are left out."
    ),
]
KeptOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder in which the natural voices' speech is kept, so that a second bundle is "
        "measured on the same sound, and sooner.",
        show_default="not kept",
    ),
]

evaluate = typer.Typer(
    help="Measure the quality of a bundle. docs/evaluation.md describes the figures.",
    no_args_is_help=True,
)


@evaluate.command("starter")
def evaluate_starter_bundle(
    exchanges: Annotated[
        int,
        typer.Option(
            help="Number of scenes of questions and answers. Pauses, interruptions and noises "
            "take a quarter of it, long talks an eighth.",
            min=1,
            max=MOST_TIMES,
        ),
    ] = 396,
    minutes: Annotated[
        float,
        typer.Option(
            help="Length in minutes of the conversation between two agents.",
            min=0.1,
            max=MOST_TALK_MINUTES,
        ),
    ] = 60.0,
    parts: Annotated[
        str | None,
        typer.Option(
            help="Parts to run, separated by commas: answers, latency, ... "
            "(docs/evaluation.md lists them).",
            show_default="all",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of open data with speech/, noise/ and dialogues/. Without it, the parts "
            "orders, people, outside and voice are left out, and some others are smaller."
        ),
    ] = None,
    packs: PacksOption = None,
    kept: KeptOption = None,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Score a bundle on held-out voices: are its answers right, and in time?"""
    with source_tree():
        from models.evaluate.context import Run
        from models.evaluate.starter import PARTS, evaluate_starter
    run = Run(bundle, exchanges, minutes, seed, chunk_ms, latency_ms, data, packs, kept)
    evaluate_starter(run, parts.split(",") if parts else tuple(PARTS), jobs, json_path)


@evaluate.command("echo")
def evaluate_echo_board(
    speech: Annotated[
        Path | None,
        typer.Option(
            help="Folder of recordings, with one folder for each person.",
            show_default="synthetic voices",
        ),
    ] = None,
    rooms: Annotated[
        int, typer.Option(help="Number of simulated rooms.", min=1, max=MOST_TIMES)
    ] = 100,
    talk_rooms: Annotated[
        int | None,
        typer.Option(
            help="Number of these rooms in which the agent also holds a conversation.",
            show_default="all",
            min=0,
            max=MOST_TIMES,
        ),
    ] = None,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Score echo cancellation in simulated rooms: does the agent hear the user and not itself?"""
    with source_tree():
        from models.evaluate.echo import evaluate_echo
    evaluate_echo(bundle, rooms, talk_rooms, seed, speech, jobs, json_path)


@evaluate.command("hearing")
def evaluate_words_heard(
    data: Annotated[
        Path, typer.Option(help="Folder of the open data, with speech/ and noise/ in it.")
    ],
    part: Annotated[
        Path,
        typer.Option(help="Folder of the part for hearing (duologue-train part hearing FOLDER)."),
    ],
    recordings: Annotated[
        int, typer.Option(help="Number of people's recordings.", min=1, max=MOST_TIMES)
    ] = 60,
    seed: SeedOption = 0,
    json_path: JsonOption = None,
) -> None:
    """Count the words that are heard wrongly, and those that are heard in noises."""
    with source_tree():
        from models.evaluate.hearing import evaluate_hearing
    evaluate_hearing(data, part, recordings, seed, json_path)


@evaluate.command("assistant")
def evaluate_spoken_requests(
    part: Annotated[
        Path,
        typer.Option(help="Folder of the part for hearing (duologue-train part hearing FOLDER)."),
    ],
    packs: PacksOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A GGUF chat model that answers what the agent does not know.",
            show_default="SmolLM2, if it is installed",
        ),
    ] = None,
    requests: Annotated[
        int,
        typer.Option(
            help="Number of requests of each kind: script, facts, actions, nonsense and noises.",
            min=1,
            max=30,
        ),
    ] = 30,
    interruptions: Annotated[
        int,
        typer.Option(help="Number of sounds of each kind into an answer.", min=0, max=MOST_TIMES),
    ] = 30,
    kept: KeptOption = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the open data, for its noises.", show_default="synthetic coughs"
        ),
    ] = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Score the assistant with spoken requests: what it hears, knows and does, and what it must
    not do."""
    from app.assistant import small_text_model

    with source_tree():
        from models.evaluate.assistant import evaluate_assistant
        from models.evaluate.context import Run
    run = Run(bundle, seed=seed, data=data, packs=packs, kept=kept)
    evaluate_assistant(run, part, model or small_text_model(), requests, interruptions, json_path)


@evaluate.command("robustness")
def evaluate_robustness_of_units(
    speech: Annotated[
        Path, typer.Option(help="Folder of recordings, with one folder for each person.")
    ],
    recordings: Annotated[
        int, typer.Option(help="Number of recordings to use.", min=1, max=MOST_TIMES)
    ] = 120,
    packs: PacksOption = None,
    kept: KeptOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Compare the units of speech with those of the same speech in noise and in rooms, and those
    of two voices."""
    with source_tree():
        from models.evaluate.robustness import evaluate_robustness
    evaluate_robustness(speech, bundle, recordings, seed, json_path, packs, kept)


@evaluate.command("voice-activity")
def evaluate_voice_activity_of_people(
    data: Annotated[Path, typer.Argument(help="Folder of open data with speech/ and noise/.")],
    readings: Annotated[
        int, typer.Option(help="Number of texts that each speaker reads.", min=1, max=MOST_TIMES)
    ] = 5,
    clips: Annotated[
        int,
        typer.Option(help="Number of recordings of each kind of noise.", min=1, max=MOST_TIMES),
    ] = 6,
    rooms: Annotated[
        int,
        typer.Option(
            help="Number of simulated rooms with the agent's echo.", min=0, max=MOST_TIMES
        ),
    ] = 4,
    silero: Annotated[
        Path | None,
        typer.Option(
            help="File silero_vad.onnx of the package silero-vad, to compare with.",
            show_default="not compared",
        ),
    ] = None,
    development: Annotated[
        bool, typer.Option(help="Use the half of the data with which the rules are chosen.")
    ] = False,
    seed: SeedOption = 0,
    json_path: JsonOption = None,
) -> None:
    """Score voice activity: are people heard, and typing, doors, music and noises not?"""
    with source_tree():
        from models.evaluate.voice_activity import evaluate_voice_activity
    evaluate_voice_activity(data, readings, clips, rooms, silero, development, seed, json_path)


@evaluate.command("units")
def evaluate_units(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings of speech.")],
    channel: ChannelOption = None,
    chunk_ms: ChunkOption = None,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Compare the units of streamed sound with those of the whole recording.

    Uses the first minute of each recording.
    """
    from dataclasses import asdict

    from engine.syncllm.bundle import load_bundle
    from engine.syncllm.unit_encoder import Agreement, Tokenizer, measure_agreement
    from engine.timebase import FRAME_SAMPLES

    sounds = [read_speech(path, _MAX_SECONDS, channel) for path in recordings]
    loaded = load_bundle(bundle)
    fmt = loaded.token_format(chunk_ms or loaded.manifest.default_chunk_ms)
    for path, sound in zip(recordings, sounds, strict=True):
        if len(sound) < fmt.chunk_samples:
            raise DuologueError(f"{path} is shorter than a chunk; give a longer recording.")
    tokenizer = Tokenizer(loaded.tokenizer)
    settings = [(window, ahead) for window in _WINDOWS_MS for ahead in _LOOKAHEADS_MS]
    entries = []
    total = len(settings) * sum(map(len, sounds))
    done = 0
    with progress_bar("units") as advance:
        for window_ms, lookahead_ms in settings:
            equal = frames = 0
            for sound in sounds:
                whole = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]
                one = measure_agreement(tokenizer, whole, fmt.chunk_frames, window_ms, lookahead_ms)
                equal += round(one.share * one.frames)
                frames += one.frames
                done += len(sound)
                advance("units", done, total)
            entries.append(Agreement(window_ms, lookahead_ms, equal / max(frames, 1), frames))
    show_agreement(Console(), entries, fmt.chunk_ms)
    if json_path:
        write_json(
            json_path,
            {"chunk_ms": fmt.chunk_ms, "agreement": [asdict(entry) for entry in entries]},
        )


def show_agreement(console: Console, entries: Sequence[Agreement], chunk_ms: int) -> None:
    """Print the share of equal units, by window and look-ahead."""
    lookaheads = sorted({entry.lookahead_ms for entry in entries})
    table = Table(
        title="Frames whose streamed unit equals that of the whole recording,\n"
        f"by past window and look-ahead, {chunk_ms} ms chunks"
    )
    table.add_column("window", justify="right")
    for lookahead_ms in lookaheads:
        table.add_column(f"{lookahead_ms} ms ahead", justify="right")
    for window_ms in sorted({entry.window_ms for entry in entries}):
        row = {entry.lookahead_ms: entry for entry in entries if entry.window_ms == window_ms}
        cells = [f"{row[lookahead_ms].share:.1%}" for lookahead_ms in lookaheads]
        table.add_row(f"{window_ms / 1000:g} s", *cells)
    console.print(table)
    console.print(f"{max((entry.frames for entry in entries), default=0)} frames", style="dim")
