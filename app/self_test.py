"""The self-test of an installation: libraries, bundle, a minute of conversation, assistant, window.

For a program that was just packaged or installed. It needs no display, sound card or network. It
fails if any part tries to use the network, on Linux native code too (app/network_guard.py). It
writes none of the user's files, and of these reads the installed parts only (`engine.part`).
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.network_guard import end_at_network_use, no_network
from app.part_store import part_for
from engine.errors import DuologueError
from engine.own_program import own_program
from engine.part import PART_KINDS, PartKind, check_part

if TYPE_CHECKING:
    import numpy as np

    from engine.assistant.mind import BackgroundMind

_TALK_SECONDS = 60
_MIN_PEAK = 0.05
_ANSWER_SECONDS = 120.0
_BLOCK_SAMPLES = 2560
_ROOM_TONE = 1e-4
_MODULES = (
    "app.window.start engine.talk.conversation engine.echo.canceller "
    "engine.talk.live_conversation engine.record.picture engine.card.portaudio_card "
    "engine.record.recorder engine.record.replay"
).split()
GUARDED_COMMAND = "self-test-guarded"
# These could point to a display or sound server on another computer; neither is needed.
_FAR_AWAY = ("DISPLAY", "PULSE_SERVER", "PIPEWIRE_REMOTE")


def self_test_apart() -> int:
    """Run the self-test in a separate process, which the kernel may end for using the network.

    Returns its exit status. Raises DuologueError if it was ended for using the network.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _FAR_AWAY}
    status = subprocess.run(_guarded_program(), env=environment).returncode
    if hasattr(signal, "SIGSYS") and status == -signal.SIGSYS:
        raise DuologueError(
            "The self-test failed: a library tried to use the network; please report it, with the "
            "lines above."
        )
    if status < 0:
        raise DuologueError(
            f"The self-test was ended by signal {-status}; install Duologue again, or report it."
        )
    return status


def _guarded_program() -> list[str]:
    return own_program(GUARDED_COMMAND, "app", GUARDED_COMMAND)


def self_test_guarded(sample: Path, report: Callable[[str], None]) -> None:
    """Run the self-test in a process that does nothing else and has no threads yet."""
    native = end_at_network_use()
    self_test(sample, report)
    if native:
        report("network: nothing tried to use it")
    else:
        report(
            "network: no Python code tried to use it; native code cannot be watched on this system"
        )


def self_test(sample: Path, report: Callable[[str], None]) -> None:
    """Run every part and report its name and time; DuologueError at the first that fails.

    ``sample`` is the recording that the agent hears.
    """
    parts = {kind: part_for(kind) for kind in PART_KINDS}
    with tempfile.TemporaryDirectory() as name, _profile(Path(name)), no_network():
        for title, part in (
            ("libraries", _libraries),
            ("starter bundle", _starter),
            ("a minute of talk", lambda: _talk(sample, Path(name))),
            ("optional parts", lambda: _parts(parts)),
            ("assistant", lambda: _assistant(Path(name), parts["text-model"])),
            ("a spoken request", lambda: _spoken(parts)),
            ("window", _window),
        ):
            begin = time.perf_counter()
            try:
                found = part()
            except DuologueError:
                raise
            except Exception as error:
                raise DuologueError(
                    f"The self-test failed at {title} ({error!r}); install Duologue again."
                ) from error
            report(f"{title}: {found} ({time.perf_counter() - begin:.1f} s)")


def _libraries() -> str:
    from engine.card.devices import portaudio

    for module in _MODULES:
        importlib.import_module(module)
    portaudio()
    return "loaded"


def _starter() -> str:
    from engine.syncllm.bundle import load_bundle

    manifest = load_bundle().manifest
    return f"{manifest.name} {manifest.version}"


def _talk(sample: Path, folder: Path) -> str:
    import numpy as np

    from engine.record.picture import draw
    from engine.sound.audio_file import AudioReader, read_mono
    from engine.sound.wav_file import StereoWriter
    from engine.syncllm.bundle import load_bundle
    from engine.syncllm.duplex import Duplex
    from engine.talk import conversation
    from engine.timebase import SAMPLE_RATE_HZ

    sound = np.resize(read_mono(sample, _TALK_SECONDS), _TALK_SECONDS * SAMPLE_RATE_HZ)
    minute = folder / "minute.wav"
    with StereoWriter(minute) as file:
        file.write(sound, sound)
    duplex = Duplex(load_bundle())
    try:
        with AudioReader(minute) as recording:
            held = conversation.talk(duplex, recording, folder / "talk")
    finally:
        duplex.close()
    draw(held, folder / "talk" / conversation.PICTURE_NAME)
    turns = len(held.turn_taking.agent_turns)
    if not held.complete or not turns or held.agent_peaks.max() < _MIN_PEAK:
        raise DuologueError("The agent said nothing in a minute; install Duologue again.")
    chunk_ms = held.tally.took_percentile_ms(50)
    return f"the agent spoke {turns} times, {chunk_ms:.0f} ms for each {held.chunk_ms} ms"


Parts = dict[PartKind, Path | None]
"""The folder of the installed part of each kind."""


