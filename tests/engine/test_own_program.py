"""This program is started again as a child, from source and frozen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.own_program import own_program


def test_from_source_it_is_the_module() -> None:
    assert own_program("watch", "a.b", "watch") == [sys.executable, "-m", "a.b", "watch"]


@pytest.mark.parametrize("name", ["duologue", "duologue.exe"])
def test_frozen_it_is_the_command_of_the_program_that_can_print(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / name
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(own))
    assert own_program("watch", "a.b") == [str(own), "watch"]
    terminal = own.with_stem("duologue-terminal")
    terminal.touch()
    assert own_program("watch", "a.b") == [str(terminal), "watch"]
