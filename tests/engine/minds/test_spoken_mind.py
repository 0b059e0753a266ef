"""When the language model waits for the words: ears with words ready, all else real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.assistant.mind import BackgroundMind
from engine.hearing.words import HeardWords
from engine.minds.mind import Reply
from engine.minds.spoken_mind import SpokenMind
from engine.voice.agent_voice import AgentVoice


class ReadyEars:
    """Has words ready; a test gives them."""

    problem = ""

    def __init__(self) -> None:
        self.words: list[HeardWords] = []

    def push(self, user_audio: np.ndarray) -> None:
        pass

    def poll(self) -> Sequence[HeardWords]:
        ready, self.words = self.words, []
        return ready

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class Talk:
    def __init__(self, folder: Path) -> None:
        self.ears = ReadyEars()
        self.mind = BackgroundMind(folder)
        self.spoken = SpokenMind(self.ears, self.mind, AgentVoice(), own_thread=False)
        self.spoken.begin()

    def hears(self, text: str, ends: bool = False, confidence: float = 0.9) -> list[Reply]:
        self.ears.words.append(HeardWords(text, 0, 16_000, ends, confidence, ends))
        self.spoken.look()
        assert self.mind.settle(20)
        self.spoken.look()
        return list(self.spoken.poll())


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(tmp_path)
    yield talk
    talk.spoken.close()
    talk.mind.close()


def test_a_request_is_waited_for_while_the_user_still_speaks(talk: Talk) -> None:
    assert not talk.hears("what")
    assert [reply.model_waits for reply in talk.hears("What time is it?")] == [True]
    (answer,) = talk.hears("What time is it?", ends=True)
    assert answer.model_waits is None and answer.takes_over and answer.sentences


def test_nothing_is_done_before_the_turn_ends(talk: Talk) -> None:
    talk.hears("Set a timer for five minutes.")
    assert not talk.mind.state.reminders
    assert [
        reply.model_waits for reply in talk.hears("Set a timer for five minutes or so I said")
    ] == [False]
    assert not talk.hears("Set a timer for five minutes or so I said", ends=True)
    assert not talk.mind.state.reminders


def test_words_that_are_hardly_believed_are_not_waited_for(talk: Talk) -> None:
    assert not talk.hears("What time is it?", confidence=0.1)


def test_what_turns_out_to_be_no_request_is_the_models_at_once(talk: Talk) -> None:
    talk.hears("What time is it?")
    assert [reply.model_waits for reply in talk.hears("what time it was", ends=True)] == [False]
