"""The commands of `evaluate` for the paper's figures and for benchmarks of the field.

They run `models.paper`, which only the source tree has. docs/paper.md has the figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.evaluate import KeptOption, PacksOption, evaluate
from app.cli.options import (
    MOST_TALK_MINUTES,
    MOST_TIMES,
    BundleOption,
    ChunkOption,
    JobsOption,
    JsonOption,
    LatencyOption,
    SeedOption,
)
from app.cli.source_tree import source_tree
from engine.errors import DuologueError

__all__ = ["evaluate"]

_MOST_PROMPT_SECONDS = 600.0

VadOption = Annotated[
    Literal["silero", "own"] | None,
    typer.Option(
        help="Voice activity detector: silero, for parity with other work, or own.",
        show_default="silero, if it is installed",
    ),
]

DataOption = Annotated[
    Path, typer.Option(help="Folder of open data, with speech/ and turn-taking/ in it.")
]
PeopleOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of open data with turn-taking/ in it, for people's figures.",
        show_default="without them",
    ),
]
PromptOption = Annotated[
    float,
    typer.Option(
        help="Length in seconds of a dialogue's beginning that is given; 0 if there is none.",
        min=0.0,
        max=_MOST_PROMPT_SECONDS,
    ),
]
PlotOption = Annotated[
    Path | None, typer.Option(help="Picture (png) that is also drawn.", show_default="none")
]


def _whole_numbers(text: str, what: str, example: str) -> list[int]:
    """The numbers of a list with commas; DuologueError where it is none."""
    try:
        return [int(number) for number in text.split(",")]
    except ValueError as error:
        raise DuologueError(
            f"{text} is no list of {what}; give numbers with commas between, such as {example}."
        ) from error


@evaluate.command("fdb")
def evaluate_full_duplex_bench(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder of Full-Duplex-Bench, version 1 or 1.5, or of its form: TASK/ID/input.wav."
        ),
    ],
    again: Annotated[
        bool, typer.Option(help="Also make those outputs anew that are there already.")
    ] = False,
    people: Annotated[
        Path | None,
        typer.Option(
            help="File icc_gt_distribution.json: when people give backchannels.",
            show_default="the folder's own",
        ),
    ] = None,
    vad: VadOption = None,
    seed: SeedOption = 0,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Answer and score Full-Duplex-Bench: takeovers, latency, backchannels, stops, responses.

    Writes output.wav, the agent alone on the input's time axis, and its words, output.json.
    """
    with source_tree():
        from models.evaluate.context import Run
        from models.paper.fdb import evaluate_fdb
        from models.paper.spoken_spans import Detector
    run = Run(bundle, seed=seed, chunk_ms=chunk_ms, latency_ms=latency_ms)
    evaluate_fdb(folder, run, Detector(vad) if vad else None, again, people, json_path)


@evaluate.command("tokens")
def evaluate_token_rates(
    data: DataOption,
    dialogues: Annotated[
        int,
        typer.Option(
            help="Number of dialogues in people's rhythm, up to a minute each.",
            min=1,
            max=MOST_TIMES,
        ),
    ] = 120,
    sequences: Annotated[
        int,
        typer.Option(help="Number of sequences of each epoch of stage 1.", min=1, max=MOST_TIMES),
    ] = 1000,
    store: Annotated[
        Path | None,
        typer.Option(
            help="File of units that duologue-train units wrote, for the shares of speech that "
            "stage 1 really has.",
            show_default="only what it draws",
        ),
    ] = None,
    plot: PlotOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Count tokens a second by length of chunk (the paper's Fig. 3), and the share of speech in
    stage 1 (Fig. 4)."""
    with source_tree():
        from models.evaluate.context import Run
        from models.paper.tokens import evaluate_tokens
    run = Run(bundle, seed=seed, data=data)
    evaluate_tokens(run, dialogues, sequences, store, plot, json_path)


@evaluate.command("timing")
def evaluate_dialogue_timing(
    dialogues: Annotated[
        Path,
        typer.Argument(
            help="Folder with a folder for each system, in which there are the same dialogues: "
            "stereo, one speaker on each side."
        ),
    ],
    prompt_seconds: PromptOption = 30.0,
    truth: Annotated[
        str | None,
        typer.Option(
            help="Name of the system with the true continuations.", show_default="not compared"
        ),
    ] = None,
    data: PeopleOption = None,
    vad: VadOption = None,
    plot: PlotOption = None,
    json_path: JsonOption = None,
) -> None:
    """Measure the timing of dialogues: events a minute, floor-transfer offsets, and correlations
    (the paper's Tables 2 and 7)."""
    with source_tree():
        from models.paper.spoken_spans import Detector
        from models.paper.timing import evaluate_timing
    detector = Detector(vad) if vad else None
    evaluate_timing(dialogues, prompt_seconds, truth, data, detector, plot, json_path)


@evaluate.command("continuations")
def make_dialogue_continuations(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder for the dialogues; one with dialogues of the same options gets more "
            "systems."
        ),
    ],
    texts: Annotated[
        Path | None,
        typer.Option(
            help="Text dialogues (.jsonl or .jsonl.gz) that are spoken as the truth, such as "
            "dialogues/self_dialogue.jsonl.gz of the open data.",
            show_default="conversations of the script",
        ),
    ] = None,
    dialogues: Annotated[
        int, typer.Option(help="Number of dialogues.", min=1, max=MOST_TIMES)
    ] = 40,
    prompt_seconds: Annotated[
        float,
        typer.Option(
            help="Length in seconds of the given beginning.", min=1.0, max=_MOST_PROMPT_SECONDS
        ),
    ] = 10.0,
    seconds: Annotated[
        float,
        typer.Option(
            help="Length in seconds of the continuation.", min=1.0, max=_MOST_PROMPT_SECONDS
        ),
    ] = 30.0,
    chunks_ms: Annotated[
        str | None,
        typer.Option(
            help="Lengths of chunks in ms, separated by commas.", show_default="all of the bundle's"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Beginning of the bundle's systems' names.", show_default="the bundle's name"
        ),
    ] = None,
    user_voice: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a bundle with one table of units and the same tokenizer, whose vocoder "
            "speaks the user's units.",
            show_default="the bundle itself",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="Temperature of both sides' units.", min=0.0, max=2.0, show_default="the bundle's"
        ),
    ] = None,
    packs: PacksOption = None,
    kept: KeptOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
) -> None:
    """Let a bundle continue dialogues, writing both sides, beside the truth and the truth as its
    units give it; for `evaluate meaning`, `evaluate timing` and `rate make`."""
    with source_tree():
        from models.paper.continuations import Prompts, make_continuations
    lengths = _whole_numbers(chunks_ms, "lengths", "160,240") if chunks_ms else []
    prompts = Prompts(texts, dialogues, prompt_seconds, seconds, packs, kept, seed)
    for remark in make_continuations(
        folder, prompts, bundle, lengths, name, user_voice, temperature
    ):
        typer.echo(remark)


