"""The assistant in a conversation, with its real parts: ears, actions, voice, answering server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hibari
import numpy as np
import pytest
import soxr

from app import part_store
from app.assisted_talk import attach_assistant
from app.live_session import LiveSession
from app.prerecorded_card import PrerecordedCard
from app.settings import Settings
from engine.assistant.local_server import LocalServerMind, local_address
from engine.assistant.mind import BackgroundMind
from engine.assistant.request import Effect
from engine.errors import DuologueError
from engine.hearing.listener import Listener
from engine.hearing.words import HeardWords
from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.minds.spoken_mind import SpokenMind
from engine.minds.told import Activity, Done, Told
from engine.record.events import ASSISTED_VERSION, ActionRecord, WordsRecord, read_talk
from engine.record.replay import replay
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.talk.live_events import ChunkDone
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice
from models.hearing_part import make_hearing_part
from models.voice_part import make_voice_part
from tests.engine.assistant.text_server import TextServer

_WAIT_SECONDS = 60.0
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


def until(done: Callable[[], bool]) -> bool:
    """Whether something happens in time."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.02)
    return False


def replies(spoken: SpokenMind) -> list[Reply]:
    """The next replies, once the last of an answer is there; meanwhile the user is silent."""
    found: list[Reply] = []
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        found += [reply for reply in spoken.poll() if reply.model_waits is None]
        if found and found[-1].last:
            return found
        spoken.hear(silence(0.02))
        time.sleep(0.02)
    raise AssertionError(f"no reply; {spoken.problem or 'no problem told'}")


def words(found: list[Reply]) -> str:
    return " ".join(sentence.text for reply in found for sentence in reply.sentences)


def test_a_request_is_done_at_once(spoken: SpokenMind, server: TextServer) -> None:
    hear(spoken, said("Set a timer for five minutes."))
    (reply,) = replies(spoken)
    assert reply.turn < UNASKED and reply.takes_over
    assert words([reply]) == "Your timer is set for five minutes."
    assert reply.sentences[0].frames
    activities = spoken.activities()
    assert activities[-1] == Activity("action", "Your timer is set for five minutes.")
    assert {activity.kind for activity in activities[:-1]} == {"hears"}
    assert "timer" in activities[-2].text
    spoken.over(Outcome(reply.turn, "Your timer is", False))
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
    begins, *answers = replies(spoken)
    assert begins.begins and {reply.turn for reply in answers} == {begins.turn}
    assert not any(reply.takes_over for reply in answers)
    assert words(answers) == "It is Paris."


def test_the_conversation_is_told_what_it_is_to_do(spoken: SpokenMind) -> None:
    told: list[Told] = []
    spoken.tell = told.append
    hear(spoken, said("Turn the volume up."))
    assert words(replies(spoken)) == "Louder now."
    assert Effect("volume", 85) in told
    (done,) = [one for one in told if isinstance(one, Done)]
    assert done.event.action == "volume.up" and done.event.done
    assert SAMPLE_RATE_HZ / 2 < done.start_sample < done.end_sample < done.done_sample
    heard = [one for one in told if isinstance(one, HeardWords) and one.final]
    assert heard[-1].text.lower().startswith("turn the volume up")

    hear(spoken, said("Be quiet for ten minutes."))
    assert replies(spoken)[0].quiet_s == 600
    spoken.hear(silence(1))
    hear(spoken, said("You can speak again."))
    assert replies(spoken)[0].quiet_s == 0


def test_a_conversation_ends_after_the_goodbye(spoken: SpokenMind) -> None:
    told: list[Told] = []
    spoken.tell = told.append
    hear(spoken, said("Please stop this conversation."))
    (reply,) = replies(spoken)
    assert words([reply]) == "Goodbye."
    assert not [one for one in told if isinstance(one, Effect)]
    spoken.over(Outcome(reply.turn, "Goodbye.", True))
    assert until(lambda: Effect("end talk") in told)


def test_what_was_really_said_is_repeated(spoken: SpokenMind) -> None:
    spoken.agent_says(True, [" one", " two"], 0)
    spoken.agent_says(True, [" let", " me", " think"], 8 * SAMPLE_RATE_HZ)  # while the user asks
    hear(spoken, said("Repeat that, please."))
    assert words(replies(spoken)) == "one two"


def test_a_timer_that_nobody_heard_rings_later(spoken: SpokenMind, tmp_path: Path) -> None:
    mind = spoken._mind
    mind.turn("Set a timer for one second.")
    assert until(lambda: any("timer" in words([one]) for one in spoken.poll()))
    assert until(lambda: not mind.state.reminders)
    time.sleep(0.5)
    spoken.close()
    assert [reply.kind for reply in mind.poll()] == ["ring"]


def test_without_words_nobody_knows(spoken: SpokenMind, server: TextServer) -> None:
    end = hear(spoken)
    spoken.turn(Turn(3, end, ""))
    assert replies(spoken) == [Reply(3)]
    assert not server.requests


def test_ears_that_have_stopped_are_told_once(spoken: SpokenMind) -> None:
    listener = spoken._listener
    assert isinstance(listener, Listener)
    assert until(lambda: listener.ready) and listener._child
    listener._child.kill()
    assert until(lambda: bool(spoken.problem))
    told: list[Activity] = []
    assert until(lambda: bool(told.extend(spoken.activities()) or told))
    time.sleep(0.2)
    assert [*told, *spoken.activities()] == [Activity("problem", spoken.problem)]


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


def test_a_damaged_voice_does_not_keep_anybody_from_talking(
    part: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_store, "parts_folder", lambda: tmp_path / "parts")
    part_store.import_part(part, lambda *_: None)
    make_voice_part(tmp_path / "voice")
    voice = part_store.import_part(tmp_path / "voice", lambda *_: None)
    network = next(voice.folder.glob("*.onnx"))
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    mind = BackgroundMind(tmp_path / "Notes")
    told: list[str] = []
    card = PrerecordedCard(silence(4))
    talk = LiveSession(Settings(), None, told.append, make_card=lambda *_: card, assistant=mind)
    talk.begin()
    try:
        event = talk.conversation.next_event(timeout_seconds=_WAIT_SECONDS)
        while not isinstance(event, ChunkDone):
            assert event is not None
            event = talk.conversation.next_event(timeout_seconds=_WAIT_SECONDS)
    finally:
        talk.end()
        mind.close()
    assert told == [
        f"{network} is damaged; install that part again.\n\n"
        "This conversation goes without the assistant."
    ]


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
        tmp_path / "kept",
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
    assert talk.recording
    head, records = read_talk(talk.recording)
    assert head.version == ASSISTED_VERSION
    kept = list(records)
    (done,) = [record for record in kept if isinstance(record, ActionRecord)]
    assert (done.action, done.done) == ("timer.set", True) and "timer" in done.heard.lower()
    assert 1.5 < done.start_sample / SAMPLE_RATE_HZ < 3 < done.done_sample / SAMPLE_RATE_HZ
    heard = [record.text for record in kept if isinstance(record, WordsRecord)]
    assert done.heard in heard
    assert replay(talk.recording, load_bundle()).identical
