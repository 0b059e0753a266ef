"""Does this copy of the program work? Its libraries, the starter, a minute of talk, the window.

For a program that was just packaged or installed. Needs no display, sound card or network, and
fails where any part asks for the network. Nothing of the user's is read or written.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DuologueError

_TALK_SECONDS = 60
_LEAST_PEAK = 0.05
_MODULES = (
    "app.window.start engine.conversation engine.echo engine.live engine.picture "
    "engine.portaudio_card engine.recorder engine.replay"
).split()
_LOCAL_FAMILIES = ("AF_UNIX",)
_NETWORK_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")


def self_test(sample: Path, tell: Callable[[str], None]) -> None:
    """Run every part, and tell each one's name and time; DuologueError at the first that fails.

    ``sample`` is the recording whose speech the agent hears.
    """
    with tempfile.TemporaryDirectory() as name, _profile(Path(name)), no_network():
        for title, part in (
            ("libraries", _libraries),
            ("starter bundle", _starter),
            ("a minute of talk", lambda: _talk(sample, Path(name))),
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
            tell(f"{title}: {found} ({time.perf_counter() - begin:.1f} s)")


def _libraries() -> str:
    from engine.devices import portaudio

    for module in _MODULES:
        importlib.import_module(module)
    portaudio()
    return "loaded"


def _starter() -> str:
    from engine.bundle import load_bundle

    manifest = load_bundle().manifest
    return f"{manifest.name} {manifest.version}"


def _talk(sample: Path, folder: Path) -> str:
    from engine import conversation
    from engine.audio_file import Recording, read_mono
    from engine.bundle import load_bundle
    from engine.duplex import Duplex
    from engine.picture import draw
    from engine.tokens import RATE_HZ
    from engine.wav_file import StereoWriter

    sound = np.resize(read_mono(sample, _TALK_SECONDS), _TALK_SECONDS * RATE_HZ)
    minute = folder / "minute.wav"
    with StereoWriter(minute) as file:
        file.write(sound, sound)
    duplex = Duplex(load_bundle())
    try:
        with Recording(minute) as recording:
            held = conversation.talk(duplex, recording, folder / "talk")
    finally:
        duplex.close()
    draw(held, folder / "talk" / conversation.PICTURE_NAME)
    turns = len(held.turn_taking.agent_turns)
    if not held.complete or not turns or held.agent_peaks.max() < _LEAST_PEAK:
        raise DuologueError("The agent said nothing in a minute; install Duologue again.")
    chunk_ms = held.tally.took_percentile_ms(50)
    return f"the agent spoke {turns} times, {chunk_ms:.0f} ms for each {held.chunk_ms} ms"


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
    """A profile that nobody else has."""
    from app.folders import PROFILE_VARIABLE

    before = os.environ.get(PROFILE_VARIABLE)
    os.environ[PROFILE_VARIABLE] = str(folder / "profile")
    try:
        yield
    finally:
        os.environ.pop(PROFILE_VARIABLE)
        if before is not None:
            os.environ[PROFILE_VARIABLE] = before


# --- no network -----------------------------------------------------------------------------------

_denied = False
_watching = False


@contextmanager
def no_network() -> Iterator[None]:
    """Let every use of the network raise; sockets of this computer stay."""
    global _denied, _watching
    if not _watching:  # a hook stays for the life of the process
        sys.addaudithook(_deny)
        _watching = True
    _denied = True
    try:
        yield
    finally:
        _denied = False


def _deny(event: str, arguments: tuple[Any, ...]) -> None:
    if not _denied or event not in _NETWORK_EVENTS:
        return
    if event != "socket.getaddrinfo" and arguments[0].family.name in _LOCAL_FAMILIES:
        return
    raise DuologueError(f"Something asked for the network ({event}); please report it.")
