"""The assistant in a conversation, with its real parts: ears, actions, voice, answering server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import hibari
import numpy as np
import pytest
import soxr

from app import part_store
from app.assisted_talk import Activity, SpokenMind, attach_assistant
from app.live_session import LiveSession
from app.prerecorded_card import PrerecordedCard
from app.settings import Settings
from engine.assistant.local_server import LocalServerMind, local_address
from engine.assistant.mind import BackgroundMind
from engine.errors import DuologueError
from engine.hearing.listener import Listener
from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.talk.live_events import ChunkDone
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice
from models.hearing_part import make_hearing_part
from tests.engine.assistant.text_server import TextServer

_WAIT_SECONDS = 120.0
_CHUNK = 2560


def silence(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(0, 1e-4, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def said(text: str) -> np.ndarray:
    sound = hibari.Hibari(threads=1)(text, seed=0)
    return soxr.resample(np.asarray(sound, np.float32), 24_000, SAMPLE_RATE_HZ) * np.float32(0.7)


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hearing") / "part"
    make_hearing_part(folder)
    return folder


@pytest.fixture
def server() -> Iterator[TextServer]:
    server = TextServer(("It is ", "Paris", "."))
    yield server
    server.end()


@pytest.fixture
def spoken(part: Path, server: TextServer, tmp_path: Path) -> Iterator[SpokenMind]:
    mind = BackgroundMind(
        tmp_path / "Notes", lambda tell: LocalServerMind(local_address(server.address), tell)
    )
    spoken = SpokenMind(Listener(part), mind, AgentVoice())
    spoken.begin()
    yield spoken
    spoken.close()
    mind.close()


def hear(spoken: SpokenMind, *sounds: np.ndarray) -> int:
    """Let it hear sounds in chunks, with silence around them; returns where the last one ends."""
    whole = np.concatenate([silence(1), *sounds, silence(2)])
    for start in range(0, len(whole), _CHUNK):
        spoken.hear(whole[start : start + _CHUNK])
    return len(whole) - 2 * SAMPLE_RATE_HZ


def replies(spoken: SpokenMind) -> list[Reply]:
    """The next replies, once the last of an answer is there."""
    found: list[Reply] = []
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        found += spoken.poll()
        if found and found[-1].last:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no reply; {spoken.problem or 'no problem told'}")


def words(found: list[Reply]) -> str:
    return " ".join(sentence.text for reply in found for sentence in reply.sentences)


def test_a_request_is_done_at_once(spoken: SpokenMind, server: TextServer) -> None:
    hear(spoken, said("Set a timer for five minutes."))
    (reply,) = replies(spoken)
    assert (reply.turn, reply.takes_over) == (UNASKED, True)
    assert words([reply]) == "Your timer is set for five minutes."
    assert reply.sentences[0].frames
    activities = spoken.activities()
    assert activities[-1] == Activity("action", "Your timer is set for five minutes.")
    assert {activity.kind for activity in activities[:-1]} == {"hears"}
    assert "timer" in activities[-2].text
    spoken.over(Outcome(UNASKED, "Your timer is", False))
    hear(spoken, said("How long is left on the timer?"))
    assert "minute" in words(replies(spoken))
    assert not server.requests


def test_what_the_model_does_not_know_is_asked_of_the_text_model(
    spoken: SpokenMind, server: TextServer
) -> None:
    end = hear(spoken, said("What is the capital of France?"))
    spoken.turn(Turn(7, end, ""))
    found = replies(spoken)
    assert [reply.turn for reply in found] == [7] * len(found)
    assert words(found) == "It is Paris."
    kinds = [activity.kind for activity in spoken.activities()]
    assert [kind for kind in kinds if kind != "hears"] == ["thinks", "answer"]
    assert "capital of France" in server.requests[0]["messages"][-1]["content"]


def test_a_question_that_the_model_ignores_is_answered(spoken: SpokenMind) -> None:
    hear(spoken, said("What is the capital of France?"))
    found = replies(spoken)
    assert {(reply.turn, reply.takes_over) for reply in found} == {(UNASKED, True)}
    assert words(found) == "It is Paris."


def test_without_words_nobody_knows(spoken: SpokenMind, server: TextServer) -> None:
    end = hear(spoken)
    spoken.turn(Turn(3, end, ""))
    assert replies(spoken) == [Reply(3)]
    assert not server.requests


def test_without_the_part_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_store, "parts_folder", lambda: tmp_path / "parts")
    duplex = Duplex(load_bundle())
    mind = BackgroundMind(tmp_path / "Notes")
    with pytest.raises(DuologueError, match="install-part"):
        attach_assistant(duplex, mind)
    mind.close()
    duplex.close()


def test_the_agent_says_what_was_done(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole conversation in real time; it ends as soon as the words are there."""
    monkeypatch.setattr(part_store, "parts_folder", lambda: tmp_path / "parts")
    part_store.import_part(part, lambda *_: None)
    mind = BackgroundMind(tmp_path / "Notes")
    microphone = np.concatenate([silence(2), said("Set a timer for five minutes."), silence(60)])
    talk = LiveSession(
        Settings(),
        None,
        make_card=lambda *_: PrerecordedCard(microphone),
        assistant=mind,
    )
    talk.begin()
    heard = ""
    try:
        while "five minutes" not in heard:
            event = talk.conversation.next_event(timeout_seconds=_WAIT_SECONDS)
            assert event is not None, heard
            if isinstance(event, ChunkDone):
                heard += "".join(event.step.own_text)
                assert event.step.index < 60 / 0.16, heard
    finally:
        talk.end()
        mind.close()
    assert "Your timer is set for five minutes" in heard
    assert len(mind.state.reminders) == 1
