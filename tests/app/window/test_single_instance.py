"""A second start calls the first window forward; a crash leaves nothing that holds others up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, QSysInfo, Qt
from pytestqt.qtbot import QtBot

from app.settings import Settings, SettingsFile
from app.window.main_window import MainWindow
from app.window.single_instance import SingleInstance
from engine.errors import DuologueError

ROOT = Path(__file__).resolve().parents[3]
_SECOND = """
from PySide6.QtCore import QCoreApplication
from app.window.single_instance import SingleInstance
app = QCoreApplication([])
instance = SingleInstance()
if instance.claim():
    print("first", flush=True)
    app.exec()
else:
    instance.call_first()
    print("called")
"""


@pytest.fixture
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session's folder of its own, its path short enough for a socket."""
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def first(qapp: object, runtime: Path) -> Iterator[SingleInstance]:
    instance = SingleInstance()
    yield instance
    instance.release()


def start() -> subprocess.Popen[str]:
    """The same program once more."""
    return subprocess.Popen(
        [sys.executable, "-c", _SECOND], cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_second_start_calls_the_first(first: SingleInstance, qtbot: QtBot) -> None:
    assert first.claim()
    with qtbot.waitSignal(first.called, timeout=20_000):
        second = start()
    assert second.communicate(timeout=20) == ("called\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_crash_leaves_nothing_in_the_way(first: SingleInstance, qtbot: QtBot) -> None:
    crashing = start()
    assert crashing.stdout is not None
    assert crashing.stdout.readline() == "first\n"
    assert not first.claim()
    crashing.send_signal(signal.SIGKILL)
    crashing.communicate(timeout=20)
    assert first.claim()
    with qtbot.waitSignal(first.called, timeout=20_000):
        second = start()
    assert second.communicate(timeout=20)[0] == "called\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
def test_one_that_hangs_is_told_of(first: SingleInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.single_instance._ANSWER_MS", 200)
    hanging = start()
    assert hanging.stdout is not None
    hanging.stdout.readline()
    hanging.send_signal(signal.SIGSTOP)
    assert not first.claim()
    with pytest.raises(DuologueError, match="does not answer"):
        first.call_first()
    hanging.kill()
    hanging.communicate(timeout=20)


def test_another_profile_is_another_program(
    first: SingleInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first.claim()
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "other"))
    other = SingleInstance()
    assert other.claim()
    other.release()


def test_after_the_end_another_is_the_first(first: SingleInstance) -> None:
    assert first.claim()
    first.release()
    other = SingleInstance()
    assert other.claim()
    other.release()


@pytest.mark.parametrize("machine", ["this", "another"])
def test_a_crashed_starts_lock_holds_nobody_up(runtime: Path, qapp: object, machine: str) -> None:
    """What QLockFile left: a process number that is in use again, or another machine's."""
    instance = SingleInstance()
    path = instance._lock_path
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(path))
    assert lock.tryLock(0)
    content = path.read_text()
    lock.unlock()
    if machine == "another":
        host = QSysInfo.machineHostName()
        identity = QSysInfo.machineUniqueId().data().decode()
        content = content.replace(host, "elsewhere").replace(identity or "-", "f" * 32)
    path.write_text(content)
    assert instance.claim()
    assert not SingleInstance().claim()
    instance.release()


def test_where_no_lock_can_be_written_there_is_a_window(runtime: Path, qapp: object) -> None:
    instance = SingleInstance()
    instance._lock_path.mkdir()
    assert instance.claim()
    instance.release()


def test_the_window_comes_forward(qtbot: QtBot) -> None:
    SettingsFile().save(Settings(first_run_done=True))
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    window.showMinimized()
    window.come_forward()
    qtbot.waitUntil(lambda: not window.isMinimized())
    assert window.isVisible()
    assert not window.windowState() & Qt.WindowState.WindowMinimized
    window.close()
