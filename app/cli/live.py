"""The command `live`: a hands-free conversation in the terminal. What it shows is `live_status`'s.

The main thread reads the engine's events and the keys; the engine runs in threads of its own.
"""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.options import (
    BundleOption,
    CardLatencyOption,
    ChunkOption,
    GpuOption,
    LatencyOption,
    MicrophoneOption,
    SeedOption,
    SpeakerOption,
)
from app.cli.stop_signals import stop_requested
from engine.errors import DuologueError

_NO_TEXT_MODEL = (
    "There is no text model, so open questions stay without an answer; install the part for it "
    "with `duologue install-part`, or choose a model in the settings."
)


def live(
    microphone: MicrophoneOption = None,
    speaker: SpeakerOption = None,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    echo: Annotated[
        bool,
        typer.Option(
            help="Remove the echo of the agent's voice from the microphone's sound (echo "
            "cancellation)."
        ),
    ] = True,
    noise_suppression: Annotated[
        bool,
        typer.Option(
            "--noise-suppression", help="Also reduce steady noise. Needs echo cancellation."
        ),
    ] = False,
    gain_control: Annotated[
        bool,
        typer.Option(
            "--gain-control", help="Also even out your loudness. Needs echo cancellation."
        ),
    ] = False,
    card_latency_ms: CardLatencyOption = 50,
    hold_to_talk: Annotated[
        bool,
        typer.Option(
            "--hold-to-talk", help="The agent hears you only after you press the space bar."
        ),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Record the conversation into a new folder inside this one. Old recordings are "
            "deleted only in the window's own folder of recordings, by its limits.",
            show_default="no recording",
        ),
    ] = None,
    assistant: Annotated[
        bool,
        typer.Option(
            "--assistant",
            help="Also hear words of any kind, act on requests (timers, notes, sums), and let a "
            "text model answer what the agent does not know. Needs the parts for hearing and for "
            "the voice.",
        ),
    ] = False,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
) -> None:
    """Talk with the agent through your microphone and speaker, in the terminal.

    Keys: p pauses, m mutes the microphone; q, Esc or Ctrl-C ends.
    With --hold-to-talk, the space bar lets the agent hear you; press it again
    to end that.
    """
    from app.assistant_host import AssistantHost
    from app.cli.live_status import LiveStatus, show_live_summary
    from app.cli.terminal_keys import KeyReader
    from app.live_session import LiveSession
    from app.settings import SettingsFile, recording_limits, settings_of_options
    from engine.talk.live_conversation import Switches
    from engine.talk.live_events import ChunkDone, Ended

    if (noise_suppression or gain_control) and not echo:
        raise DuologueError(
            "Noise suppression and gain control need the echo canceller; "
            "leave out --no-echo, or leave out both of them."
        )
    console = Console()
    settings = settings_of_options(
        microphone=microphone,
        speaker=speaker,
        chunk_ms=chunk_ms,
        latency_ms=latency_ms,
        card_latency_ms=card_latency_ms,
        echo_cancelling=echo,
        noise_suppression=noise_suppression,
        gain_control=gain_control,
        hold_to_talk=hold_to_talk,
        bundle=bundle,
        gpu_layers=gpu_layers,
        **recording_limits(record),
    )

    def say(text: str) -> None:
        console.print(text, markup=False)

    host = None
    if assistant:
        kept = SettingsFile().read()
        here = {"assistant": True, "speaker": settings.speaker, "bundle": settings.bundle}
        host = AssistantHost(kept.model_copy(update=here), say)
        if host.mind and not host.mind.can_think:
            say(_NO_TEXT_MODEL)
    talk = LiveSession(settings, record, say, seed, assistant=host.mind if host else None)
    took_ms: list[float] = []
    ended = Ended(None)
    with closing(host) if host else nullcontext(), stop_requested() as stop:
        if host:
            host.talk_begins()
        switches = Switches(hold_to_talk=hold_to_talk)
        info = talk.begin(switches=switches, stopped=stop)
        conversation = talk.conversation
        try:
            with (
                KeyReader() as keys,
                LiveStatus(console, info, talk.chunk_ms, talk.latency_ms) as status,
            ):
                while not stop.is_set():
                    event = conversation.next_event(timeout_seconds=0.1)
                    if isinstance(event, Ended):
                        ended = event
                        break
                    if event:
                        status.show(event, conversation.counts)
                    if isinstance(event, ChunkDone):
                        took_ms.append(event.took_ms)
                    if any(effect.kind == "end talk" for effect in talk.effects()):
                        break
                    match keys.next():
                        case "p":
                            conversation.pause(not switches.paused)
                        case "m":
                            conversation.mute_microphone(not switches.muted)
                        case " ":
                            conversation.hold_talk_key(not switches.talk_key_held)
                        case "q" | "\x1b":
                            break
                    status.show_keys(switches.paused, switches.deaf)
        finally:
            talk.end()
    if ended.error:
        raise DuologueError(ended.error)
    show_live_summary(console, conversation.counts, took_ms)
    if talk.recording:
        console.print(f"Recorded in {talk.recording}", markup=False, soft_wrap=True)
