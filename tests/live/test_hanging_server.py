"""The sound server hangs: it is told, a talk can be stopped, and the program ended, any way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.recording_library import entries
from app.settings import Settings, SettingsFile
from tests.live.virtual_card import ROOT, interface, running_card, wait_until

pytestmark = pytest.mark.live
MOST_END_SECONDS = 10.0
MOST_EXAMINATION_SECONDS = 80.0
NO_ANSWER = "does not answer; wait a moment, or restart the computer."
_WINDOW = """
import signal, sys
from PySide6.QtCore import QTimer
from app.window import main_window, start
from app.window.session import Session

class OwnSession(Session):
    def __init__(self, settings, parent):
        super().__init__(settings, parent=parent)
        self.state_changed.connect(lambda state: print(state.value, flush=True))
        self.failed.connect(lambda text: print("failed:", text, flush=True))
        self.phase_changed.connect(lambda name: print("phase:", name, flush=True))
        self.notice.connect(lambda text: print("notice:", text, flush=True))
        signal.signal(signal.SIGUSR1, lambda *_: self.stop())
        signal.signal(signal.SIGUSR2, lambda *_: self.start())
        signal.signal(signal.SIGHUP, lambda *_: self.play())
        QTimer.singleShot(0, self.start)

    def play(self):
        self.parent().show_page(1)
        self.timer = QTimer()
        self.timer.timeout.connect(self.played)
        self.timer.start(50)

    def played(self):
        page = self.parent().conversations
        if page.playback.player is None:
            page.play_button.click()
        elif page.playback.player.position:
            print("playing", flush=True)
            self.timer.stop()

main_window.Session = OwnSession
sys.exit(start.open_window())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """A server of one's own; gives its process."""
    with running_card(tmp_path / "card"):
        number = int((tmp_path / "card" / "run" / "pid").read_text())
        try:
            yield number
        finally:
            os.kill(number, signal.SIGCONT)


