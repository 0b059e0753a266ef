"""Closing the window ends the process, whatever hangs: a process of its own for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings, SettingsFile
from tests.engine.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import sys, threading, time
from PySide6.QtCore import QTimer
from app.live_session import LiveSession
from app.window import main_window, start, worker
from app.window.session import Session
from engine.talk import live_conversation
from engine.talk.live_events import ChunkDone
from tests.app.window.fast_card import FastCard

hangs = sys.argv[1]
live_conversation._JOIN_SECONDS = start._WORK_SECONDS = 0.2
start._END_SECONDS = 1.0 if hangs == "window" else 60.0

class Card(FastCard):
    def close(self):
        if hangs == "card":
            threading.Event().wait()
        super().close()

class OwnSession(Session):
    def __init__(self, settings, parent):
        super().__init__(settings, lambda *a, **k: LiveSession(*a, **k, make_card=Card), parent)
        self.event_received.connect(self.close_soon)
        self.state_changed.connect(lambda state: print(state.value, flush=True))
        QTimer.singleShot(0, self.start)

    def close_soon(self, event):
        if isinstance(event, ChunkDone) and event.step.index == 5:
            if hangs == "work":
                worker.run(threading.Event().wait, print, print, self)
            QTimer.singleShot(0, self.parent().close)
            if hangs == "window":
                QTimer.singleShot(10, lambda: time.sleep(1000))

main_window.Session = OwnSession
status = start.open_window()
print("ended by itself", flush=True)
sys.exit(status)
"""


@pytest.mark.parametrize("hangs", ["nothing", "card", "work", "window"])
def test_closing_the_window_ends_the_process(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, hangs: str
) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle").folder
    talks = tmp_path / "talks"
    SettingsFile().save(
        Settings(bundle=bundle, recording_folder=talks, echo_cancelling=False, first_run_done=True)
    )
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("r"))}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, hangs],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ("ended by itself" in done.stdout) == (hangs == "nothing"), done.stderr
    assert done.returncode == (1 if hangs == "window" else 0)
    assert "stopping" in done.stdout
    (recording,) = talks.iterdir()
    assert (recording / "conversation.flac").stat().st_size > 1000
