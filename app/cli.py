"""The command line: talk live or with a recording, check devices, benchmark, evaluate.

Reads options, calls the engine, prints. A DuologueError becomes its one sentence on stderr and
exit code 2; so does a wrong option, and an error that nobody foresaw, whose traceback goes into the
log. Heavy modules are imported by the command that needs them, so that --help is quick.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.folders import PLOTTING_VARIABLE, back_ends_folder, cache_folder
from engine.errors import DuologueError
from engine.program_end import run_program
from engine.resource_files import BACK_ENDS_VARIABLE

if TYPE_CHECKING:
    import numpy as np
_UNIT_WINDOWS_MS = (500, 1000, 2000, 4000)
_UNIT_LOOKAHEADS_MS = (0, 40, 80, 120)
# Whole-file encoding needs memory that grows with the square of the length.
_UNIT_MAX_SECONDS = 60.0
_BENCH_MAX_SECONDS = 300.0
# Numbers beyond any use are refused before hours of work, and before a library refuses them.
_MOST_SEED = 2**63 - 1
_MOST_GPU_LAYERS = 10_000
_MOST_TALK_SECONDS = 86_400
_MOST_TALK_MINUTES = 10_080
_MOST_TIMES = 1_000_000
_MOST_JOBS = 256
_MOST_CHANNELS = 1024

app = typer.Typer(
    name="duologue",
    help="Talk with a model that listens while it speaks.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evaluate = typer.Typer(help="Measure the quality of a bundle.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")

BundleOption = Annotated[
    Path | None, typer.Option("--bundle", help="Folder of the bundle; the starter by default.")
]
ChunkOption = Annotated[
    int | None, typer.Option("--chunk-ms", help="Length of a chunk: 160, 200 or 240 ms.")
]
LatencyOption = Annotated[
    int | None,
    typer.Option(
        "--latency-ms", help="How late the user's sound is used, 0 to 480; one chunk by default."
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="The same seed gives the same tokens.", min=0, max=_MOST_SEED)
]
GpuOption = Annotated[
    int,
    typer.Option(
        "--gpu-layers",
        help="Layers on the GPU where there is one; -1 is all.",
        min=-1,
        max=_MOST_GPU_LAYERS,
    ),
]
MicrophoneOption = Annotated[
    str | None,
    typer.Option("--microphone", help="A name from `duologue devices`; the system's by default."),
]
SpeakerOption = Annotated[
    str | None,
    typer.Option("--speaker", help="A name from `duologue devices`; the system's by default."),
]
CardLatencyOption = Annotated[
    int,
    typer.Option(
        "--card-latency-ms",
        help="The card's buffer each way; 20 is quick, 100 safe.",
        min=5,
        max=500,
    ),
]
ChannelOption = Annotated[
    int | None,
    typer.Option(
        "--channel",
        help="Of a recording with several the user's, from 1; the first that is not silent by "
        "default.",
        min=1,
        max=_MOST_CHANNELS,
    ),
]
JobsOption = Annotated[int, typer.Option(help="Processes.", min=1, max=_MOST_JOBS)]


def _new_file(path: Path | None) -> Path | None:
    """A new file that can be written: found out before an hour's measuring and not after."""
    from engine.errors import unwritable

    if path and path.is_file():
        raise DuologueError(f"{path} is there already; choose another name, or delete it.")
    if path and not path.is_fifo():  # its reader would take an open and close for the end
        try:
            was_there = path.exists()
            path.open("a").close()
            if not was_there:
                path.unlink()
        except OSError as error:
            raise unwritable(path, error) from error
    return path


JsonOption = Annotated[
    Path | None,
    typer.Option("--json", help="Also write the figures here, to a new file.", callback=_new_file),
]


def _show_version(asked: bool) -> None:
    if asked:
        print(f"duologue {program_version()}")
        raise typer.Exit


def _test_self(asked: bool) -> None:
    if asked:
        from app.self_test import self_test_apart

        status = self_test_apart()
        if status == 0:
            print(f"duologue {program_version()} works")
        raise typer.Exit(status)


@app.callback()
def duologue(
    context: typer.Context,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and end.", is_eager=True, callback=_show_version
        ),
    ] = False,
    test_self: Annotated[
        bool,
        typer.Option(
            "--self-test",
            help="Try every part of this installation and end; half a minute, no network.",
            is_eager=True,
            callback=_test_self,
        ),
    ] = False,
) -> None:
    """Talk with a model that listens while it speaks. Without a command: open the window."""
    if context.invoked_subcommand is None:
        raise typer.Exit(_window())


