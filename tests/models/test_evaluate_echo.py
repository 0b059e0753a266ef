"""The echo board's parts tell what they should, and the board runs from end to end."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.tokens import FRAME_SAMPLES, RATE_HZ
from tests.engine.tiny_bundle import write_tiny_bundle

pytest.importorskip("pyroomacoustics")

from models import evaluate_echo as board


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    random_ = np.random.default_rng(0)
    return random_.normal(0, level, round(seconds * RATE_HZ)).astype(np.float32)


def bursts(*spans: tuple[float, float], seconds: float = 20) -> np.ndarray:
    """Speech-like sound in spans of seconds."""
    sound = np.zeros(round(seconds * RATE_HZ), np.float32)
    for start, end in spans:
        sound[round(start * RATE_HZ) : round(end * RATE_HZ)] = noise(end - start)
    return sound


def test_reduction_is_the_echo_against_what_is_left_beyond_the_noise() -> None:
    echo, room = noise(8), noise(8, 0.001)
    assert board.reduction_db(echo, 0.1 * echo, 0 * echo, None) == pytest.approx(20, abs=0.1)
    assert board.reduction_db(echo, room, room, None) == board.MOST_REDUCTION_DB
    late = 0.01 * echo
    late[:RATE_HZ] = echo[:RATE_HZ]
    jump = 5 * RATE_HZ
    late[jump : jump + RATE_HZ] = echo[jump : jump + RATE_HZ]
    assert board.reduction_db(echo, late, 0 * echo, jump) == pytest.approx(40, abs=0.1)
    assert board.reduction_db(echo, late, 0 * echo, None) < 10


def test_the_judge_counts_what_the_agent_makes_of_its_own_echo() -> None:
    user = bursts((1, 2))
    agent = bursts((3, 6), (10, 12))
    frames = np.zeros(len(user) // FRAME_SAMPLES, np.int64)
    silent = {0}
    quiet = board.judge(agent, frames, user, silent)
    assert (quiet.agent_turns, quiet.phantoms, quiet.reactions) == (2, 0, 0)
    assert quiet.agent_speech_s == pytest.approx(5, abs=0.1)
    heard = frames.copy()
    heard[25:60] = 7  # the user, and a reverberation of 0.4 s
    heard[130:134] = 7  # at 5.2 s; the agent ceases at 6.0 s
    heard[200:210] = 7  # at 8.0 s; nothing comes of it within a second of its end
    heard[220] = 7  # one frame is no speech
    found = board.judge(agent, heard, user, silent)
    assert (found.phantoms, found.reactions) == (2, 1)


def test_people_are_found_by_folder(tmp_path: Path) -> None:
    for speaker in ("12", "34"):
        (tmp_path / speaker / "chapter").mkdir(parents=True)
        sound = noise(3) * np.repeat([1, 0, 1], RATE_HZ)
        soundfile.write(tmp_path / speaker / "chapter" / "a.flac", sound, RATE_HZ)
    user, agent = board.two_speakers(tmp_path, random.Random(0))
    assert len(user) == board.BOTH_S * RATE_HZ
    assert len(agent) == (board.AGENT_ALONE_S + board.BOTH_S) * RATE_HZ
    with pytest.raises(DuologueError, match="two people"):
        board.find_speakers(tmp_path / "12")


def test_the_board_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three small rooms; the canceller does its work in them."""
    monkeypatch.setattr(board, "LOOP_S", 4)
    monkeypatch.setattr(board, "AGENT_ALONE_S", 4)
    monkeypatch.setattr(board, "BOTH_S", 2)
    monkeypatch.setattr("models.rooms._RT60_S", (0.2, 0.3))
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
