"""Measures what the window costs: the engine's chunk times with and without it, side by side, and
how long the window's thread lets things wait.

The bundled sample is the microphone, in real time; passes with and without window alternate.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.folders import PROFILE_VARIABLE
from app.open_talk import OpenTalk
from app.recording_card import RecordingCard
from app.settings import Settings, SettingsFile
from app.window import theme, worker
from app.window.main_window import MainWindow
from app.window.session import Session
from engine.live_events import ChunkDone
from engine.tokens import RATE_HZ

_WARM_CHUNKS = 5
_ASK_SECONDS = 0.005
FRAME_MS = 16.0


@dataclass(frozen=True)
class Pass:
    """One talk."""

    window: bool
    chunks: int
    chunk_p50_ms: float
    chunk_p99_ms: float
    late_chunks: int
    gui_cpu_share: float
    """Of one core, by the window's thread (or the one that takes the events)."""
    busy_p99_ms: float
    """How long the window's thread let something wait that came at any moment."""
    busy_most_ms: float
    busy_over_frame: int
    """Waits of more than 16 ms."""


def measure_window(user_audio: np.ndarray, seconds: float, rounds: int = 2) -> list[Pass]:
    """Talk ``rounds`` times for some seconds each without and with the window."""
    microphone = np.resize(user_audio, round((seconds + 30) * RATE_HZ))
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as profile:
        os.environ[PROFILE_VARIABLE] = profile
        theme.apply(app, theme.LIGHT)
        kinds = (False, True) * rounds
        passes = [_pass(microphone, seconds, shown, Path(profile)) for shown in kinds]
        worker.wait_for_all()
    return passes


def _pass(microphone: np.ndarray, seconds: float, shown: bool, profile: Path) -> Pass:
    settings = Settings(first_run_done=True, recording_folder=profile / "talks")
    make = partial(OpenTalk, make_card=lambda *_devices: RecordingCard(microphone))
    session = Session(settings, make)
    file = SettingsFile()
    file.save(settings)
    window = MainWindow(file, session=session) if shown else None
    if window:
        window.show()
    took: list[float] = []
    late = 0
    busy = _Busy()
    loop = QEventLoop()
    cpu_begin = clock_begin = 0.0

    def take(event: object) -> None:
        nonlocal late, cpu_begin, clock_begin
        if not isinstance(event, ChunkDone):
            return
        took.append(event.took_ms)
        late += event.late_ms > 0
        if len(took) == _WARM_CHUNKS:
            busy.begin()
            cpu_begin, clock_begin = time.thread_time(), time.perf_counter()
            QTimer.singleShot(round(seconds * 1000), loop.quit)

    session.event_came.connect(take)
    session.failed.connect(loop.quit)
    session.start()
    loop.exec()
    stretches = busy.end()
    cpu = (time.thread_time() - cpu_begin) / (time.perf_counter() - clock_begin)
    session.close()
    if window:
        window.close()
        window.deleteLater()
    used = took[_WARM_CHUNKS:]
    return Pass(
        window=shown,
        chunks=len(used),
        chunk_p50_ms=float(np.percentile(used, 50)),
        chunk_p99_ms=float(np.percentile(used, 99)),
        late_chunks=late,
        gui_cpu_share=cpu,
        busy_p99_ms=float(np.percentile(stretches, 99)),
        busy_most_ms=max(stretches),
        busy_over_frame=sum(stretch > FRAME_MS for stretch in stretches),
    )


class _Busy(QObject):
    """How long the window's thread lets a question wait that another thread asks all the time."""

    _asked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._waits_ms: list[float] = []
        self._over = threading.Event()
        self._asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._ask, name="asks the window", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> list[float]:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._waits_ms or [0.0]

    def _ask(self) -> None:
        while not self._over.wait(_ASK_SECONDS):
            self._asked.emit(time.perf_counter())

    def _answer(self, asked_at: float) -> None:
        self._waits_ms.append((time.perf_counter() - asked_at) * 1000)


def window_figures(passes: list[Pass]) -> dict[str, Any]:
    """As JSON values, with the ratio of the medians of p99 with and without the window."""
    with_it = [one.chunk_p99_ms for one in passes if one.window]
    without = [one.chunk_p99_ms for one in passes if not one.window]
    return {
        "passes": [asdict(one) for one in passes],
        "p99_ratio": float(np.median(with_it) / np.median(without)),
    }
