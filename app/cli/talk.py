"""The command `talk`: a conversation with a recording as the user, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.cli.figures import duration, name_value_table
from app.cli.options import (
    SAMPLE,
    BundleOption,
    ChannelOption,
    ChunkOption,
    GpuOption,
    LatencyOption,
    SeedOption,
)
from app.cli.progress import progress_bar
from app.cli.stop_signals import stop_requested
from app.cli.user_sound import sample_path

if TYPE_CHECKING:
    from engine.record.talk_result import Conversation

_MAX_LINES = 40
"""Of the transcript; a conversation of an hour has hundreds."""


def talk(
    user: Annotated[
        Path | None, typer.Option("--user", help="Recording of the user.", show_default=SAMPLE)
    ] = None,
    channel: ChannelOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files.", show_default="conversation-<time>"),
    ] = None,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    realtime: Annotated[
        bool,
        typer.Option(
            "--realtime",
            help="Run at the speed of real sound. Without it, run as fast as possible.",
        ),
    ] = False,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="Sampling temperature of the agent's speech; higher means more varied.",
            show_default="the bundle's",
            min=0,
            max=2,
        ),
    ] = None,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
) -> None:
    """Let a recorded user talk with the agent.

    The recording may be wav, flac, ogg or mp3, of any sample rate.
    Writes conversation.wav, conversation.png, transcript.txt and events.jsonl into a folder.
    """
    from engine.record.picture import draw
    from engine.sound.audio_file import AudioReader
    from engine.syncllm.bundle import load_bundle
    from engine.syncllm.duplex import Duplex
    from engine.syncllm.sampling import Sampling
    from engine.talk import conversation

    with AudioReader(user or sample_path(), channel) as recording:
        loaded = load_bundle(bundle)
        sampling = None
        if temperature is not None:
            sampling = Sampling(temperature, loaded.manifest.sampling.own.top_p)
        duplex = Duplex(loaded, chunk_ms, latency_ms, seed, sampling, gpu_layers=gpu_layers)
        folder = out or _new_folder()
        try:
            with progress_bar("talk") as advance, stop_requested() as stop:
                pace = conversation.RealTimePacer(duplex.format.chunk_ms) if realtime else None
                length = recording.length_samples
                held = conversation.talk(
                    duplex,
                    recording,
                    folder,
                    pace,
                    stop.is_set,
                    lambda step: advance(
                        "talk", (step.index + 1) * duplex.format.chunk_samples, length
                    ),
                )
        finally:
            duplex.close()
    draw(held, folder / conversation.PICTURE_NAME)
    show_talk(Console(), held)


def show_talk(console: Console, conversation: Conversation) -> None:
    """Print the summary of a conversation."""
    from engine.record.transcript import TRANSCRIPT_NAME, timestamp

    tally, taking = conversation.tally, conversation.turn_taking
    table = name_value_table()
    seconds = conversation.duration_seconds
    speed = seconds / max(conversation.elapsed_seconds, 1e-9)
    stopped = "" if conversation.complete else " (stopped)"
    table.add_row("length", f"{duration(seconds)}{stopped}, {speed:.1f} times as fast as real time")
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


def _new_folder() -> Path:
    """The name of a folder in the working directory that does not exist yet."""
    stem = f"conversation-{datetime.now():%Y%m%d-%H%M%S}"
    folder, count = Path(stem), 1
    while folder.exists():
        count += 1
        folder = Path(f"{stem}-{count}")
    return folder


def _spread(values_ms: Sequence[float]) -> str:
    from statistics import median

    if not values_ms:
        return "none"
    spread = f"median {median(values_ms):.0f} ms"
    if len(values_ms) > 1:
        spread += f" ({min(values_ms):.0f} to {max(values_ms):.0f}, {len(values_ms)} times)"
    return spread
