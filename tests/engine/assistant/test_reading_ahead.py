"""What a text model has read when the next question comes: all of the talk but the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from engine.assistant.mind import BackgroundMind
from engine.assistant.talk_history import MOST_EXCHANGES, MOST_LETTERS, TalkHistory
from engine.assistant.text_mind import Message

_NOW = datetime(2026, 3, 4, 12, 0)


class NotingMind:
    """Notes what it is told to read."""

    def __init__(self) -> None:
        self.read: list[Sequence[Message]] = []
        self.asked: list[Sequence[Message]] = []

    def warm(self, messages: Sequence[Message]) -> None:
        self.read.append(messages)

    def ask(self, turn: int, messages: Sequence[Message], temperature: float) -> None:
        self.asked.append(messages)

    def stop(self, turn: int) -> None:
        pass

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_it_has_read_everything_before_the_question(tmp_path: Path) -> None:
    noting = NotingMind()
    mind = BackgroundMind(tmp_path, lambda tell: noting, now=lambda: _NOW)
    try:
        mind.new_talk()
        mind.note("My dog is old.", "That is sad.")
        done = mind.turn("What time is it?")
        assert done.kind == "action" and mind.settle(20)
        mind.spoken(done.number, "It is noon.")
        assert mind.turn("Why is that?").kind == "thinking" and mind.settle(20)
    finally:
        mind.close()
    assert len(noting.read[0]) == 2, "the system's words, and any question"
    (asked,) = noting.asked
    assert list(asked[:-1]) == list(noting.read[-1][:-1])
    assert [one["content"] for one in asked[1:]] == [
        "My dog is old.", "That is sad.", "What time is it?", "It is noon.", "Why is that?",
    ]  # fmt: skip


def test_a_long_talk_is_read_anew_only_now_and_then() -> None:
    history = TalkHistory()
    beginnings = []
    for turn in range(60):
        history.begin(turn, f"Question {turn}?")
        history.add(turn, f"Answer {turn}.")
        told = history.messages("", _NOW)
        assert told[-1]["content"] == f"Answer {turn}."
        assert len(told) <= 2 * MOST_EXCHANGES
        beginnings.append(told[0]["content"])
    assert len(set(beginnings)) == 9


def test_long_answers_leave_earlier() -> None:
    history = TalkHistory()
    for turn in range(12):
        history.begin(turn, "Go on.")
        history.add(turn, "word " * 200)
        letters = sum(len(one["content"]) for one in history.messages("", _NOW))
        assert letters <= MOST_LETTERS + 1100
    assert history.last_said()
