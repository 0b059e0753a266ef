"""The command `bench-gpu`: the same conversation on the processor and on the GPU."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.figures import name_value_table, write_json
from app.cli.options import MOST_TALK_SECONDS, SAMPLE, BundleOption, ChannelOption, JsonOption
from app.cli.progress import progress_bar
from app.cli.user_sound import MEASURED_SECONDS, read_speech, sample_path

if TYPE_CHECKING:
    from engine.measure.gpu_comparison import GpuComparison


def bench_gpu(
    user: Annotated[
        Path | None,
        typer.Option("--user", help="Recording of the user's speech.", show_default=SAMPLE),
    ] = None,
    channel: ChannelOption = None,
    bundle: BundleOption = None,
    seconds: Annotated[
        float, typer.Option(help="Length of the conversation.", min=1, max=MOST_TALK_SECONDS)
    ] = 60.0,
    json_path: JsonOption = None,
) -> None:
    """Compare the processor and the GPU in a whole conversation.

    Gives the times of each stage, and whether tokens and sound are the
    same. Ends with exit code 1 if they differ by more than rounding.
    """
    from engine.measure.gpu_comparison import compare_gpu
    from engine.syncllm.bundle import load_bundle

    console = Console()
    sound = read_speech(user or sample_path(), MEASURED_SECONDS, channel)
    with progress_bar("conversation") as advance:
        found = compare_gpu(load_bundle(bundle), sound, seconds, progress=advance)
    show_gpu_comparison(console, found)
    if json_path:
        write_json(json_path, {**asdict(found), "faults": found.faults()})
    if found.faults():
        raise typer.Exit(1)


def show_gpu_comparison(console: Console, found: GpuComparison) -> None:
    """Print the times, then what was the same, then what was not."""
    table = Table(title=f"ms per chunk of {found.chunk_ms} ms, {found.chunks} chunks")
    for heading in ("stage", "CPU: p50", "p99", "GPU: p50", "p99"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, times_ms in found.times_ms.items():
        table.add_row(stage, *(f"{value:.1f}" for value in times_ms))
    console.print(table)
    rest = name_value_table()
    rest.add_row("language model", f"{found.language_model} ({'; '.join(found.devices)})")
    for name, placement in found.placements.items():
        rest.add_row(name, f"{placement.provider} {placement.remark}".strip())
    rest.add_row("user's units", f"{found.equal_user_units:.1%} the same")
    rest.add_row("next tokens", f"{found.equal_tokens:.1%} the same in one row")
    first = found.first_difference
    rest.add_row(
        "agent's chunks",
        f"{found.equal_own_chunks:.1%} the same"
        + ("" if first is None else f"; the first other one is number {first}"),
    )
    sound = "the same" if found.sound_db is None else f"{found.sound_db:.0f} dB of difference"
    rest.add_row("sound of the same units", sound)
    rest.add_row("measured", found.machine)
    console.print(rest)
    for fault in found.faults():
        console.print(fault, style="bold", markup=False, highlight=False)
