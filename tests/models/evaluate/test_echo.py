"""The board runs from end to end and compares the rooms held with and without echo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.tiny_bundle import write_tiny_bundle

pytest.importorskip("pyroomacoustics")

from models.evaluate import echo as board
from models.evaluate import echo_loop, echo_open_loop


def test_the_board_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three small rooms; the canceller does its work in them."""
    monkeypatch.setattr(echo_loop, "LOOP_S", 4)
    monkeypatch.setattr(echo_open_loop, "AGENT_ALONE_S", 4)
    monkeypatch.setattr(echo_open_loop, "BOTH_S", 2)
    monkeypatch.setattr("models.speech.rooms._RT60_S", (0.2, 0.3))
    bundle = write_tiny_bundle(tmp_path / "bundle").folder
    figures = board.evaluate_echo(bundle, 3, talk_rooms=1, json_path=tmp_path / "echo.json")
    shown = capsys.readouterr().out
    assert "synthetic voices speak" in shown
    assert "goal" in shown
    written = json.loads((tmp_path / "echo.json").read_text())
    assert len(written["by_room"]) == figures["rooms"] == 3
    assert [room["with_echo"] is not None for room in written["by_room"]] == [True, False, False]
    plain = figures["settings"][0]
    assert not plain["noise_suppression"]
    assert plain["reduction_db_median"] > 15
    assert 0 <= plain["unit_error_alone"] < plain["unit_error_double_talk"]


def room_result(
    seed: int, turns: int, reactions: int = 0, turns_without: int | None = None
) -> board.RoomResult:
    settings = [echo_open_loop.Setting(*each, 60.0, 0.3, 0.2) for each in echo_open_loop.SETTINGS]
    without = None if turns_without is None else echo_loop.Loop(turns_without, 20.0, 0, 0)
    return board.RoomResult(
        seed, 0.4, 0.0, -30.0, 0.0, 90.0, 0.0, settings,
        echo_loop.Loop(turns, 20.0, reactions, reactions), without,
    )  # fmt: skip


def test_turns_are_compared_in_the_rooms_held_both_ways() -> None:
    per_hour = 3600 / echo_loop.LOOP_S
    # The room without a control asks for more stories.
    figures = board.summary([room_result(0, 4, turns_without=4), room_result(1, 9)])
    assert figures["self_interruptions_per_hour"] == 0
    figures = board.summary([room_result(0, 6, turns_without=4), room_result(1, 4)])
    assert figures["self_interruptions_per_hour"] == pytest.approx(2 * per_hour)
    figures = board.summary([room_result(0, 4, turns_without=4), room_result(1, 4, reactions=1)])
    assert figures["self_interruptions_per_hour"] == pytest.approx(per_hour / 2)
    assert figures["settings"][0]["unit_error_points"] == pytest.approx(10)
