"""Measures what the window costs: the engine's chunk times with and without it, and how long the
window's thread is busy, during a conversation and in its longest steps.

The bundled sample is the microphone, in real time. Passes with and without the window alternate.
`compare_trees` lets this source tree alternate with another, each in processes of its own.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.folders import PROFILE_VARIABLE
from app.live_session import LiveSession
from app.prerecorded_card import PrerecordedCard
from app.settings import Settings, SettingsFile
from app.window import theme, thread_costs, worker
from app.window.main_window import MainWindow
from app.window.session import Session
from app.window.start import SWITCH_SECONDS
from engine.errors import DuologueError
from engine.measure.tree_process import run_in_tree
from engine.record.events import EVENTS_NAME
from engine.record.recordings import SOUND_NAME
from engine.talk.live_events import ChunkDone
from engine.timebase import SAMPLE_RATE_HZ

_WARM_CHUNKS = 5
_ASK_SECONDS, _ASK_OFTEN_SECONDS = 0.005, 0.001
FRAME_MS = 16.0
_STEP_MS = 600
"""How long the window is measured after a step."""
_LONG_HOURS = 3
_PAGES = ("talk", "conversations", "models", "settings")


@dataclass(frozen=True)
class Pass:
    """The figures of one conversation."""

    window: bool
    chunks: int
    chunk_p50_ms: float
    chunk_p99_ms: float
    late_chunks: int
    gui_cpu_share: float
    """Share of one core used by the window's thread (or the thread that takes the events)."""
    busy_p99_ms: float
    """How long the window's thread took to answer a signal sent at any moment."""
    busy_most_ms: float
    busy_over_frame: int
    """Waits of more than 16 ms."""


@dataclass(frozen=True)
class WindowStep:
    """An action that keeps the window's thread busy."""

    name: str
    cpu_most_ms: float
    """The longest CPU time of the thread between two answers to signals sent each millisecond."""
    busy_most_ms: float
    """The longest wait of such a signal, including time that other programs took."""
    busy_over_frame: int


def measure_window(
    user_audio: np.ndarray, seconds: float, rounds: int = 2
) -> tuple[list[Pass], list[WindowStep]]:
    """Hold ``rounds`` conversations each without and with the window; then measure the steps."""
    sys.setswitchinterval(SWITCH_SECONDS)  # as in the program
    microphone = np.resize(user_audio, round((seconds + 30) * SAMPLE_RATE_HZ))
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as profile:
        os.environ[PROFILE_VARIABLE] = profile
        theme.apply(app, theme.LIGHT)
        gc.freeze()  # as in the program
        kinds = (False, True) * rounds
        steps: list[WindowStep] = []
        passes = [_pass(microphone, seconds, shown, Path(profile), steps) for shown in kinds]
        steps += _steps(app, Path(profile))
        worker.wait_for_all()
    return passes, steps


def compare_trees(
    other: Path,
    sample: Path,
    seconds: float,
    rounds: int = 2,
    sound_card: bool = False,
    busy_loops: int = 0,
) -> dict[str, Any]:
    """Hold ``rounds`` conversations in each of two windows, one of this tree and one of ``other``,
    beside ``busy_loops`` programs that take all the time they can get.

    Returns JSON values: the costs of each pass, as `app.window.thread_costs` names them, and the
    ratios of the sums. Raises DuologueError if a tree cannot be measured.
    """
    script = Path(thread_costs.__file__)
    trees = {"this": script.parents[2], "other": other.resolve()}
    passes: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for tree in trees.values():
        if not (tree / "app" / "window").is_dir() or script.suffix != ".py":
            raise DuologueError(f"{tree} is no source tree of Duologue; give another folder.")
    for _ in range(rounds):
        for name, tree in trees.items():
            options = ["--sound-card"] if sound_card else []
            with _beside(busy_loops):
                passes[name].append(run_in_tree(tree, script, seconds, sample, *options))
    sums = {
        name: {part: sum(one[part] for one in costs) for part in costs[0]}
        for name, costs in passes.items()
    }
    ratios = {part: sums["this"][part] / cost for part, cost in sums["other"].items() if cost}
    return {"passes": passes, "ratios": ratios}


