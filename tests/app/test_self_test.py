"""The self-test of an installation: it passes here, and notices the network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app import network_guard, self_test
from app.cli.user_sound import sample_path
from app.part_store import import_part
from engine.errors import DuologueError
from models.hearing_part import make_hearing_part
from models.text_model_part import make_text_model_part
from models.voice_part import make_voice_part

MAKERS = {
    "hearing": make_hearing_part,
    "voice": make_voice_part,
    "text-model": make_text_model_part,
}


_TITLES = ["libraries", "starter bundle", "a minute of talk", "optional parts", "assistant"]
_TITLES += ["a spoken request", "window"]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight seconds of talk instead of a minute."""
    monkeypatch.setattr(self_test, "_TALK_SECONDS", 8)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


@pytest.mark.usefixtures("short")
def test_every_part_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    told: list[str] = []
    self_test.self_test(sample_path(), told.append)
    assert [line.split(":")[0] for line in told] == _TITLES
    assert "none is installed" in told[3]
    assert "are not both installed" in told[5]
    assert os.environ["DUOLOGUE_PROFILE"] == str(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("short")
def test_with_the_optional_parts_it_speaks_and_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    for kind, make in MAKERS.items():
        make(tmp_path / f"{kind}.zip")
        import_part(tmp_path / f"{kind}.zip", lambda *_: None)
    told: list[str] = []
    self_test.self_test(sample_path(), told.append)
    assert [line.split(":")[0] for line in told] == _TITLES
    assert all(kind in told[3] for kind in MAKERS)
    assert "Paris" in told[4]
    assert 'says "Your timer is set for five minutes."' in told[5]


@pytest.mark.usefixtures("short")
def test_a_damaged_part_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_MODULES", ["app.nowhere"])
    with pytest.raises(DuologueError, match=r"libraries.*nowhere.*install Duologue again"):
        self_test.self_test(sample_path(), lambda line: None)


def test_the_network_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with network_guard.no_network():
            with pytest.raises(DuologueError, match="network"):
                socket.create_connection(address)
            with pytest.raises(DuologueError, match="network"):
                socket.getaddrinfo("example.org", 443)
        socket.create_connection(address).close()


_NATIVE = """
import ctypes, sys, threading
from app.network_guard import end_at_network_use
if not end_at_network_use():
    sys.exit(77)
begin = threading.Thread(target=lambda: ctypes.CDLL(None).socket({family:d}, 1, 0))
begin.start()
begin.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="native code is watched on Linux")
@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET, socket.AF_INET6])
def test_native_code_is_refused_the_network(
    family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = [sys.executable, "-c", _NATIVE.format(family=family)]
    monkeypatch.setattr(self_test, "_guarded_program", lambda: program)
    if family == socket.AF_UNIX:
        assert self_test.self_test_apart() in (0, 77)
        return
    if subprocess.run(program).returncode == 77:
        pytest.skip("this system cannot watch native code")
    with pytest.raises(DuologueError, match="library tried to use the network"):
        self_test.self_test_apart()


@pytest.mark.skipif(sys.platform == "win32", reason="no such sockets there")
def test_sockets_of_this_computer_stay(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        with network_guard.no_network(), socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