def _window() -> int:
    """Open the window; raises DuologueError where there is nothing to show it on."""
    try:
        from app.window.start import display_missing, open_window
    except ImportError as error:
        raise DuologueError(
            f"The window cannot be opened ({error}); install what is missing, "
            "or talk in the terminal: duologue live."
        ) from error
    if display_missing():
        raise DuologueError(
            "There is no display to open a window on. Talk in the terminal (duologue live), "
            "or hear the recorded conversation (duologue talk)."
        )
    return open_window()


@app.command()
def talk(
    user: Annotated[
        Path | None,
        typer.Option("--user", help="Recording of the user; the bundled sample by default."),
    ] = None,
    channel: ChannelOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the files; conversation-<time> by default.")
    ] = None,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Keep to the clock; as fast as possible otherwise.")
    ] = False,
    temperature: Annotated[
        float | None,
        typer.Option(help="How freely the agent speaks; the bundle's by default.", min=0, max=2),
    ] = None,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
) -> None:
    """Hold a talk whose user side is a recording (wav, flac, ogg or mp3 of any rate)."""
    from app.report import show_talk
    from engine.record.picture import draw
    from engine.sound.audio_file import AudioReader
    from engine.syncllm.bundle import load_bundle
    from engine.syncllm.clock import Sampling
    from engine.syncllm.duplex import Duplex
    from engine.talk import conversation

    with AudioReader(user or sample_path(), channel) as recording:
        loaded = load_bundle(bundle)
        sampling = None
        if temperature is not None:
            sampling = Sampling(temperature, loaded.manifest.sampling.own.top_p)
        duplex = Duplex(loaded, chunk_ms, latency_ms, seed, sampling, gpu_layers=gpu_layers)
        folder = out or _new_folder()
        try:
            with _progress("talk") as advance, _interruptible() as interrupted:
                pace = conversation.RealTimePacer(duplex.format.chunk_ms) if realtime else None
                length = recording.length_samples
                held = conversation.talk(
                    duplex,
                    recording,
                    folder,
                    pace,
                    interrupted.is_set,
                    lambda step: advance(
                        "talk", (step.index + 1) * duplex.format.chunk_samples, length
                    ),
                )
        finally:
            duplex.close()
    draw(held, folder / conversation.PICTURE_NAME)
    show_talk(Console(), held)