@pytest.fixture
def window(tmp_path: Path, server: int) -> Iterator[subprocess.Popen[str]]:
    """The program, once it talks."""
    profile = tmp_path / "profile"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DUOLOGUE_PROFILE", str(profile))
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        SettingsFile().save(Settings(first_run_done=True, language="en"))
        with subprocess.Popen(
            [sys.executable, "-c", _WINDOW], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as program:
            until(program, lambda line: line == "listening")
            time.sleep(1.0)  # so that something is recorded
            yield program
            program.kill()


def until(program: subprocess.Popen[str], found: Callable[[str], bool]) -> str:
    """Read what the program says up to a line.

    A talk that failed says nothing more, so another failure than the awaited one ends the test.
    """
    assert program.stdout
    said = []
    for line in program.stdout:
        said.append(line.strip())
        if found(said[-1]):
            return line
        if said[-1].startswith("failed"):
            break
    raise AssertionError(f"the program has ended, or its talk: {said}")


def test_the_window_is_closed_while_the_server_hangs(
    window: subprocess.Popen[str], server: int, tmp_path: Path
) -> None:
    os.kill(server, signal.SIGSTOP)
    until(window, lambda line: "is gone" in line)
    begin = time.monotonic()
    window.send_signal(signal.SIGTERM)
    window.wait(MOST_END_SECONDS)
    print(f"ended after {time.monotonic() - begin:.1f} s with status {window.returncode}")
    (entry,) = entries(tmp_path / "profile" / "recordings")
    assert entry.summary and not entry.damage


def test_the_talk_is_stopped_while_the_server_hangs_and_begun_when_it_is_back(
    window: subprocess.Popen[str], server: int
) -> None:
    os.kill(server, signal.SIGSTOP)
    until(window, lambda line: "is gone" in line)
    window.send_signal(signal.SIGUSR1)
    until(window, lambda line: line == "stopping")
    until(window, lambda line: line == "idle")
    assert "does not answer" in until(window, lambda line: line.startswith("failed"))
    window.send_signal(signal.SIGUSR2)
    assert "does not answer" in until(window, lambda line: line.startswith("failed"))
    os.kill(server, signal.SIGCONT)
    time.sleep(1.0)
    window.send_signal(signal.SIGUSR2)
    until(window, lambda line: line == "listening")
    window.send_signal(signal.SIGTERM)
    assert window.wait(MOST_END_SECONDS) == 0


def test_the_window_is_closed_while_a_talk_begins_on_a_server_that_hangs(
    window: subprocess.Popen[str], server: int
) -> None:
    window.send_signal(signal.SIGUSR1)
    until(window, lambda line: line == "idle")
    os.kill(server, signal.SIGSTOP)
    window.send_signal(signal.SIGUSR2)
    until(window, lambda line: line == "phase: sound")
    time.sleep(1.0)  # so that it is asked
    window.send_signal(signal.SIGTERM)
    assert window.wait(MOST_END_SECONDS) == 0


def test_the_terminals_talk_is_ended_while_the_server_hangs(server: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "live", "--record", str(tmp_path / "talks")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        until(program, lambda line: line.startswith("Talking through"))
        time.sleep(1.0)  # so that something is recorded
        os.kill(server, signal.SIGSTOP)
        until(program, lambda line: "is gone" in line)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=MOST_END_SECONDS)
    assert program.returncode == 2
    assert said.strip().endswith(NO_ANSWER)
    (entry,) = entries(tmp_path / "talks")
    assert entry.summary and not entry.damage


def test_the_window_is_closed_while_a_playback_hangs(
    window: subprocess.Popen[str], server: int
) -> None:
    time.sleep(4.0)  # so that there is enough to play
    window.send_signal(signal.SIGUSR1)
    until(window, lambda line: line == "idle")
    window.send_signal(signal.SIGHUP)
    until(window, lambda line: line == "playing")
    os.kill(server, signal.SIGSTOP)
    begin = time.monotonic()
    window.send_signal(signal.SIGTERM)
    assert window.wait(MOST_END_SECONDS) == 0
    print(f"ended after {time.monotonic() - begin:.1f} s")


@pytest.mark.parametrize(
    "interrupted",
    [
        pytest.param(True, id="by Ctrl-C"),
        pytest.param(False, id="by itself", marks=pytest.mark.slow),  # after its 65 s
    ],
)
def test_the_doctor_ends_while_the_server_hangs(server: int, interrupted: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "app", "doctor"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        until(program, lambda line: line == "Speakers")
        time.sleep(5.0)  # so that the card is open
        os.kill(server, signal.SIGSTOP)
        begin = time.monotonic()
        try:
            if interrupted:
                program.send_signal(signal.SIGINT)
            most = MOST_END_SECONDS if interrupted else MOST_EXAMINATION_SECONDS
            _, said = program.communicate(timeout=most)
        finally:
            program.kill()
    print(f"ended after {time.monotonic() - begin:.1f} s")
    if interrupted:
        assert program.returncode == 130
    else:
        assert program.returncode == 2
        assert said.strip().endswith(NO_ANSWER)


def test_a_killed_program_leaves_no_child_while_the_server_hangs(server: int) -> None:
    for module in interface("aux0,aux1"):  # which `parec` must read
        subprocess.run(["pactl", "load-module", *module], check=True, capture_output=True)
    command = [sys.executable, "-m", "app", "live", "--microphone", "inputs"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        until(program, lambda line: line.startswith("Talking through"))
        wait_until(lambda: {"parec", "pactl"} <= set(children(program.pid).values()))
        begun = children(program.pid)
        os.kill(server, signal.SIGSTOP)
        program.kill()
    wait_until(lambda: not any(map(lives, begun)), MOST_END_SECONDS)


def children(parent: int) -> dict[int, str]:
    """Names of a process's children by their numbers."""
    found = {}
    for task in Path(f"/proc/{parent}/task").iterdir():
        for number in map(int, (task / "children").read_text().split()):
            found[number] = Path(f"/proc/{number}/comm").read_text().strip()
    return found


def lives(number: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