@contextlib.contextmanager
def _beside(busy_loops: int) -> Iterator[None]:
    """Run programs that never wait."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy_loops)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _pass(
    microphone: np.ndarray, seconds: float, shown: bool, profile: Path, steps: list[WindowStep]
) -> Pass:
    settings = Settings(first_run_done=True, recording_folder=profile / "talks")
    make = partial(LiveSession, make_card=lambda *_devices: PrerecordedCard(microphone))
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

    session.event_received.connect(take)
    session.failed.connect(loop.quit)
    session.start()
    loop.exec()
    stretches = busy.end()
    cpu = (time.thread_time() - cpu_begin) / (time.perf_counter() - clock_begin)
    if window and session.running:
        session.ended.connect(lambda _recording: QTimer.singleShot(_STEP_MS, loop.quit))
        steps.append(_step("end of a talk", session.stop, loop))
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


def _steps(app: QApplication, profile: Path) -> list[WindowStep]:
    """Change the colours on each page; open a recording of hours."""
    talks = profile / "talks"
    _lengthen(min(talks.iterdir()), talks / "conversation-20260101-000000")
    file = SettingsFile()
    settings = Settings(first_run_done=True, recording_folder=talks, theme="light")
    file.save(settings)
    window = MainWindow(file)
    window.show()
    for index in range(len(_PAGES)):  # each is shown once before it is measured
        window.show_page(index)
        _wait()
    steps = []
    for index, name in enumerate(_PAGES):
        window.show_page(index)
        _wait()
        for look in ("dark", "light"):
            new = window.settings.model_copy(update={"theme": look})
            steps.append(_step(f"{look} colours, {name} seen", partial(window.change, new)))
    page = window.conversations
    window.show_page(1)
    _wait()
    loop = QEventLoop()
    ticks = QTimer()
    ticks.timeout.connect(
        lambda: page.play_button.isEnabled() and QTimer.singleShot(_STEP_MS, loop.quit)
    )
    oldest = page.list.count() - 1

    def open_longest() -> None:
        page.list.setCurrentRow(oldest)
        ticks.start(20)

    steps.append(_step(f"a recording of {_LONG_HOURS} hours", open_longest, loop))
    window.close()
    window.deleteLater()
    return steps


def _step(name: str, do: Callable[[], object], loop: QEventLoop | None = None) -> WindowStep:
    """Measure the window during an action, until ``loop`` ends or for a moment."""
    if loop is None:
        loop = QEventLoop()
        QTimer.singleShot(_STEP_MS, loop.quit)
    busy = _Busy(_ASK_OFTEN_SECONDS)
    busy.begin()
    QTimer.singleShot(50, do)
    loop.exec()
    waits = busy.end()
    over = sum(wait > FRAME_MS for wait in waits)
    return WindowStep(name, max(busy.cpu_ms, default=0.0), max(waits), over)


def _wait() -> None:
    worker.wait_for_all()
    loop = QEventLoop()
    QTimer.singleShot(_STEP_MS, loop.quit)
    loop.exec()


def _lengthen(talk: Path, target: Path) -> None:
    """Make a recording of hours by repeating a short one."""
    target.mkdir()
    sound, rate_hz = soundfile.read(talk / SOUND_NAME, dtype="int16")
    lines = (talk / EVENTS_NAME).read_text("utf8").splitlines()
    head, records = lines[0], [json.loads(line) for line in lines[1:]]
    chunks = [record for record in records if record.get("kind") == "chunk"]
    times = _LONG_HOURS * 3600 * rate_hz // len(sound) + 1
    with (target / EVENTS_NAME).open("w", encoding="utf8") as events:
        print(head, file=events)
        for turn in range(times):
            for chunk in chunks:
                moved = {
                    "index": chunk["index"] + turn * len(chunks),
                    "start_sample": chunk["start_sample"] + turn * len(sound),
                }
                print(json.dumps({**chunk, **moved}), file=events)
    with soundfile.SoundFile(
        target / SOUND_NAME, "w", rate_hz, sound.shape[1], "PCM_16", format="FLAC"
    ) as file:
        for _ in range(times):
            file.write(sound)


class _Busy(QObject):
    """Measures how long the window's thread takes to answer signals from another thread."""

    _asked = Signal(float)

    def __init__(self, ask_seconds: float = _ASK_SECONDS) -> None:
        super().__init__()
        self._ask_seconds = ask_seconds
        self._waits_ms: list[float] = []
        self.cpu_ms: list[float] = []
        """CPU time of the window's thread between two answers."""
        self._answered_cpu: float | None = None
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
        while not self._over.wait(self._ask_seconds):
            self._asked.emit(time.perf_counter())

    def _answer(self, asked_at: float) -> None:
        self._waits_ms.append((time.perf_counter() - asked_at) * 1000)
        cpu = time.thread_time()
        if self._answered_cpu is not None:
            self.cpu_ms.append((cpu - self._answered_cpu) * 1000)
        self._answered_cpu = cpu


def window_figures(passes: list[Pass], steps: list[WindowStep]) -> dict[str, Any]:
    """JSON values, with the ratio of the median p99 with the window to that without."""
    with_it = [one.chunk_p99_ms for one in passes if one.window]
    without = [one.chunk_p99_ms for one in passes if not one.window]
    return {
        "passes": [asdict(one) for one in passes],
        "steps": [asdict(step) for step in steps],
        "p99_ratio": float(np.median(with_it) / np.median(without)),
    }
