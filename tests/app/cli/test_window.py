"""The commands that use the window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.cli.user_sound import sample_path
from app.window.bench_window import compare_trees
from tests.app.cli.command_line import one_sentence, run

ROOT = Path(__file__).resolve().parents[3]


def test_pictures_take_no_files_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "talk-light.png").write_bytes(b"mine")
    assert run("screenshots", "--out", str(tmp_path)) == 2
    assert "not empty" in one_sentence(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["talk-light.png"]


def test_a_window_is_compared_with_source_trees_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("bench-window", "--against", str(tmp_path)) == 2
    assert "no source tree" in one_sentence(capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="threads tell their CPU time on Linux only")
def test_two_trees_are_measured_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    compared = compare_trees(ROOT, sample_path(), seconds=0.5, rounds=1, busy_loops=1)
    assert [len(costs) for costs in compared["passes"].values()] == [1, 1]
    for (costs,) in compared["passes"].values():
        parts = [costs[part] for part in ("window", "models", "canceller", "rest")]
        assert costs["window"] > 0  # the others may have had no turn
        assert sum(parts) == pytest.approx(costs["process"])
    assert compared["ratios"]["window"] > 0


def test_an_animation_takes_no_files_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "conversation.webp"
    path.write_bytes(b"mine")
    assert run("animation", "--out", str(path)) == 2
    assert "is there already" in one_sentence(capsys)
    assert path.read_bytes() == b"mine"