@app.command()
def live(
    microphone: MicrophoneOption = None,
    speaker: SpeakerOption = None,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    echo: Annotated[
        bool, typer.Option(help="Take the agent's voice out of the microphone's sound.")
    ] = True,
    noise_suppression: Annotated[
        bool, typer.Option("--noise-suppression", help="Also take out steady noise.")
    ] = False,
    gain_control: Annotated[
        bool, typer.Option("--gain-control", help="Also even out how loud you are.")
    ] = False,
    card_latency_ms: CardLatencyOption = 50,
    hold_to_talk: Annotated[
        bool, typer.Option("--hold-to-talk", help="Be heard only after the space bar.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Keep the talk in a new folder in this one. Older talks are deleted only in the "
            "window's own folder, by its limits."
        ),
    ] = None,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
) -> None:
    """Talk hands-free through microphone and speaker, until q, Esc or Ctrl-C.

    Keys: p pauses, m mutes the microphone; with --hold-to-talk the space bar lets the agent hear
    you, and once more ends it.
    """
    from app.live_session import LiveSession
    from app.live_status import LiveStatus, show_live_summary
    from app.settings import recording_limits, settings_of_options
    from app.terminal_keys import KeyReader
    from engine.talk.live_conversation import Switches
    from engine.talk.live_events import ChunkDone, Ended

    if (noise_suppression or gain_control) and not echo:
        raise DuologueError(
            "Noise suppression and gain control belong to the echo canceller; "
            "leave --no-echo out, or them."
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
    talk = LiveSession(settings, record, lambda text: console.print(text, markup=False), seed)
    took_ms: list[float] = []
    ended = Ended(None)
    with _interruptible() as interrupted:
        switches = Switches(hold_to_talk=hold_to_talk)
        info = talk.begin(switches=switches, stopped=interrupted)
        conversation = talk.conversation
        try:
            with (
                KeyReader() as keys,
                LiveStatus(console, info, talk.chunk_ms, talk.latency_ms) as status,
            ):
                while not interrupted.is_set():
                    event = conversation.next_event(timeout_seconds=0.1)
                    if isinstance(event, Ended):
                        ended = event
                        break
                    if event:
                        status.show(event, conversation.counts)
                    if isinstance(event, ChunkDone):
                        took_ms.append(event.took_ms)
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


@app.command()
def devices() -> None:
    """List microphones and speakers by the names that --microphone and --speaker take."""
    from app.report import show_devices
    from engine.card.devices import list_devices

    show_devices(Console(), list_devices())


@app.command()
def forget(
    yes: Annotated[bool, typer.Option("--yes", help="Delete everything without asking.")] = False,
) -> None:
    """Delete your settings, bundles and recordings, after asking: before an uninstallation."""
    from app.forget import forget as delete_belongings

    delete_belongings(lambda question: yes or _confirmed(question), print)


@app.command("watch-devices", hidden=True)
def watch_devices() -> None:
    """Print the devices whenever they change; a running talk asks an installed program for this."""
    from engine.card.device_watch import watch_portaudio

    watch_portaudio()


@app.command("self-test-guarded", hidden=True)
def self_test_guarded() -> None:
    """The self-test itself; --self-test runs this program once more for it."""
    from app.self_test import self_test_guarded as test_guarded

    test_guarded(sample_path(), lambda line: print(line, flush=True))


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of a recorded talk.")],
    bundle: BundleOption = None,
    gpu_layers: Annotated[
        int | None,
        typer.Option(
            "--gpu-layers",
            help="Layers on the GPU; as recorded by default.",
            min=-1,
            max=_MOST_GPU_LAYERS,
        ),
    ] = None,
) -> None:
    """Hold a recorded talk again; exit code 1 unless every token is the same."""
    from app.report import show_replay
    from engine.record.replay import replay as hold_again
    from engine.syncllm.bundle import load_bundle

    with _progress("replay") as advance:
        result = hold_again(folder, load_bundle(bundle), gpu_layers, advance)
    show_replay(Console(), result)
    if not result.identical:
        raise typer.Exit(1)


@app.command()
def doctor(
    microphone: MicrophoneOption = None,
    speaker: SpeakerOption = None,
    card_latency_ms: CardLatencyOption = 50,
    user: Annotated[
        Path | None,
        typer.Option("--user", help="Speech to time the engine on; the bundled sample by default."),
    ] = None,
    channel: ChannelOption = None,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
    json_path: JsonOption = None,
) -> None:
    """Examine devices, round trip, echo and speed, and advise settings; plays chirps and speech."""
    from dataclasses import asdict

    from app.report import show_devices, show_doctor, write_json
    from engine.card.devices import list_devices
    from engine.card.portaudio_card import PortAudioCard
    from engine.echo.canceller import EchoCanceller
    from engine.measure.doctor import Findings, advise, examine_engine, examine_sound
    from engine.syncllm.bundle import load_bundle

    console = Console()
    user_audio = _read_speech(user or sample_path(), _BENCH_MAX_SECONDS, channel)
    loaded = load_bundle(bundle)
    show_devices(console, list_devices())
    card = PortAudioCard(microphone, speaker, card_latency_ms)
    with console.status("") as status:
        try:
            sound = examine_sound(card, EchoCanceller(), status.update)
        finally:
            card.end()
        times = examine_engine(loaded, user_audio, gpu_layers, status.update)
    findings = Findings(sound, times, card_latency_ms)
    advice = advise(findings)
    show_doctor(console, findings, advice)
    if json_path:
        write_json(json_path, {"findings": asdict(findings), "advice": asdict(advice)})


@app.command(hidden=True)
def screenshots(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("screenshots"),
    language: Annotated[Literal["en", "de"], typer.Option(help="en or de.")] = "en",
) -> None:
    """Take pictures of every page of the window, light and dark."""
    from app.window.screenshots import take_screenshots

    for path in take_screenshots(sample_path(), out, language):
        print(path)


@app.command(hidden=True)
def animation(
    out: Annotated[Path, typer.Option(help="The new file.")] = Path("conversation.webp"),
    begin: Annotated[float, typer.Option(help="Its first second.", min=0, max=60)] = 20.2,
    seconds: Annotated[float, typer.Option(help="Its length.", min=1, max=60)] = 8.5,
) -> None:
    """Record the window in a conversation with the sample, as an animated picture."""
    from app.window.animation import animate

    print(animate(sample_path(), out, begin, seconds))


