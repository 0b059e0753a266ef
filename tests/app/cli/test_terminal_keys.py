"""Keys arrive one by one through a real terminal, which is restored afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo terminal is needed", allow_module_level=True)

import pty
import termios

from app.cli.terminal_keys import KeyReader


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """The user's end and the program's, which is standard input."""
    try:
        user, program = pty.openpty()
    except OSError:
        pytest.skip("this machine has no pseudo terminals")
    with os.fdopen(program, "r", closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield user, program
    os.close(user)
    os.close(program)


def test_keys_come_without_enter(terminal: tuple[int, int]) -> None:
    user, program = terminal
    before = termios.tcgetattr(program)
    with KeyReader() as keys:
        assert keys.next() is None
        for pressed in ("p", " ", "\x1b"):
            os.write(user, pressed.encode())
            assert keys.next() == pressed
        os.write(user, b"\x1b[A")  # an arrow is not Escape
        assert keys.next() is None
        assert keys.next() is None
    assert termios.tcgetattr(program) == before


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"p")
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with KeyReader() as keys:
            assert keys.next() is None
    os.close(write)
