"""The child process that follows the devices goes when this one does, also when it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.card import devices

_SECONDS = 20.0
_PARENT = """
import sys, threading
from engine.card.device_watch import DeviceWatch
from engine.card.devices import DeviceList
watch = DeviceWatch(DeviceList((), ()), served=sys.argv[1] == "served")
threading.Event().wait()
"""
_PACTL = """#!/bin/sh
[ "$1" = subscribe ] || exit 1
echo $$ >"$PID_FILE.part" && mv "$PID_FILE.part" "$PID_FILE"
exec sleep 600
"""


def wait_until(check: object) -> None:
    until = time.monotonic() + _SECONDS
    while not check():  # type: ignore[operator]
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.01)


def lives(number: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="a sound server's client, and /proc")
def test_a_killed_program_leaves_no_child(tmp_path: Path) -> None:
    if not devices.bound_to_this_process():
        pytest.skip("this system has no setpriv")
    pactl, number = tmp_path / "pactl", tmp_path / "number"
    pactl.write_text(_PACTL)
    pactl.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PID_FILE": str(number),
    }
    with subprocess.Popen([sys.executable, "-c", _PARENT, "served"], env=environment) as parent:
        wait_until(number.exists)
        child = int(number.read_text())
        assert lives(child)
        parent.kill()
    wait_until(lambda: not lives(child))


def test_where_nothing_binds_it_the_child_is_started_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    devices.bound_to_this_process.cache_clear()
    try:
        assert devices.bound_to_this_process() == ()
    finally:
        devices.bound_to_this_process.cache_clear()