@app.command("bench-window")
def bench_window(
    seconds: Annotated[
        float, typer.Option(help="Length of each talk.", min=5, max=_MOST_TALK_SECONDS)
    ] = 60.0,
    rounds: Annotated[
        int, typer.Option(help="Talks without and with the window.", min=1, max=_MOST_TIMES)
    ] = 2,
    json_path: JsonOption = None,
) -> None:
    """Measure what the window costs the engine, and how long it keeps its own thread busy."""
    from app.report import show_window_cost, write_json
    from app.window.bench_window import measure_window, window_figures
    from engine.sound.audio_file import read_mono

    figures = window_figures(
        *measure_window(read_mono(sample_path(), _BENCH_MAX_SECONDS), seconds, rounds)
    )
    show_window_cost(Console(), figures)
    if json_path:
        write_json(json_path, figures)


@app.command()
def bench(
    seconds: Annotated[
        float,
        typer.Option(
            help="Talk behind each chunk length's figures, in seconds.",
            min=2,
            max=_MOST_TALK_SECONDS,
        ),
    ] = 60.0,
    long: Annotated[
        float,
        typer.Option(
            "--long",
            help="Minutes of the long talk; 0 leaves it out.",
            min=0,
            max=_MOST_TALK_MINUTES,
        ),
    ] = 60.0,
    user: Annotated[
        Path | None,
        typer.Option("--user", help="What the user says; the bundled sample by default."),
    ] = None,
    channel: ChannelOption = None,
    latency_ms: LatencyOption = None,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    gpu_layers: GpuOption = -1,
    json_path: JsonOption = None,
) -> None:
    """Measure time per stage, decoding speed, memory, and a long talk."""
    from app.report import benchmark_figures, show_benchmark, write_json
    from engine.measure.benchmark import measure
    from engine.syncllm.bundle import load_bundle

    user_audio = _read_speech(user or sample_path(), _BENCH_MAX_SECONDS, channel)
    loaded = load_bundle(bundle)
    with _progress("benchmark") as advance:
        benchmark = measure(
            loaded, user_audio, seconds, long, latency_ms, seed, gpu_layers, advance
        )
    show_benchmark(Console(), benchmark)
    if json_path:
        write_json(json_path, benchmark_figures(benchmark))


