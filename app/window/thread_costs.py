"""The CPU time of a conversation in the window, thread by thread: a program of its own.

`app.window.bench_window` runs it, once for each of two source trees:

    PYTHONPATH=TREE python -P app/window/thread_costs.py SECONDS SAMPLE [--sound-card]

It measures the tree that it finds on its path, which may be older than itself: names are looked up
by `_found`, which knows what they were before. Prints one line of JSON. Linux only, where a thread
can read the CPU time of the others.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

importlib.import_module("engine")  # before numpy, as in the program: it sets what that reads

import numpy as np  # noqa: E402
import soundfile  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

_WARM_CHUNKS = 12
"""Two seconds: caches are filled, and the sound card has settled."""
_TASKS = Path("/proc/self/task")
_MOST_WAIT_SECONDS = 60.0
_MORE_SOUND_SECONDS = 30
_RATE_HZ = 16_000


def thread_costs(seconds: float, microphone: np.ndarray | None) -> dict[str, float]:
    """The share of one core that each part of a conversation takes, over ``seconds``.

    ``microphone``, float32 (n,) at 16 kHz, is repeated for as long as needed; None uses the
    computer's sound card. "process" is everything. It is the sum of "window" (the window's thread),
    "models" and "canceller" (the engine's calls of these), and "rest": the device, the recorder,
    and what the engine's thread does between these calls. "engine" is the whole of that thread.
    "pace" is the conversation's time in each second: below 1, the machine was too busy to measure.
    "late" and "unspoken" are shares of the chunks: those that came too late, partly or wholly, and
    those not spoken at all. "lag" is how late the step that began latest was, in seconds.
    "waits for a core" and "waits for Python" are how long these calls waited, in shares of the
    time: for the system to give them a processor, and for the interpreter or a lock.
    """
    sys.setswitchinterval(_found("app.window.start:SWITCH_SECONDS"))  # as in the program
    app = QApplication.instance() or QApplication([])
    _found("app.window.theme:apply")(app, _found("app.window.theme:LIGHT"))
    duplex = _found("engine.syncllm.duplex:Duplex", "engine.duplex:Duplex")
    models = [_timed(duplex, name) for name in ("step_due", "miss") if hasattr(duplex, name)]
    canceller = _timed(
        _found("engine.echo.canceller:EchoCanceller", "engine.echo:EchoCanceller"), "process"
    )
    with tempfile.TemporaryDirectory() as profile:
        os.environ[_found("app.folders:PROFILE_VARIABLE")] = profile
        settings = _found("app.settings:Settings")(
            first_run_done=True, language="en", recording_folder=Path(profile) / "talks"
        )
        file = _found("app.settings:SettingsFile")()
        file.save(settings)
        session = _found("app.window.session:Session")(settings, _make_talk(seconds, microphone))
        window = _found("app.window.main_window:MainWindow")(file, session=session)
        window.show()
        gc.freeze()  # as in the program
        loop = QEventLoop()
        chunks = 0
        heard_seconds = 0.0
        late, unspoken, lags_ms = [], [], []

        def count(event: Any) -> None:
            nonlocal chunks, heard_seconds
            if hasattr(event, "took_ms"):
                chunks += 1
                late.append(event.late_ms > 0)
                unspoken.append(not event.step.speak)
                lags_ms.append(event.lag_ms)
                heard_seconds = (event.step.index + 1) * len(event.step.agent_audio) / _RATE_HZ
                if chunks == _WARM_CHUNKS:
                    loop.quit()

        events = getattr(session, "event_received", None) or session.event_came
        events.connect(count)
        session.failed.connect(lambda why: sys.exit(why))
        QTimer.singleShot(round(_MOST_WAIT_SECONDS * 1000), loop.quit)
        session.start()
        loop.exec()
        if chunks < _WARM_CHUNKS:
            raise SystemExit("no conversation has begun")
        before, began, had_heard = _costs(models, canceller), time.perf_counter(), heard_seconds
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()
        after, ended = _costs(models, canceller), time.perf_counter()
        pace = (heard_seconds - had_heard) / (ended - began)
        session.close()
        window.close()
        _found("app.window.worker:wait_for_all")()
    shares = {name: (after[name] - before[name]) / (ended - began) for name in after}
    since = slice(_WARM_CHUNKS, None)
    return {
        **shares,
        "pace": pace,
        "late": float(np.mean(late[since])),
        "unspoken": float(np.mean(unspoken[since])),
        "lag": max(lags_ms[since], default=0.0) / 1000,
    }


@dataclass
class _Spent:
    """Seconds in the calls of a method: by the clock, of the processor, and ready without one."""

    wall: float = 0.0
    cpu: float = 0.0
    for_a_core: float = 0.0


def _costs(models: list[_Spent], canceller: _Spent) -> dict[str, float]:
    """CPU seconds so far."""
    by_name: dict[str, float] = {}
    for thread in threading.enumerate():
        try:
            spent = (_TASKS / str(thread.native_id) / "schedstat").read_text().split()[0]
        except OSError:
            continue
        by_name[thread.name] = by_name.get(thread.name, 0.0) + int(spent) / 1e9
    process, window = time.process_time(), time.thread_time()
    model_seconds = sum(spent.cpu for spent in models)
    calls = [*models, canceller]
    for_a_core = sum(spent.for_a_core for spent in calls)
    busy = sum(spent.wall - spent.cpu for spent in calls)
    return {
        "process": process,
        "window": window,
        "engine": by_name.get("engine", 0.0),
        "models": model_seconds,
        "canceller": canceller.cpu,
        "recorder": by_name.get("recorder", 0.0),
        "rest": process - window - model_seconds - canceller.cpu,
        "waits for a core": for_a_core,
        "waits for Python": busy - for_a_core,
    }


def _make_talk(seconds: float, microphone: np.ndarray | None) -> Any:
    talk = _found("app.live_session:LiveSession", "app.open_talk:OpenTalk")
    if microphone is None:
        return talk
    card = _found("app.prerecorded_card:PrerecordedCard", "app.recording_card:RecordingCard")
    repeated = np.resize(microphone, round((seconds + _MORE_SOUND_SECONDS) * _RATE_HZ))
    return partial(talk, make_card=lambda *_devices: card(repeated))


def _timed(owner: Any, name: str) -> _Spent:
    """Count the seconds of a method from now on."""
    spent = _Spent()
    method: Callable[..., Any] = getattr(owner, name)

    def timed(*arguments: Any, **named: Any) -> Any:
        wall, waited, cpu = time.perf_counter(), _waited_for_a_core(), time.thread_time()
        try:
            return method(*arguments, **named)
        finally:
            spent.cpu += time.thread_time() - cpu
            spent.for_a_core += _waited_for_a_core() - waited
            spent.wall += time.perf_counter() - wall

    setattr(owner, name, timed)
    return spent


def _waited_for_a_core() -> float:
    """Seconds that this thread was ready to run and did not."""
    return int((_TASKS / str(threading.get_native_id()) / "schedstat").read_text().split()[1]) / 1e9


def _found(*places: str) -> Any:
    """The first of some "module:name" that the tree has."""
    tree = os.environ["PYTHONPATH"]
    for place in places:
        module, _, name = place.partition(":")
        # Python alone would look for what this tree lacks in an installed one.
        if Path(tree, *module.split(".")).with_suffix(".py").is_file():
            return getattr(importlib.import_module(module), name)
    raise SystemExit(f"this source tree has none of {', '.join(places)}")


def _main(seconds: str, sample: str, *options: str) -> None:
    sound, _ = soundfile.read(sample, dtype="float32", always_2d=True)
    costs = thread_costs(float(seconds), None if "--sound-card" in options else sound[:, 0])
    print(json.dumps(costs))


if __name__ == "__main__":
    _main(*sys.argv[1:])
