"""The commands of `evaluate` for the paper's figures and for benchmarks of the field.

They run `models.paper`, which only the source tree has. docs/paper.md has the figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.evaluate import evaluate
from app.cli.options import BundleOption, ChunkOption, JsonOption, LatencyOption, SeedOption
from app.cli.source_tree import source_tree

__all__ = ["evaluate"]

VadOption = Annotated[
    Literal["silero", "own"] | None,
    typer.Option(
        help="Voice activity detector: silero, for parity with other work, or own.",
        show_default="silero, if it is installed",
    ),
]


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