@evaluate.command("units")
def evaluate_units(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings of speech.")],
    channel: ChannelOption = None,
    chunk_ms: ChunkOption = None,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Compare streaming units with those of the whole file (of each its first minute)."""
    from dataclasses import asdict

    from app.report import show_agreement, write_json
    from engine.syncllm.bundle import load_bundle
    from engine.syncllm.unit_encoder import Agreement, Tokenizer, measure_agreement
    from engine.timebase import FRAME_SAMPLES

    sounds = [_read_speech(path, _UNIT_MAX_SECONDS, channel) for path in recordings]
    loaded = load_bundle(bundle)
    fmt = loaded.token_format(chunk_ms or loaded.manifest.default_chunk_ms)
    for path, sound in zip(recordings, sounds, strict=True):
        if len(sound) < fmt.chunk_samples:
            raise DuologueError(f"{path} is shorter than a chunk; give a longer recording.")
    tokenizer = Tokenizer(loaded.tokenizer)
    settings = [(window, ahead) for window in _UNIT_WINDOWS_MS for ahead in _UNIT_LOOKAHEADS_MS]
    entries = []
    total = len(settings) * sum(map(len, sounds))
    done = 0
    with _progress("units") as advance:
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


@evaluate.command("starter")
def evaluate_starter_bundle(
    exchanges: Annotated[
        int,
        typer.Option(
            help="Scenes to play; of other situations a part of it.", min=1, max=_MOST_TIMES
        ),
    ] = 396,
    minutes: Annotated[
        float, typer.Option(help="Of talk between two agents.", min=0.1, max=_MOST_TALK_MINUTES)
    ] = 60.0,
    parts: Annotated[
        str | None,
        typer.Option(help="Some of docs/evaluation.md, with commas between; all by default."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of open data with speech/ and noise/; without it less."),
    ] = None,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    chunk_ms: ChunkOption = None,
    latency_ms: LatencyOption = None,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Talk with a bundle in voices that no training heard: is it right, and in time?"""
    with _source_tree():
        from models.evaluate.context import Run
        from models.evaluate.starter import PARTS, evaluate_starter
    run = Run(bundle, exchanges, minutes, seed, chunk_ms, latency_ms, data)
    evaluate_starter(run, parts.split(",") if parts else tuple(PARTS), jobs, json_path)


@evaluate.command("robustness")
def evaluate_robustness_of_units(
    speech: Annotated[Path, typer.Option(help="Recordings of people, a folder each.")],
    recordings: Annotated[
        int, typer.Option(help="How many of them.", min=1, max=_MOST_TIMES)
    ] = 120,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Compare the units of people's speech with those of the same in noise and in rooms."""
    with _source_tree():
        from models.evaluate.robustness import evaluate_robustness
    evaluate_robustness(speech, bundle, recordings, seed, json_path)


@evaluate.command("echo")
def evaluate_echo_board(
    speech: Annotated[
        Path | None,
        typer.Option(help="Recordings of people, a folder each; synthetic voices without."),
    ] = None,
    rooms: Annotated[int, typer.Option(help="Rooms to simulate.", min=1, max=_MOST_TIMES)] = 100,
    talk_rooms: Annotated[
        int | None,
        typer.Option(
            help="Rooms in which the starter talks too; all by default.", min=0, max=_MOST_TIMES
        ),
    ] = None,
    jobs: JobsOption = 1,
    seed: SeedOption = 0,
    bundle: BundleOption = None,
    json_path: JsonOption = None,
) -> None:
    """Simulate rooms with loudspeakers: does the agent hear the user, and not itself?"""
    with _source_tree():
        from models.evaluate.echo import evaluate_echo
    evaluate_echo(bundle, rooms, talk_rooms, seed, speech, jobs, json_path)


def _confirmed(question: str) -> bool:
    """Whether the user says so; where nobody can answer, no."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        print()
        return False


@contextmanager
def _source_tree() -> Iterator[None]:
    """For imports that an installed program lacks."""
    try:
        yield
    except ImportError as error:
        raise DuologueError(
            f"The evaluation is not installed ({error.name} is missing); "
            "run it from the source tree."
        ) from error


def main(arguments: list[str] | None = None) -> None:
    """Run the program; ends with SystemExit."""
    with contextlib.suppress(DuologueError):  # no home folder: then there is nothing there
        os.environ.setdefault(BACK_ENDS_VARIABLE, str(back_ends_folder()))
        os.environ.setdefault(PLOTTING_VARIABLE, str(cache_folder() / "plotting"))
    run_program(app, arguments, typer.TyperException)


def program_version() -> str:
    """The installed version."""
    try:
        return version("duologue")
    except PackageNotFoundError:
        return "(not installed)"


def sample_path() -> Path:
    """The sample recording of a user that comes with the program."""
    from engine.resource_files import resources

    path = resources() / "samples" / "user.flac"
    if not path.is_file():
        raise DuologueError("The sample recording is missing; give one with --user.")
    return path


def _read_speech(path: Path, max_seconds: float, channel: int | None) -> np.ndarray:
    """The first seconds of a recording at 16 kHz; what the user should know of it is said."""
    from engine.sound.audio_file import read_mono

    console = Console(stderr=True)

    def remark(sentence: str) -> None:
        console.print(f"{path}: {sentence}", style="yellow", markup=False, soft_wrap=True)

    return read_mono(path, max_seconds, channel, remark)


def _new_folder() -> Path:
    """A folder here that does not exist yet."""
    stem = f"conversation-{datetime.now():%Y%m%d-%H%M%S}"
    folder, count = Path(stem), 1
    while folder.exists():
        count += 1
        folder = Path(f"{stem}-{count}")
    return folder


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Ctrl-C, or SIGTERM, asks for an end instead of breaking a file; a second one breaks."""
    asked = threading.Event()

    def ask(_number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Advance:
    """Moves the progress bar: what is done, how far, of how much (None is not known)."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._what = what
        self._task = progress.add_task(what, total=None)

    def __call__(self, what: str, done: float, total: float | None) -> None:
        if what != self._what:
            self._what = what
            self._progress.reset(self._task)
        self._progress.update(self._task, description=what, completed=done, total=total)


@contextmanager
def _progress(what: str) -> Iterator[_Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield _Advance(progress, what)


if __name__ == "__main__":
    main()
