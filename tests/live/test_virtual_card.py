"""The virtual card leaves nothing behind, whatever ends those who started it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.virtual_card import VirtualCard, wait_until

pytestmark = pytest.mark.live


def kill_the_script(card: VirtualCard) -> None:
    os.kill(card.pid, signal.SIGKILL)


def hang_the_server_and_stop(card: VirtualCard) -> None:
    os.kill(int((card.folder / "run" / "pid").read_text()), signal.SIGSTOP)
    card.stop()


def servers(card: VirtualCard) -> list[int]:
    return [
        int(pid) for pid in Path(f"/proc/{card.pid}/task/{card.pid}/children").read_text().split()
    ]


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("server", ["pulseaudio", "pipewire"])
@pytest.mark.parametrize("end", [kill_the_script, VirtualCard.stop, hang_the_server_and_stop])
def test_no_server_stays_behind(
    tmp_path: Path, server: str, end: Callable[[VirtualCard], None]
) -> None:
    card = VirtualCard(tmp_path, server)
    begun = servers(card)
    assert len(begun) >= 2
    assert all(map(runs, begun))
    end(card)
    wait_until(lambda: not any(map(runs, begun)))
    card.stop()
