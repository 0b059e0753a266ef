"""The window's start: what fails in a slot or in a thread is logged and told, and Qt goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.settings import Settings, SettingsFile
from app.window.main_window import MainWindow
from app.window.start import _MOST_FAULTS, Faults
from engine.errors import DuologueError

_ROOT = Path(__file__).resolve().parents[3]


def fail() -> None:
    raise ValueError("a fault of ours")


@pytest.fixture
def log(profile: Path) -> Path:
    return profile / "log" / "duologue.log"


def test_a_slot_that_fails_is_told_of_in_the_window(qtbot: QtBot, log: Path) -> None:
    SettingsFile().save(Settings(first_run_done=True))
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    window.show()
    faults = Faults()
    faults.happened.connect(window.show_notice)
    with qtbot.capture_exceptions(), faults.taken():
        QTimer.singleShot(0, fail)
        qtbot.waitUntil(lambda: "a fault of ours" in window.notice_label.text())
        window.show_notice("It goes on.")
        assert "It goes on." in window.notice_label.text()
    assert "Traceback" in log.read_text("utf8")
    window.close()


def test_a_thread_that_fails_is_told_of_in_the_windows_thread(qtbot: QtBot, log: Path) -> None:
    told: list[tuple[str, threading.Thread]] = []
    faults = Faults()
    before = sys.excepthook, threading.excepthook
    receiver = _Receiver(told)
    faults.happened.connect(receiver.take)
    with faults.taken():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: bool(told))
    assert "a fault of ours" in told[0][0] and str(log) in told[0][0]
    assert told[0][1] is threading.main_thread()
    assert (sys.excepthook, threading.excepthook) == before


def test_a_known_error_is_its_sentence_and_a_fault_of_each_frame_is_told_so_often(
    qtbot: QtBot,
) -> None:
    told: list[tuple[str, threading.Thread]] = []
    faults = Faults()
    receiver = _Receiver(told)
    faults.happened.connect(receiver.take)
    with faults.taken():
        for _ in range(100):
            sys.excepthook(DuologueError, DuologueError("The disk is full; make room."), None)
    qtbot.waitUntil(lambda: bool(told))
    assert {text for text, _ in told} == {"The disk is full; make room."}
    assert len(told) == _MOST_FAULTS


def test_the_program_starts_and_ends_where_nothing_is_wrong(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The real start: a timer fails in it, which is logged, and it goes on until it is closed."""
    session = tmp_path_factory.mktemp("s")
    script = tmp_path / "start.py"
    script.write_text(_START, "utf8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "DUOLOGUE_PROFILE": str(tmp_path / "profile"),
        "XDG_RUNTIME_DIR": str(session),
    }
    ended = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    kept = (tmp_path / "profile" / "log" / "duologue.log").read_text("utf8")
    assert kept.count("ZeroDivisionError: division by zero") == 1


def test_what_a_damaged_file_closed_stays_closed_in_every_later_window(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It may have said not to record. Another command that reads the settings changes nothing."""
    kept = tmp_path / "profile" / "config" / "settings.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"record": false', "utf8")
    script = tmp_path / "record.py"
    script.write_text(_RECORDS, "utf8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "DUOLOGUE_PROFILE": str(tmp_path / "profile"),
        "XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("s")),
    }
    said = [
        subprocess.run(
            [sys.executable, *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout
        for command in (["-m", "app", "forget"], [str(script)], [str(script)])
    ]
    assert said[1:] == ["False False\n"] * 2


_RECORDS = """
from PySide6.QtCore import QTimer
import app.window.start as start
import app.cli

made = start.MainWindow

def make(*arguments):
    window = made(*arguments)
    print(window.settings.record, window.session._settings.record)
    QTimer.singleShot(100, window, window.close)
    return window

start.MainWindow = make
app.cli.main([])
"""

_START = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import app.window.start as start
import app.cli

made = start.MainWindow

def make(*arguments):
    window = made(*arguments)
    QTimer.singleShot(50, window, lambda: 1 / 0)
    QTimer.singleShot(300, window, window.close)
    return window

start.MainWindow = make
app.cli.main([])
"""


class _Receiver:
    def __init__(self, told: list[tuple[str, threading.Thread]]) -> None:
        self._told = told

    def take(self, text: str) -> None:
        self._told.append((text, threading.current_thread()))