def _parts(parts: Parts) -> str:
    """All files of the parts that are there."""
    found = [f"{kind} {check_part(folder).name}" for kind, folder in parts.items() if folder]
    return ", ".join(found) or "none is installed"


def _assistant(folder: Path, text_model: Path | None) -> str:
    """An own action that imports all that it may, a timer, and an answer if there is a model."""
    from app.assistant import open_assistant
    from app.settings import Settings
    from engine.assistant.own_action import MODULES
    from engine.part import GGUF_NAME

    own = folder / "own actions"
    own.mkdir()
    lines = [f"import {module}" for module in MODULES]
    lines += [
        'WORDS = ["say {what} twice"]',
        "def answer(what):",
        '    return what + " " + what',
        "",
    ]
    (own / "twice.py").write_text("\n".join(lines), "utf8")
    file = text_model / GGUF_NAME if text_model else None
    mind = open_assistant(Settings(own_actions=own, text_file=file))
    assert mind and mind.own_actions
    try:
        mind.own_actions.ready.wait(_ANSWER_SECONDS)
        if mind.own_actions.problems:
            raise DuologueError(mind.own_actions.problems[0])
        asked = ["set a timer for one hour", "say good morning twice"]
        asked += ["What is the capital of France?"] if mind.can_think else []
        answers = [_answer(mind, words) for words in asked]
    finally:
        mind.close()
    return "acts and " + (f'answers "{answers[-1]}"' if mind.can_think else "has no text model")


def _answer(mind: BackgroundMind, words: str) -> str:
    """What the assistant says to some words."""
    turn, limit_s = mind.turn(words), time.monotonic() + _ANSWER_SECONDS
    while turn.number and time.monotonic() < limit_s:
        said = [reply.text for reply in mind.poll() if reply.turn == turn.number and reply.text]
        if said:
            return said[0]
        time.sleep(0.05)
    raise DuologueError(f'The assistant did not answer "{words}"; install Duologue again.')


def _spoken(parts: Parts) -> str:
    """The voice says a request, the ears hear it, and the assistant does it and says so."""
    hearing, voice = parts["hearing"], parts["voice"]
    if hearing is None or voice is None:
        return "left out, because the parts for hearing and the voice are not both installed"
    from app.assistant import open_assistant
    from app.settings import Settings
    from engine.voice.agent_voice import AgentVoice

    heard = _heard(hearing, _sound(voice, "Set a timer for five minutes."))
    mind = open_assistant(Settings(text_model="none"))
    assert mind
    try:
        answer = _answer(mind, heard)
    finally:
        mind.close()
    if "five minutes" not in answer or not AgentVoice(part=voice).say(answer):
        raise DuologueError(f'The assistant heard "{heard}"; install the optional parts again.')
    return f'heard "{heard}" and says "{answer}"'


def _sound(voice: Path, text: str) -> np.ndarray:
    """A text in the agent's voice, with silence around it, float32 (n,) at 16 kHz."""
    import numpy as np
    import soxr

    from engine.timebase import SAMPLE_RATE_HZ
    from engine.voice.hibari_network import RATE_HZ, HibariNetwork

    network = HibariNetwork(voice)
    parts, _ = network.run(network.phones(text))
    sound = soxr.resample(network.sound(parts, seed=0), RATE_HZ, SAMPLE_RATE_HZ)
    rng = np.random.default_rng(0)
    sound = np.pad(sound, (SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ))
    return (sound + rng.normal(0, _ROOM_TONE, len(sound))).astype(np.float32)


def _heard(hearing: Path, sound: np.ndarray) -> str:
    """The words of a turn."""
    from engine.hearing.listener import Listener

    listener, words, over = Listener(hearing), [], False
    try:
        for start in range(0, len(sound), _BLOCK_SAMPLES):
            listener.push(sound[start : start + _BLOCK_SAMPLES])
        limit_s = time.monotonic() + _ANSWER_SECONDS
        while not over:
            time.sleep(0.05)
            found = [one for one in listener.poll() if one.final]
            words += [one.text for one in found if one.text]
            over = any(one.ends_turn for one in found)
            if listener.problem or time.monotonic() > limit_s:
                raise DuologueError(
                    listener.problem or "Nothing was heard; install the part for hearing again."
                )
    finally:
        listener.close()
    return " ".join(words)


def _window() -> str:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from app.settings import SettingsFile
    from app.window import theme, worker
    from app.window.main_window import MainWindow

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    window = MainWindow(SettingsFile())
    window.show()
    pages = range(4)
    for page in pages:
        window.show_page(page)
        app.processEvents()
        picture = window.grab().toImage()
        colours = {
            picture.pixel(x, y)
            for x in range(0, picture.width(), 7)
            for y in range(0, picture.height(), 7)
        }
        if len(colours) < 3:
            raise DuologueError("A page of the window stays empty; install Duologue again.")
    worker.wait_for_all()
    window.close()
    window.session.close()
    return f"{len(pages)} pages drawn"


@contextmanager
def _profile(folder: Path) -> Iterator[None]:
    """A temporary profile."""
    from app.folders import PLOTTING_VARIABLE, PROFILE_VARIABLE

    ours = {
        PROFILE_VARIABLE: str(folder / "profile"),
        PLOTTING_VARIABLE: str(folder / "plotting"),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
