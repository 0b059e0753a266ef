"""The front, with its real parts: a server on this computer, files, an own action, a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.assistant.local_server import LocalServerMind, local_address
from engine.assistant.mind import BackgroundMind, MindOptions, Reply
from engine.assistant.own_actions import OwnActions
from engine.assistant.state_files import NOTES_NAME, REMINDERS_NAME
from tests.engine.assistant.text_server import TextServer

_WAIT_SECONDS = 300.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 12, 0)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **length: float) -> None:
        self.now += timedelta(**length)


Open = Callable[..., BackgroundMind]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Open]:
    made: list[BackgroundMind] = []

    def make(
        server: TextServer | None = None, own: Path | None = None, **options
    ) -> BackgroundMind:
        text = (
            (lambda tell: LocalServerMind(local_address(server.address), tell)) if server else None
        )
        actions = (lambda tell: OwnActions(own, tell, 300.0, 300.0)) if own else None
        made.append(
            BackgroundMind(tmp_path / "Notes", text, actions, MindOptions(**options), clock)
        )
        return made[-1]

    yield make
    for mind in made:
        mind.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., TextServer]]:
    servers: list[TextServer] = []

    def make(*pieces: str, manner: str = "") -> TextServer:
        servers.append(TextServer(pieces, manner))
        return servers[-1]

    yield make
    for server in servers:
        server.end()


def _replies(mind: BackgroundMind, done: Callable[[list[Reply]], bool]) -> list[Reply]:
    got: list[Reply] = []
    limit_s = time.monotonic() + _WAIT_SECONDS
    while not done(got):
        assert time.monotonic() < limit_s, got
        got += mind.poll()
        time.sleep(0.002)
    return got


def _answer(mind: BackgroundMind, text: str, kind: str = "action") -> list[Reply]:
    turn = mind.turn(text)
    assert turn.kind == kind
    return _replies(mind, lambda got: any(one.last and one.turn == turn.number for one in got))


def test_a_request_is_done_told_and_an_event(opened: Open, tmp_path: Path) -> None:
    mind = opened()
    (reply,) = _answer(mind, "Take a note: buy stamps.")
    assert (reply.kind, reply.text, reply.last) == ("action", "Noted: buy stamps.", True)
    assert reply.event and (reply.event.action, reply.event.heard, reply.event.done) == (
        "note.add", "Take a note: buy stamps.", True,
    )  # fmt: skip
    assert reply.event.at == "2026-03-04T12:00:00.000"
    assert (tmp_path / "Notes" / NOTES_NAME).read_text() == "buy stamps\n"
    (asked,) = _answer(mind, "Delete all my notes.")
    assert asked.asks and asked.event and not asked.event.done
    assert _answer(mind, "No.")[0].text == "All right."


def test_two_requests_of_a_turn_are_one_reply_and_one_event(opened: Open) -> None:
    mind = opened()
    assert mind.turn("Set a timer for five minutes and add milk to my list.").kind == "action"
    (reply,) = _replies(mind, bool)
    assert reply.text == "Your timer is set for five minutes. Milk is on your shopping list."
    assert reply.event and reply.event.action == "timer.set + shopping.add"


def test_talk_ends_a_question_that_deletes(opened: Open) -> None:
    mind = opened()
    for text in ("Add milk to my list.", "Clear my list."):
        mind.turn(text)
    assert _replies(mind, lambda got: len(got) == 2)[1].asks
    assert mind.turn("I was talking to my wife.").kind == "nothing" and mind.settle(_WAIT_SECONDS)
    assert mind.turn("Right.").kind == "nothing" and mind.state.shopping == ("milk",)


def test_talk_is_nothing_without_a_text_model(opened: Open) -> None:
    mind = opened()
    assert mind.turn("I like trains.").kind == "nothing" and not mind.can_think
    assert (
        mind.turn("").kind
        == mind.turn("Set a timer for a minute.", confidence=0.1).kind
        == "nothing"
    )
    assert mind.state.reminders == () and mind.poll() == []


def test_open_questions_are_answered_sentence_by_sentence(opened: Open, serve) -> None:
    server = serve("It is **Par", "is**. It has 2 million ", "people. It is old. It is big.")
    mind = opened(server)
    replies = _answer(mind, "What is the capital of France?", "thinking")
    assert [one.text for one in replies] == [
        "It is Paris.",
        "It has two million people.",
        "It is old.",
    ]
    assert [one.last for one in replies] == [False, False, True]
    system, question = server.requests[0]["messages"]
    assert (
        "Wednesday, the fourth of March" in system["content"] and "{date}" not in system["content"]
    )
    assert question == {"role": "user", "content": "What is the capital of France?"}
    assert mind.turn("And of Spain?", think=False).kind == "nothing"


def test_the_history_is_what_was_heard(opened: Open, serve) -> None:
    server = serve("One two three. Four five six.")
    mind = opened(server, prompt="")
    _answer(mind, "Count.", "thinking")
    mind.spoken(1, "One two", whole=False)
    mind.note("How are you?", "I am fine.")
    _answer(mind, "Go on.", "thinking")
    assert server.requests[1]["messages"] == [
        {"role": "user", "content": "Count."},
        {"role": "assistant", "content": "One two [cut off by the user after: One two]"},
        {"role": "user", "content": "How are you?"},
        {"role": "assistant", "content": "I am fine."},
        {"role": "user", "content": "Go on."},
    ]
    mind.new_talk()
    _answer(mind, "Something else.", "thinking")
    assert len(server.requests[2]["messages"]) == 1


def test_a_cancelled_answer_says_no_more(opened: Open, serve) -> None:
    server = serve("One. ", "Two. ", manner="slow")
    mind = opened(server, most_sentences=10)
    turn = mind.turn("Tell me everything.")
    _replies(mind, bool)
    mind.cancel()
    assert server.gone.wait(_WAIT_SECONDS)
    assert not [one for one in mind.poll() if one.kind == "answer"]
    assert _answer(mind, "What time is it?")[-1].text == "It is noon." and turn.kind == "thinking"


def test_repeat_gives_the_last_answer_again(opened: Open) -> None:
    mind = opened()
    assert _answer(mind, "Say that again.")[0].text == "I have not said anything yet."
    mind.new_talk()
    mind.note("Hello.", "Nice to hear you.")
    (reply,) = _answer(mind, "Say that again.")
    assert reply.text == "Nice to hear you."
    mind.turn("Repeat that.", said_last="what you have heard")
    assert _replies(mind, bool)[-1].text == "what you have heard"


def test_what_nobody_has_heard_comes_again_first(opened: Open, clock: Clock) -> None:
    mind = opened()
    _answer(mind, "Set a timer for one minute.")
    clock.move(minutes=1)
    rings = _replies(mind, bool)
    mind.give_back(rings)
    assert mind.poll() == rings and mind.poll() == []


def test_a_timer_rings_once_and_is_forgotten(opened: Open, clock: Clock, tmp_path: Path) -> None:
    mind = opened()
    _answer(mind, "Set a pasta timer for nine minutes.")
    assert mind.poll() == []
    clock.move(minutes=9)
    (ring,) = _replies(mind, bool)
    assert (ring.kind, ring.turn, ring.text) == ("ring", 0, "Your pasta timer is over.")
    assert '"reminders": []' in (tmp_path / "Notes" / REMINDERS_NAME).read_text()
    assert _answer(mind, "Snooze for one minute.")[0].text == "Again in one minute."


def test_what_fell_due_while_closed_is_told_at_the_next_start(opened: Open, clock: Clock) -> None:
    mind = opened()
    _answer(mind, "Remind me in ten minutes to call Ann.")
    mind.close()
    clock.move(hours=1)
    (ring,) = _replies(opened(), bool)
    assert ring.text == (
        "While I was closed, I was to remind you: call Ann. That was at twelve ten in the afternoon."
    )


def test_a_file_that_cannot_be_written_is_told_and_the_timer_runs(
    opened: Open, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "Notes").write_text("in the way")
    mind = opened()
    mind.poll()
    (reply,) = _answer(mind, "Set a timer for one minute.")
    assert reply.text.endswith("it holds only while I run.") and "is not replaced" in reply.detail
    (note,) = _answer(mind, "Take a note: buy stamps.")
    assert ("window says why" in note.text and note.event is None) or not note.event.done
    clock.move(minutes=1)
    assert _replies(mind, bool)[0].kind == "ring"


def test_damaged_reminders_are_told_at_the_start(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "Notes").mkdir()
    (tmp_path / "Notes" / REMINDERS_NAME).write_text("{")
    (told,) = opened().poll()
    assert told.kind == "problem" and "kept as" in told.detail


def test_a_text_model_that_fails_is_one_sentence(opened: Open, serve) -> None:
    mind = opened(serve(manner="refuse"))
    (reply,) = _answer(mind, "Why is the sky blue?", "thinking")
    assert reply.kind == "problem" and "404" in reply.detail and "404" not in reply.text
    assert _answer(mind, "What time is it?")[0].text == "It is noon."


def test_an_empty_answer_is_said_to_be_none(opened: Open, serve) -> None:
    mind = opened(serve("<think>", "hm", "</think>", "🙂"))
    assert _answer(mind, "Hm?", "thinking")[0].text == "I have no answer to that."


def test_an_own_action_is_called_after_its_question(opened: Open, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "bin.py").write_text(
        'WORDS = ["empty the bin"]\nASK_FIRST = "Shall I empty it?"\ndef answer(): return "87% gone."'
    )
    mind = opened(own=own)
    assert mind.own_actions and mind.own_actions.ready.wait(_WAIT_SECONDS)
    (asked,) = _answer(mind, "Please empty the bin.")
    assert asked.text == "Shall I empty it?" and asked.asks
    (done,) = _answer(mind, "Yes.")
    assert (
        done.text == "Eighty seven percent gone."
        and done.event
        and done.event.action == "own: bin.py"
    )
    _answer(mind, "Empty the bin.")
    assert _answer(mind, "No.")[0].text == "All right."


def test_more_than_fits_is_dropped_and_counted(opened: Open) -> None:
    mind = opened()
    for _ in range(400):
        mind.turn("What time is it?")
    mind.close()
    assert mind.dropped > 0 and len(mind.poll()) <= 128
