"""The command `doctor`: measures this computer and its sound card, and advises settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.cli.devices import show_devices
from app.cli.figures import name_value_table, write_json
from app.cli.options import (
    SAMPLE,
    BundleOption,
    CardLatencyOption,
    ChannelOption,
    GpuOption,
    JsonOption,
    MicrophoneOption,
    SpeakerOption,
)
from app.cli.user_sound import MEASURED_SECONDS, read_speech, sample_path

if TYPE_CHECKING:
    from engine.measure.doctor import Advice, Findings


def doctor(
    microphone: MicrophoneOption = None,
    speaker: SpeakerOption = None,
    card_latency_ms: CardLatencyOption = 50,
    user: Annotated[
        Path | None,
        typer.Option(
            "--user", help="Recording of speech to time the engine on.", show_default=SAMPLE
        ),
    ] = None,
    channel: ChannelOption = None,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
    json_path: JsonOption = None,
) -> None:
    """Check this computer for live conversations and advise settings.

    Measures the round trip through speaker and microphone, the echo,
    and the engine's speed. It plays chirps and speech on the speaker.
    """
    from dataclasses import asdict

    from app.sound_examination import SoundExamination
    from engine.card.devices import list_devices
    from engine.measure.doctor import Findings, advise, examine_engine, placement_lines
    from engine.syncllm.bundle import load_bundle

    console = Console()
    user_audio = read_speech(user or sample_path(), MEASURED_SECONDS, channel)
    loaded = load_bundle(bundle)
    show_devices(console, list_devices())
    for line in placement_lines(loaded, gpu_layers):
        console.print(line, markup=False, highlight=False)
    with console.status("") as status:
        examination = SoundExamination(microphone, speaker, card_latency_ms, status.update)
        sound = examination.findings()
        times = examine_engine(loaded, user_audio, gpu_layers, status.update)
    findings = Findings(sound, times, card_latency_ms)
    advice = advise(findings)
    show_doctor(console, findings, advice)
    if json_path:
        write_json(json_path, {"findings": asdict(findings), "advice": asdict(advice)})


def show_doctor(console: Console, findings: Findings, advice: Advice) -> None:
    """Print what was measured, then the advice."""
    from engine.measure.doctor import MOST_ECHO_SECONDS

    sound = findings.sound
    table = name_value_table()
    table.add_row("tested", escape(f"{sound.card.microphone} and {sound.card.speaker}"))
    table.add_row("microphone", f"{sound.noise_db:.0f} dB in silence")
    trip = f"{sound.round_trip_ms:.0f} ms" if sound.round_trip_ms is not None else "not heard"
    trip += f" (searched up to {MOST_ECHO_SECONDS:.1f} s)"
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
