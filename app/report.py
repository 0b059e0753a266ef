"""The tables that the commands print. Knows figures, not how they are made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.atomic_write import write_atomically
from engine.card.devices import DeviceList
from engine.measure.benchmark import STAGES, Benchmark
from engine.measure.doctor import MOST_ECHO_SECONDS, Advice, Findings
from engine.record.replay import Replay
from engine.record.talk_result import Conversation
from engine.record.transcript import TRANSCRIPT_NAME, timestamp
from engine.syncllm.unit_encoder import Agreement
from engine.timebase import SAMPLE_RATE_HZ

_MAX_LINES = 40
"""Of the transcript; a talk of an hour has hundreds."""


def show_talk(console: Console, conversation: Conversation) -> None:
    """The short summary of a talk."""
    tally, taking = conversation.tally, conversation.turn_taking
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    duration = conversation.duration_seconds
    speed = duration / max(conversation.elapsed_seconds, 1e-9)
    stopped = "" if conversation.complete else " (stopped)"
    table.add_row("length", f"{_clock(duration)}{stopped}, {speed:.1f} times as fast as real time")
    table.add_row("agent turns", f"{len(taking.agent_turns)} (user {len(taking.user_turns)})")
    table.add_row("reaction", _spread([entry.offset_ms for entry in taking.floor_transfers]))
    overlap_seconds = sum(span.duration_ms for span in taking.overlaps) / 1000
    table.add_row("overlaps", f"{len(taking.overlaps)}, {overlap_seconds:.1f} s in all")
    if taking.interruptions:
        yields = [entry.yield_ms for entry in taking.interruptions]
        table.add_row("interrupted", f"silent again after {_spread(yields)}")
    share = tally.hit_share
    table.add_row("estimates right", "none made" if share is None else f"{share:.1%}")
    table.add_row(
        "deadlines met",
        f"{tally.met} of {tally.chunks} chunks (p50 {tally.took_percentile_ms(50):.0f} ms, "
        f"p99 {tally.took_percentile_ms(99):.0f} ms of {conversation.chunk_ms} ms)",
    )
    console.print(table)
    for line in conversation.lines[:_MAX_LINES]:
        said = f"{timestamp(line.start_sample)} {line.side}: {line.text}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    more = len(conversation.lines) - _MAX_LINES
    if more > 0:
        console.print(f"... and {more} more lines in {TRANSCRIPT_NAME}", highlight=False)
    for remark in conversation.remarks:
        console.print(remark, style="yellow", markup=False)
    console.print(f"Files in {conversation.folder}", markup=False, highlight=False, soft_wrap=True)


def show_benchmark(console: Console, benchmark: Benchmark) -> None:
    """Time per stage, then decoding, memory and the long run."""
    seconds = f"{benchmark.talk_seconds:.0f} s"
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
    rest = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rest.add_column(style="dim")
    rest.add_column()
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
            f"{_clock(run.talk_seconds)} of talk in {_clock(run.took_seconds)}; last "
            f"{_clock(run.window_seconds)} over the first: p99 {run.last_p99_ms:.1f} / "
            f"{run.first_p99_ms:.1f} ms = {run.p99_ratio:.3f}, memory "
            f"{_mb(run.last_memory_mb)} / {_mb(run.first_memory_mb)} = "
            + ("not known" if ratio is None else f"{ratio:.3f}"),
        )
    rest.add_row("measured", f"{seconds} of talk per chunk length on {benchmark.machine}")
    console.print(rest)


def show_window_cost(console: Console, figures: dict[str, Any]) -> None:
    """Chunk times with and without the window, and the load of the window's thread."""
    table = Table(title="What the window costs")
    for name in ("window", "chunks", "p50 ms", "p99 ms", "late", "core", "busy p99", "busy most"):
        table.add_column(name, justify="right")
    table.add_column("over 16 ms", justify="right")
    for one in figures["passes"]:
        table.add_row(
            "yes" if one["window"] else "no",
            str(one["chunks"]),
            f"{one['chunk_p50_ms']:.1f}",
            f"{one['chunk_p99_ms']:.1f}",
            str(one["late_chunks"]),
            f"{one['gui_cpu_share']:.1%}",
            f"{one['busy_p99_ms']:.1f} ms",
            f"{one['busy_most_ms']:.1f} ms",
            str(one["busy_over_frame"]),
        )
    console.print(table)
    console.print(f"p99 with the window is {figures['p99_ratio']:.2f} of that without.")
    steps = Table(title="How long the window's thread is held")
    steps.add_column("by")
    for name in ("own computing", "wait", "over 16 ms"):
        steps.add_column(name, justify="right")
    for step in figures["steps"]:
        steps.add_row(
            step["name"],
            f"{step['cpu_most_ms']:.1f} ms",
            f"{step['busy_most_ms']:.1f} ms",
            str(step["busy_over_frame"]),
        )
    console.print(steps)


