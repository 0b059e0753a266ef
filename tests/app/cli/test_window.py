"""The commands that use the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.command_line import one_sentence, run


def test_pictures_take_no_files_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "talk-light.png").write_bytes(b"mine")
    assert run("screenshots", "--out", str(tmp_path)) == 2
    assert "not empty" in one_sentence(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["talk-light.png"]


def test_an_animation_takes_no_files_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "conversation.webp"
    path.write_bytes(b"mine")
    assert run("animation", "--out", str(path)) == 2
    assert "is there already" in one_sentence(capsys)
    assert path.read_bytes() == b"mine"
