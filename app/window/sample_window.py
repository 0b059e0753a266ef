"""The window in a conversation with a recording as the microphone: for pictures of it.

Uses a profile of its own, so the user's settings and recordings stay as they are. Needs no display.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
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
from engine.errors import DuologueError
from engine.talk.live_events import ChunkDone
from engine.timebase import SAMPLE_RATE_HZ

_MAX_MS = 120_000


class SampleWindow:
    """The window, and how far its conversation has come."""

    def __init__(self, app: QApplication, window: MainWindow) -> None:
        self.app, self.window = app, window
        self.heard_seconds = 0.0
        """Of the recording, so far."""
        window.session.event_received.connect(self._count)

    def _count(self, event: object) -> None:
        if isinstance(event, ChunkDone):
            samples = (event.step.index + 1) * event.step.agent_audio.size
            self.heard_seconds = samples / SAMPLE_RATE_HZ

    def wait(self, check: Callable[[], bool]) -> None:
        """Let the window work until ``check`` is true; DuologueError after two minutes."""
        deadline = QDeadlineTimer(_MAX_MS)
        while not check():
            if deadline.hasExpired():
                raise DuologueError("The conversation for the pictures has stopped; try again.")
            self.app.processEvents()
            QThread.msleep(5)

    def stop(self) -> None:
        """End the conversation."""
        self.window.session.stop()
        self.wait(lambda: not self.window.session.running)


@contextmanager
def sample_window(
    microphone: np.ndarray, size: QSize, language: str = "en", speed: float = 1.0
) -> Iterator[SampleWindow]:
    """The window, shown, before its conversation.

    ``microphone`` is float32 (n,) at 16 kHz; it is heard ``speed`` times as fast as the clock.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as profile:
        before = os.environ.get(PROFILE_VARIABLE)
        os.environ[PROFILE_VARIABLE] = profile
        try:
            app = QApplication.instance() or QApplication([])
            if not isinstance(app, QApplication):
                raise DuologueError("Another kind of Qt program runs in this process.")
            use_language(app, language)
            theme.apply(app, theme.LIGHT)
            settings = Settings.model_validate(
                {"first_run_done": True, "language": language, "theme": "light"}
            )
            SettingsFile().save(settings)
            make = partial(
                LiveSession, make_card=lambda *_devices: PrerecordedCard(microphone, speed), seed=1
            )
            window = MainWindow(SettingsFile(), session=Session(settings, make))
            window.resize(size)
            window.show()
            shown = SampleWindow(app, window)
            try:
                yield shown
            finally:  # a thread that outlives Python's end crashes it
                if window.session.running:
                    shown.stop()
                window.close()
                worker.wait_for_all(_MAX_MS)
        finally:
            os.environ.pop(PROFILE_VARIABLE)
            if before is not None:
                os.environ[PROFILE_VARIABLE] = before
