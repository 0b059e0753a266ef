"""The command `replay`: does a recorded conversation give the same tokens again?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.cli.options import MOST_GPU_LAYERS, BundleOption
from app.cli.progress import progress_bar

if TYPE_CHECKING:
    from engine.record.replay import Replay


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a recorded conversation.")],
    bundle: BundleOption = None,
    gpu_layers: Annotated[
        int | None,
        typer.Option(
            "--gpu-layers",
            help="Number of the language model's layers that run on a GPU; -1 means all.",
            show_default="as in the recording",
            min=-1,
            max=MOST_GPU_LAYERS,
        ),
    ] = None,
) -> None:
    """Run a recorded conversation through the engine again and compare all tokens.

    The exit code is 0 if every token is the same, and 1 if not.
    """
    from engine.record.replay import replay as run_again
    from engine.syncllm.bundle import load_bundle

    with progress_bar("replay") as advance:
        result = run_again(folder, load_bundle(bundle), gpu_layers, advance)
    show_replay(Console(), result)
    if not result.identical:
        raise typer.Exit(1)


def show_replay(console: Console, result: Replay) -> None:
    """Print whether the tokens are those of the recording."""
    from engine.timebase import SAMPLE_RATE_HZ

    if result.identical:
        verdict = f"All tokens of {result.chunks} chunks are identical."
    elif result.first_different is None:
        verdict = "The recording holds no whole chunk."
    else:
        seconds = result.first_different * result.chunk_ms / 1000
        verdict = (
            f"{result.different} of {result.chunks} chunks have different tokens, "
            f"the first at {seconds:.2f} s."
        )
    console.print(verdict)
    if result.unheard_samples:
        seconds = result.unheard_samples / SAMPLE_RATE_HZ
        console.print(
            f"{seconds:.1f} s of sound were left out, since the engine had not heard them."
        )
    for remark in result.remarks:
        console.print(remark)
