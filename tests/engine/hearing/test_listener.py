"""The process that hears: words of it, and a conversation that outlives it in every case."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.hearing.listener import Listener
from engine.hearing.words import HeardWords

_SECONDS = 60.0
STORY = slice(377_000, 423_000)
_PARENT = """
import sys, threading, time
from pathlib import Path
from engine.hearing.listener import Listener
listener = Listener(Path(sys.argv[1]))
while listener._child is None:
    time.sleep(0.01)
print(listener._child.pid, flush=True)
threading.Event().wait()
"""


def wait_until(check: Callable[[], object]) -> None:
    until = time.monotonic() + _SECONDS
    while not check():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def listener(part: Path) -> Iterator[Listener]:
    opened = Listener(part)
    yield opened
    opened.close()


def say(listener: Listener, sound: np.ndarray) -> None:
    for start in range(0, len(sound), 2560):
        listener.push(sound[start : start + 2560])


def final_words(listener: Listener) -> HeardWords:
    words: list[HeardWords] = []
    wait_until(lambda: words.extend(listener.poll()) or any(one.final for one in words))
    return words[-1]


def test_words_and_their_place_also_after_a_reset(listener: Listener, sample: np.ndarray) -> None:
    say(listener, sample[STORY])
    first = final_words(listener)
    assert first.text == "Tell me a story." and first.ends_turn
    listener.reset()
    say(listener, np.pad(sample[STORY], (32_000, 0)))
    second = final_words(listener)
    assert second.text == first.text
    assert second.start_sample - first.start_sample == 32_000
    assert listener.ready and not listener.problem and listener.dropped == 0


def test_what_was_said_before_a_reset_comes_no_more(listener: Listener, sample: np.ndarray) -> None:
    say(listener, sample[74_000:126_000])
    listener.reset()
    say(listener, sample[STORY])
    assert final_words(listener).text == "Tell me a story."


def test_broken_numbers_are_silence(listener: Listener, sample: np.ndarray) -> None:
    listener.push(np.full(2560, np.nan, np.float32))
    listener.push(np.full(2560, np.inf, np.float32))
    listener.push(np.zeros(0, np.float32))
    listener.push(np.zeros(32_000, np.float32))
    say(listener, sample[STORY])
    assert final_words(listener).text == "Tell me a story."


def test_more_than_it_can_hold_is_dropped_and_counted(part: Path) -> None:
    listener = Listener(part)
    try:
        for _ in range(100):
            listener.push(np.zeros(160_000, np.float32))
        assert listener.dropped > 0
    finally:
        listener.close()


@pytest.mark.bad_input("hearing")
@pytest.mark.parametrize("damage", ["missing", "empty", "changed", "no model"])
def test_a_part_that_is_none_gives_one_sentence(part: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "part"
    if damage != "missing":
        folder.mkdir()
    if damage in ("changed", "no model"):
        shutil.copytree(part, folder, dirs_exist_ok=True)
        path = folder / ("config.json" if damage == "changed" else "model.bin")
        with path.open("r+b") as stream:
            stream.write(b"no")
    listener = Listener(folder)
    try:
        wait_until(lambda: listener.problem)
        assert listener.problem.endswith("again.") and "part" in listener.problem
        listener.push(np.zeros(2560, np.float32))
        listener.reset()
        assert listener.poll() == []
    finally:
        listener.close()


def test_a_process_that_dies_gives_one_sentence(listener: Listener) -> None:
    wait_until(lambda: listener.ready)
    assert listener._child
    listener._child.kill()
    wait_until(lambda: listener.problem)
    assert "has stopped" in listener.problem
    listener.push(np.zeros(2560, np.float32))
    assert listener.poll() == []


def test_closing_ends_everything_and_may_be_repeated(part: Path) -> None:
    listener = Listener(part)
    wait_until(lambda: listener._child)
    listener.close()
    listener.close()
    child = listener._child
    assert child
    wait_until(lambda: child.poll() is not None)
    assert not listener._thread.is_alive() and not listener.problem


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_it_has_a_low_priority_and_ends_with_a_killed_program(part: Path) -> None:
    command = [sys.executable, "-c", _PARENT, str(part)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        wait_until(lambda: os.getpriority(os.PRIO_PROCESS, child) == 5)
        assert os.getpriority(os.PRIO_PROCESS, parent.pid) < 5
        parent.kill()

    def is_gone() -> bool:
        stat = Path(f"/proc/{child}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"

    wait_until(is_gone)
