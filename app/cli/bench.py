"""The command `bench`: the engine's speed and memory."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.bench_comparison import compare_builds, comparison_figures, show_comparison
from app.cli.figures import duration, name_value_table, write_json
from app.cli.options import (
    MOST_TALK_MINUTES,
    MOST_TALK_SECONDS,
    SAMPLE,
    BundleOption,
    ChannelOption,
    GpuOption,
    JsonOption,
    LatencyOption,
    SeedOption,
)
from app.cli.progress import progress_bar
from app.cli.user_sound import MEASURED_SECONDS, read_speech, sample_path

if TYPE_CHECKING:
    from engine.measure.benchmark import Benchmark
    from engine.measure.echo_benchmark import EchoCost

_COMPARED_MS, _MOST_ROUNDS = 160, 100


def bench(
    seconds: Annotated[
        float,
        typer.Option(
            help="Length in seconds of the conversation with each chunk length.",
            min=2,
            max=MOST_TALK_SECONDS,
        ),
    ] = 60.0,
    long: Annotated[
        float,
        typer.Option(
            "--long",
            help="Length in minutes of the long conversation, which shows whether speed and "
            "memory stay the same; 0 leaves it out.",
            min=0,
            max=MOST_TALK_MINUTES,
        ),
    ] = 60.0,
    user: Annotated[
        Path | None, typer.Option("--user", help="Recording of the user.", show_default=SAMPLE)
    ] = None,
    channel: ChannelOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Source tree of an older build. It is measured side by side with this one, with "
            "chunks of 160 ms; the other parts are left out.",
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(help="Number of rounds of that comparison.", min=1, max=_MOST_ROUNDS)
    ] = 3,
    json_path: JsonOption = None,
) -> None:
    """Measure the engine's speed and memory.

    Shows the time of each stage with each chunk length, the speed of decoding,
    the peak memory, how a long conversation changes them, and the cost of the
    echo canceller.
    """
    from engine.measure.benchmark import measure
    from engine.measure.echo_benchmark import measure_echo_cost
    from engine.syncllm.bundle import load_bundle

    user_audio = read_speech(user or sample_path(), MEASURED_SECONDS, channel)
    if against:
        comparison = compare_builds(
            against, bundle, user_audio, _COMPARED_MS, seconds, rounds, seed
        )
        show_comparison(Console(), comparison)
        if json_path:
            write_json(json_path, comparison_figures(comparison))
        return
    loaded = load_bundle(bundle)
    with progress_bar("benchmark") as advance:
        benchmark = measure(
            loaded, user_audio, seconds, long, latency_ms, seed, gpu_layers, advance
        )
    # The agent is the user's speech backwards.
    echo_cost = measure_echo_cost(user_audio, user_audio[::-1])
    show_benchmark(Console(), benchmark)
    show_echo_cost(Console(), echo_cost)
    if json_path:
        figures = benchmark_figures(benchmark) | {"echo_canceller": asdict(echo_cost)}
        write_json(json_path, figures)


def show_benchmark(console: Console, benchmark: Benchmark) -> None:
    """Print the time per stage, then decoding, memory and the long conversation."""
    from engine.syncllm.duplex import STAGES

    table = Table(title=f"Bundle {benchmark.bundle}: ms per chunk and share of its length")
    table.add_column("stage")
    for figures in benchmark.by_chunk:
        table.add_column(f"{figures.chunk_ms} ms: p50", justify="right")
        table.add_column("p99", justify="right")
    for stage in STAGES:
        cells = []
        for figures in benchmark.by_chunk:
            entry = figures.stages[stage]
            cells.append(f"{entry.p50_ms:.1f} ({entry.p50_share:.0%})")
            cells.append(f"{entry.p99_ms:.1f} ({entry.p99_share:.0%})")
        total = stage == "total"
        table.add_row(
            stage, *cells, style="bold" if total else None, end_section=stage == "vocoder"
        )
    console.print(table)
    rest = name_value_table()
    for figures in benchmark.by_chunk:
        share = "none" if figures.hit_share is None else f"{figures.hit_share:.0%}"
        rest.add_row(
            f"{figures.chunk_ms} ms",
            f"language model {figures.model_ms:.2f} ms a chunk, llama.cpp's own count "
            f"{figures.native_ms:.2f} ms: overhead {figures.overhead:.1%}; estimates right "
            f"{share}; deadlines met {figures.deadlines_met} of {figures.chunks}",
        )
    native = benchmark.native_ms_per_token
    rest.add_row("llama.cpp", f"{native:.3f} ms a token one by one ({1000 / native:.0f} tokens/s)")
    rest.add_row("peak memory", _mb(benchmark.peak_memory_mb))
    run = benchmark.long_run
    if run:
        ratio = run.memory_ratio
        rest.add_row(
            "long run",
            f"{duration(run.talk_seconds)} of conversation in {duration(run.took_seconds)}; last "
            f"{duration(run.window_seconds)} over the first: p99 {run.last_p99_ms:.1f} / "
            f"{run.first_p99_ms:.1f} ms = {run.p99_ratio:.3f}, memory "
            f"{_mb(run.last_memory_mb)} / {_mb(run.first_memory_mb)} = "
            + ("not known" if ratio is None else f"{ratio:.3f}"),
        )
    seconds = f"{benchmark.talk_seconds:.0f} s"
    rest.add_row("measured", f"{seconds} of conversation per chunk length on {benchmark.machine}")
    console.print(rest)


def show_echo_cost(console: Console, cost: EchoCost) -> None:
    """Print how much of a core the echo canceller takes."""
    console.print(
        f"Echo canceller, share of one core: the agent speaks {cost.agent_alone:.1%}, both speak "
        f"{cost.both_speak:.1%}, nothing is played {cost.far_end_silent:.1%}",
        soft_wrap=True,
    )


def benchmark_figures(benchmark: Benchmark) -> dict[str, Any]:
    """The benchmark ready for JSON, ratios included."""
    figures = asdict(benchmark)
    for entry, chunk in zip(figures["by_chunk"], benchmark.by_chunk, strict=True):
        entry["overhead"] = chunk.overhead
    if benchmark.long_run:
        figures["long_run"]["p99_ratio"] = benchmark.long_run.p99_ratio
        figures["long_run"]["memory_ratio"] = benchmark.long_run.memory_ratio
    return figures


def _mb(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:.0f} MB"