@evaluate.command("meaning")
def evaluate_meaning_of_dialogues(
    dialogues: Annotated[
        Path,
        typer.Argument(
            help="Folder with a folder for each system, in which there are the same dialogues: "
            "stereo, one speaker on each side, or one speaker alone."
        ),
    ],
    prompt_seconds: PromptOption = 10.0,
    seconds: Annotated[
        str, typer.Option(help="Times in seconds after the prompt, separated by commas.")
    ] = "10,20,30",
    recogniser: Annotated[
        Literal["base", "tiny.en"], typer.Option(help="The Whisper that hears the words.")
    ] = "base",
    vad: VadOption = None,
    jobs: JobsOption = 1,
    plot: PlotOption = None,
    json_path: JsonOption = None,
) -> None:
    """Measure the meaning of dialogues: the perplexity of their transcripts under a text model (the
    paper's Fig. 5 to 8)."""
    with source_tree():
        from models.paper.meaning import Judging, evaluate_meaning
        from models.paper.spoken_spans import Detector, default_detector
    try:
        times = tuple(sorted({float(time) for time in seconds.split(",")}))
    except ValueError:
        times = ()
    if not times or not 0 < times[0] <= times[-1] <= _MOST_PROMPT_SECONDS:
        raise DuologueError(
            f"{seconds} is no list of times up to {_MOST_PROMPT_SECONDS:g} s; give numbers with "
            "commas between, such as 10,20,30."
        )
    detector = Detector(vad) if vad else default_detector()
    judging = Judging(prompt_seconds, times, detector, recogniser)
    evaluate_meaning(dialogues, judging, jobs, plot, json_path)


@evaluate.command("latencies")
def evaluate_agents_at_latencies(
    latencies: Annotated[
        str, typer.Option(help="Latencies in ms, 0 to 480, separated by commas.")
    ] = "0,80,160,240,320,400,480",
    minutes: Annotated[
        float,
        typer.Option(
            help="Minutes of conversation at each latency.", min=0.1, max=MOST_TALK_MINUTES
        ),
    ] = 30.0,
    data: PeopleOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder that gets the conversations, one agent on each side.",
            show_default="not kept",
        ),
    ] = None,
    vad: VadOption = None,
    plot: PlotOption = None,
    chunk_ms: ChunkOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Let two agents talk to each other at several latencies, and measure their timing (the
    paper's Table 6)."""
    with source_tree():
        from models.evaluate.context import Run
        from models.paper.latencies import evaluate_latencies
        from models.paper.spoken_spans import Detector
    chosen = _whole_numbers(latencies, "latencies", "0,160,480")
    run = Run(bundle, minutes=minutes, seed=seed, chunk_ms=chunk_ms, data=data)
    evaluate_latencies(run, chosen, Detector(vad) if vad else None, out, plot, json_path)


@evaluate.command("fdb-set")
def make_full_duplex_set(
    folder: Annotated[Path, typer.Argument(help="New folder for the set.")],
    count: Annotated[
        int, typer.Option(help="Number of samples of each shape.", min=1, max=MOST_TIMES)
    ] = 40,
    packs: PacksOption = None,
    kept: KeptOption = None,
    seed: SeedOption = 0,
) -> None:
    """Make a set of our own in the form of Full-Duplex-Bench, for `evaluate fdb`."""
    with source_tree():
        from models.paper.fdb_made import make_set
    made = make_set(folder, count, seed, packs, kept)
    typer.echo(f"{made} samples; score them with `duologue evaluate fdb {folder}`.")
