"""Takes screenshots of every page, light and dark, for the README and for review.

It holds a real conversation with the bundled sample as the microphone, at twice the normal speed,
in a temporary profile. Needs no display.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QSize, QThread
from PySide6.QtWidgets import QApplication

from app.folders import PROFILE_VARIABLE
from app.live_session import LiveSession
from app.prerecorded_card import PrerecordedCard
from app.settings import Settings, SettingsFile
from app.window import theme, worker
from app.window.language import use_language
from app.window.main_window import MainWindow
from app.window.session import Session
from engine.errors import DuologueError, unwritable
from engine.sound.audio_file import read_mono
from engine.talk.live_events import ChunkDone
from engine.timebase import SAMPLE_RATE_HZ

_SPEED = 2.0
_TALK_SECONDS, _SHOWN_AT_SECONDS = 38.0, 26.4
_SIZE = QSize(1180, 760)
_MAX_MS = 60_000


def take_screenshots(sample: Path, folder: Path, language: str = "en") -> list[Path]:
    """Write `<page>-<theme>.png` into ``folder``; returns their paths."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    if any(folder.iterdir()):
        raise DuologueError(f"{folder} is not empty; choose another folder with --out.")
    microphone = read_mono(sample, _TALK_SECONDS)
    with tempfile.TemporaryDirectory() as profile:
        before = os.environ.get(PROFILE_VARIABLE)
        os.environ[PROFILE_VARIABLE] = profile
        try:
            app = QApplication.instance() or QApplication([])
            if not isinstance(app, QApplication):
                raise DuologueError("Another kind of Qt program runs in this process.")
            use_language(app, language)
            settings = Settings.model_validate(
                {"first_run_done": True, "language": language, "theme": "light"}
            )
            SettingsFile().save(settings)
            make = partial(
                LiveSession, make_card=lambda *_devices: PrerecordedCard(microphone, _SPEED), seed=1
            )
            window = MainWindow(SettingsFile(), session=Session(settings, make))
            window.resize(_SIZE)
            window.show()
            paths = _talk(app, window, folder)
            window.close()
            worker.wait_for_all(_MAX_MS)  # work that outlives the interpreter would crash it
            return paths
        finally:
            os.environ.pop(PROFILE_VARIABLE)
            if before is not None:
                os.environ[PROFILE_VARIABLE] = before


def _talk(app: QApplication, window: MainWindow, folder: Path) -> list[Path]:
    heard = 0.0

    def count(event: object) -> None:
        nonlocal heard
        if isinstance(event, ChunkDone):
            heard = (event.step.index + 1) * event.step.agent_audio.size / SAMPLE_RATE_HZ

    window.session.event_received.connect(count)
    paths = _take(app, window, folder, "ready")
    window.session.start()
    _wait(app, lambda: heard >= _SHOWN_AT_SECONDS)
    paths += _take(app, window, folder, "talk")
    _wait(app, lambda: heard >= _TALK_SECONDS)
    window.session.stop()
    _wait(app, lambda: not window.session.running)
    for index, name in ((1, "conversations"), (2, "models"), (3, "settings")):
        window.show_page(index)
        _settle(app)
        paths += _take(app, window, folder, name)
    window.show_first_run()
    _settle(app)
    return paths + _take(app, window, folder, "first-run")


def _take(app: QApplication, window: MainWindow, folder: Path, name: str) -> list[Path]:
    paths = []
    for look in (theme.LIGHT, theme.DARK):
        theme.apply(app, look)
        app.processEvents()
        path = folder / f"{name}-{look.name}.png"
        if not window.grab().save(str(path)):
            raise DuologueError(f"{path} cannot be written; choose another folder.")
        paths.append(path)
    theme.apply(app, theme.LIGHT)
    return paths


def _wait(app: QApplication, check: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(_MAX_MS)
    while not check():
        if deadline.hasExpired():
            raise DuologueError("The conversation for the pictures makes no progress; try again.")
        app.processEvents()
        QThread.msleep(5)


def _settle(app: QApplication) -> None:
    """Wait until lists are read and shown."""
    worker.wait_for_all()
    for _ in range(20):
        app.processEvents()
        QThread.msleep(10)