def show_agreement(console: Console, entries: Sequence[Agreement], chunk_ms: int) -> None:
    """Streaming units against those of the whole file, window by look-ahead."""
    lookaheads = sorted({entry.lookahead_ms for entry in entries})
    table = Table(
        title="Frames whose streaming unit is that of the whole file,\n"
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


def show_devices(console: Console, listing: DeviceList) -> None:
    """Microphones and speakers, the system's defaults marked."""
    for kind, devices in (("Microphones", listing.microphones), ("Speakers", listing.speakers)):
        table = Table(title=kind, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for column in ("", "name", "through", "rate", "channels", ""):
            table.add_column(column)
        for device in devices:
            mark = "*" if device.is_default else ""
            rate = f"{device.rate_hz / 1000:g} kHz"
            cancelled = "echo-cancelled by the system" if device.canceller else ""
            shape = (rate, str(device.channels), cancelled)
            table.add_row(mark, escape(device.name), device.host_api, *shape)
        if devices:
            console.print(table)
        else:
            console.print(f"{kind}: none. Plug one in or switch it on.")


def show_replay(console: Console, result: Replay) -> None:
    """Whether the tokens are those of the recording."""
    if result.identical:
        verdict = f"All tokens of {result.chunks} chunks are identical."
    elif result.first_different is None:
        verdict = "The recording holds no whole chunk."
    else:
        seconds = result.first_different * result.chunk_ms / 1000
        verdict = (
            f"{result.different} of {result.chunks} chunks have other tokens, "
            f"first at {seconds:.2f} s."
        )
    console.print(verdict)
    if result.unheard_samples:
        seconds = result.unheard_samples / SAMPLE_RATE_HZ
        console.print(f"{seconds:.1f} s that the engine had not heard were left out.")
    for remark in result.remarks:
        console.print(remark)


def show_doctor(console: Console, findings: Findings, advice: Advice) -> None:
    """What was measured, then what follows from it."""
    sound = findings.sound
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("talked through", escape(f"{sound.card.microphone} and {sound.card.speaker}"))
    table.add_row("microphone", f"{sound.noise_db:.0f} dB in silence")
    trip = f"{sound.round_trip_ms:.0f} ms" if sound.round_trip_ms is not None else "not heard"
    trip += f" (looked for up to {MOST_ECHO_SECONDS:.1f} s)"
    table.add_row("round trip", trip)
    reduction = "no echo" if sound.reduction_db is None else f"{sound.reduction_db:.0f} dB less"
    table.add_row("echo", f"{sound.echo_db:.0f} dB, after the canceller {reduction}")
    table.add_row("sound gaps", str(sound.xruns))
    for entry in findings.chunk_times:
        table.add_row(
            f"{entry.chunk_ms} ms chunks", f"p50 {entry.p50_ms:.0f} ms, p99 {entry.p99_ms:.0f} ms"
        )
    console.print(table)
    console.print(
        f"Use --chunk-ms {advice.chunk_ms} --latency-ms {advice.latency_ms} "
        f"--card-latency-ms {advice.card_latency_ms}:",
        style="bold",
        highlight=False,
    )
    for reason in advice.reasons:
        console.print(f"- {reason}", markup=False, highlight=False)


def benchmark_figures(benchmark: Benchmark) -> dict[str, Any]:
    """The benchmark ready for JSON, ratios included."""
    figures = asdict(benchmark)
    for entry, chunk in zip(figures["by_chunk"], benchmark.by_chunk, strict=True):
        entry["overhead"] = chunk.overhead
    if benchmark.long_run:
        figures["long_run"]["p99_ratio"] = benchmark.long_run.p99_ratio
        figures["long_run"]["memory_ratio"] = benchmark.long_run.memory_ratio
    return figures


def write_json(path: Path, content: Any) -> None:
    """Write figures; DuologueError where that fails."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def _spread(values_ms: Sequence[float]) -> str:
    if not values_ms:
        return "none"
    spread = f"median {median(values_ms):.0f} ms"
    if len(values_ms) > 1:
        spread += f" ({min(values_ms):.0f} to {max(values_ms):.0f}, {len(values_ms)} times)"
    return spread


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"


def _mb(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:.0f} MB"
