"""The echo board's parts tell what they should, and the board runs from end to end."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import write_tiny_bundle

pytest.importorskip("pyroomacoustics")

from models.evaluate import echo as board
from models.evaluate import echo_loop
from models.speech.voices import speak


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    random_ = np.random.default_rng(0)
    return random_.normal(0, level, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def bursts(*spans: tuple[float, float], seconds: float = 20) -> np.ndarray:
    """Speech-like sound in spans of seconds."""
    sound = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    for start, end in spans:
        sound[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)] = noise(end - start)
    return sound


def test_reduction_is_the_echo_against_what_is_left_beyond_the_noise() -> None:
    echo, room = noise(8), noise(8, 0.001)
    assert board.erle_db(echo, 0.1 * echo, 0 * echo, None) == pytest.approx(20, abs=0.1)
    assert board.erle_db(echo, room, room, None) == board.MAX_ERLE_DB
    late = 0.01 * echo
    late[:SAMPLE_RATE_HZ] = echo[:SAMPLE_RATE_HZ]
    jump = 5 * SAMPLE_RATE_HZ
    late[jump : jump + SAMPLE_RATE_HZ] = echo[jump : jump + SAMPLE_RATE_HZ]
    assert board.erle_db(echo, late, 0 * echo, jump) == pytest.approx(40, abs=0.1)
    assert board.erle_db(echo, late, 0 * echo, None) < 10


def test_a_phantom_is_what_nobody_said_while_the_agent_could_be_heard() -> None:
    user, agent = bursts((1, 2)), bursts((3, 9))
    heard = np.zeros(len(user) // FRAME_SAMPLES, np.int64)

    def found(*silent: int) -> list[tuple[int, int]]:
        talk = echo_loop.Talk([[heard.tolist()]], agent)
        return echo_loop.phantoms(talk, user, set(silent))

    assert found(0) == []
    heard[25:60] = 7  # the user, and a reverberation of 0.4 s
    heard[130:134] = 7
    heard[240:244] = 9  # at 9.6 s the agent's sound is still in the room
    heard[220] = 7  # one frame is no speech
    heard[300:310] = 7  # at 12 s it is not
    assert found(0) == [(130, 134), (240, 244)]
    assert found(0, 7) == [(240, 244)]


def test_the_twin_tells_what_a_phantom_did() -> None:
    """A question in a silent room makes the agent speak; faint noise does not."""
    bundle = load_bundle()
    duplex = Duplex(bundle)
    chunk = duplex.format.chunk_samples
    sound = np.zeros(8 * SAMPLE_RATE_HZ // chunk * chunk, np.float32)
    words = speak("what is your name", "flite:slt", random.Random(0)).audio
    sound[2 * SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ + len(words)] = words
    own = [bundle.manifest.silence_unit] * duplex.format.chunk_frames
    audio, heard = [np.zeros(chunk, np.float32)], []
    for part in sound.reshape(-1, chunk):
        step = duplex.step(part)
        heard.append(step.user_units)
        own += step.own_frames
        audio.append(step.agent_audio)
    talk = echo_loop.Talk(heard, np.concatenate(audio[:-1]))
    assert echo_loop.hear_again(duplex, talk.heard) == own
    silent = {*talk.heard_frames[:40].tolist(), *talk.heard_frames[-40:].tolist()}
    deduplicated = np.flatnonzero(~np.isin(talk.heard_frames, sorted(silent)))
    first, end = int(deduplicated[0]), int(deduplicated[-1]) + 1
    assert 1.9 < first * FRAME_SAMPLES / SAMPLE_RATE_HZ < 2.5
    assert echo_loop.reacts(talk, duplex, first, end, silent)
    assert not echo_loop.reacts(talk, duplex, 10, 14, silent)


def test_people_are_found_by_folder(tmp_path: Path) -> None:
    for speaker in ("12", "34"):
        (tmp_path / speaker / "chapter").mkdir(parents=True)
        sound = noise(3) * np.repeat([1, 0, 1], SAMPLE_RATE_HZ)
        soundfile.write(tmp_path / speaker / "chapter" / "a.flac", sound, SAMPLE_RATE_HZ)
    user, agent = board.two_speakers(tmp_path, random.Random(0))
    assert len(user) == board.BOTH_S * SAMPLE_RATE_HZ
    assert len(agent) == (board.AGENT_ALONE_S + board.BOTH_S) * SAMPLE_RATE_HZ
    with pytest.raises(DuologueError, match="two people"):
        board.find_speakers(tmp_path / "12")


def test_the_board_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three small rooms; the canceller does its work in them."""
    monkeypatch.setattr(echo_loop, "LOOP_S", 4)
    monkeypatch.setattr(board, "AGENT_ALONE_S", 4)
    monkeypatch.setattr(board, "BOTH_S", 2)
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
    settings = [board.Setting(*each, 60.0, 0.3, 0.2) for each in board._SETTINGS]
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
