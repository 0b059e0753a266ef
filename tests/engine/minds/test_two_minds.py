"""The background mind's answers on the chunk clock: when they are said, held, cut off or dropped.

The other side of the seam is a mind that has its replies ready; the steps are what a duplex core
gives back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.minds.interruption import TALKS_ON_S
from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.minds.openings import Lines
from engine.minds.two_minds import LONGEST_WAIT_S, MODEL_WAITS_S, NEXT_FILLER_S, TwoMinds
from engine.syncllm.duplex import Step
from engine.syncllm.forced_chunk import ForcedChunk, Opening
from engine.syncllm.tokens import TokenFormat
from engine.voice.agent_voice import SpokenSentence, SpokenWord

FORMAT = TokenFormat(200, 200, 201, 4, boundary_emit=True)
CHUNK = FORMAT.chunk_samples
CHUNK_S = FORMAT.chunk_ms / 1000
SILENT = [0, 0, 0, 0]


def sentence(text: str, first_unit: int) -> SpokenSentence:
    """Five frames for each word."""
    words = text.split()
    spoken = [SpokenWord(word, 5 * n, 5 * n + 5) for n, word in enumerate(words)]
    frames = tuple(first_unit + n // 5 for n in range(5 * len(words)))
    return SpokenSentence(text, frames, tuple(spoken))


LINES = Lines(
    Opening((1, 2, 3, 4), 0),
    sentence("sorry i do not know that", 10),
    (sentence("let me think", 20), sentence("one moment", 30)),
)
ANSWER = sentence("paris is the capital of france", 50)
ANSWER_CHUNKS = 8


class ReadyMind:
    """Has its replies ready; a test gives them."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.outcomes: list[Outcome] = []
        self.replies: list[Reply] = []

    def turn(self, turn: Turn) -> None:
        self.turns.append(turn)

    def poll(self) -> Sequence[Reply]:
        ready, self.replies = self.replies, []
        return ready

    def over(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Talk:
    """A conversation: what the user does, and what the language model would."""

    def __init__(self) -> None:
        self.mind = ReadyMind()
        self.minds = TwoMinds(FORMAT, 0, self.mind, LINES)
        self.said: list[list[int]] = []
        self.words: list[str] = []
        self.forced: list[ForcedChunk | None] = []

    def go_on(
        self,
        chunks: int = 1,
        voice: bool = False,
        model: Sequence[int] = SILENT,
        quiet: float = 0.0,
        speak: bool = True,
    ) -> None:
        """``model``: the frames that the language model would say; ``quiet``: how likely it finds
        silence."""
        for _ in range(chunks):
            wave = 0.1 * np.sin(np.arange(CHUNK) * 0.1) if voice else np.zeros(CHUNK)
            forced = self.minds.prompt(wave.astype(np.float32))
            frames, forced_frames, yields = list(model), None, False
            if not speak:
                frames = SILENT
            elif forced and (
                forced.instead_of is None
                or forced.instead_of.verdict(self.said[-1][-1] if self.said else 0, model)
            ):
                yields = quiet > forced.yields_above
                frames = forced_frames = SILENT if yields else list(forced.frames)
                self.words += [] if yields else [word.strip() for word in forced.words]
            self.forced.append(forced)
            self.said.append(frames)
            self.minds.spoke(
                Step(
                    index=len(self.said) - 1,
                    agent_audio=np.zeros(CHUNK, np.float32),
                    user_units=[],
                    user_estimates=[],
                    own_units=frames,
                    own_frames=frames,
                    estimate_hits=0,
                    estimate_misses=0,
                    tokens_refed=0,
                    timings_ms={},
                    speak=speak,
                    forced_frames=forced_frames,
                    yields=yields,
                    heard_text=[" what"] if voice else [],
                )
            )

    def ask(self) -> None:
        """The user asks, the model is about to say that it does not know, a filler comes."""
        self.go_on(5, voice=True)
        self.go_on(3)
        self.go_on(model=[0, 1, 2, 3])
        assert len(self.mind.turns) == self.mind.turns[-1].number

    def answer(self, *sentences: SpokenSentence, last: bool = True) -> None:
        self.mind.replies.append(Reply(self.mind.turns[-1].number, sentences, last))


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_filler_comes_in_place_of_the_sentence_that_it_does_not_know(talk: Talk) -> None:
    talk.ask()
    assert talk.said[-1] == [20, 20, 20, 20]
    (turn,) = talk.mind.turns
    assert (turn.end_sample, turn.heard) == (9 * CHUNK, "what what what what what")
    talk.go_on(3)
    assert talk.words == ["let", "me", "think"]


def test_it_does_not_speak_into_the_turn_that_it_asks_about(talk: Talk) -> None:
    """The model may take a pause for the end of a turn."""
    talk.go_on(4, voice=True, model=SILENT)
    talk.go_on(voice=True, model=[0, 1, 2, 3])
    assert talk.said[-1] == SILENT
    talk.go_on(10, voice=True, model=[5, 6, 7, 8])
    assert not talk.mind.turns
    talk.go_on(3)
    assert talk.mind.turns[0].heard == " ".join(["what"] * 15)
    assert talk.said[-1][0] == 20
    talk.answer(ANSWER)
    talk.go_on(4 + ANSWER_CHUNKS)
    assert talk.words == ["let", "me", "think", *ANSWER.text.split()]


def test_who_does_not_end_is_the_models_again(talk: Talk) -> None:
    talk.go_on(4, voice=True)
    talk.go_on(voice=True, model=[0, 1, 2, 3])
    talk.go_on(20, voice=True, model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]
    assert not talk.mind.turns
    assert not talk.mind.outcomes


def test_what_the_model_knows_it_says_itself(talk: Talk) -> None:
    talk.go_on(5, voice=True)
    talk.go_on(3, model=[0, 5, 6, 7])
    assert talk.said[-3:] == [[0, 5, 6, 7]] * 3
    assert not talk.mind.turns


def test_it_is_silent_until_the_answer_comes_and_then_says_it(talk: Talk) -> None:
    talk.ask()
    talk.go_on(10, model=[5, 6, 7, 8])
    assert talk.said[-6:] == [SILENT] * 6  # whatever the model would say
    talk.answer(ANSWER)
    talk.go_on(ANSWER_CHUNKS)
    told = [unit for chunk in talk.said[-ANSWER_CHUNKS:] for unit in chunk]
    assert told[: len(ANSWER.frames)] == list(ANSWER.frames)
    assert talk.words[3:] == ANSWER.text.split()
    talk.go_on(model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]  # the model's turn again
    assert talk.mind.outcomes == [Outcome(1, ANSWER.text, True)]


def test_the_first_sentence_is_said_while_the_last_is_written(talk: Talk) -> None:
    talk.ask()
    talk.go_on(4)
    talk.answer(ANSWER, last=False)
    talk.go_on(ANSWER_CHUNKS + 3)
    assert not talk.mind.outcomes
    talk.answer(sentence("it is old", 80))
    talk.go_on(6)
    assert talk.words[-3:] == ["it", "is", "old"]
    assert talk.mind.outcomes == [Outcome(1, f"{ANSWER.text} it is old", True)]


def test_an_interruption_cuts_it_off_and_tells_where(talk: Talk) -> None:
    talk.ask()
    talk.answer(ANSWER)
    talk.go_on(4 + 3)
    talk.go_on(voice=True, quiet=0.0)  # "mm hmm": the model would go on
    assert talk.said[-1] != SILENT
    talk.go_on(voice=True, quiet=0.99, model=[5, 6, 7, 8])
    assert talk.said[-1] == SILENT
    (outcome,) = talk.mind.outcomes
    assert not outcome.whole
    assert ANSWER.text.startswith(outcome.said)
    assert outcome.said.split() == talk.words[3:]
    assert 0 < len(outcome.said) < len(ANSWER.text)
    talk.go_on(voice=True, model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]
    talk.answer(sentence("too late", 90))
    talk.go_on(8)
    assert "late" not in talk.words


def test_without_a_voice_nothing_stops_it(talk: Talk) -> None:
    talk.ask()
    talk.answer(ANSWER)
    talk.go_on(4 + ANSWER_CHUNKS, quiet=0.99)
    assert talk.words[3:] == ANSWER.text.split()


def test_who_talks_on_is_listened_to(talk: Talk) -> None:
    talk.ask()
    talk.answer(ANSWER, ANSWER, ANSWER)
    talk.go_on(6)
    talk.go_on(round(TALKS_ON_S / CHUNK_S) + 1, voice=True, quiet=0.0)
    assert talk.said[-1] == SILENT
    assert not talk.mind.outcomes[0].whole


def test_an_answer_that_comes_while_the_user_speaks_again_waits(talk: Talk) -> None:
    talk.ask()
    talk.go_on(4)
    talk.go_on(2, voice=True)
    talk.answer(ANSWER)
    talk.go_on(1, voice=True)
    assert talk.said[-1] == SILENT
    talk.go_on(3 + ANSWER_CHUNKS + 1)
    assert talk.words[3:] == ANSWER.text.split()


def test_an_answer_is_dropped_when_the_user_begins_a_new_turn(talk: Talk) -> None:
    talk.ask()
    talk.go_on(4)
    talk.go_on(6, voice=True, model=[5, 6, 7, 8])
    assert talk.mind.outcomes == [Outcome(1, "", False)]
    assert talk.said[-1] == [5, 6, 7, 8]  # the model talks again
    talk.answer(ANSWER)
    talk.go_on(12)
    assert talk.words == ["let", "me", "think"]


def test_no_answer_is_said_to_be_none(talk: Talk) -> None:
    talk.ask()
    talk.answer()
    talk.go_on(14)
    assert talk.words[3:] == LINES.unknown.text.split()
    assert talk.mind.outcomes[-1].turn == 1


def test_a_mind_that_never_answers_is_given_up(talk: Talk) -> None:
    talk.ask()
    talk.go_on(round(NEXT_FILLER_S / CHUNK_S) + 12)
    assert talk.words == ["let", "me", "think", "one", "moment"]
    talk.go_on(round(LONGEST_WAIT_S / CHUNK_S))
    assert talk.words[5:] == LINES.unknown.text.split()
    assert talk.mind.outcomes == [Outcome(1, "", False)]
    talk.go_on(model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]
    talk.ask()
    assert talk.mind.turns[-1].number == 2


def test_what_nobody_asked_for_waits_until_the_user_is_silent(talk: Talk) -> None:
    talk.go_on(3, voice=True)
    talk.mind.replies.append(Reply(UNASKED, (sentence("your timer rings", 60),)))
    talk.go_on(2, voice=True)
    assert not talk.words
    talk.go_on(8)
    assert talk.words == ["your", "timer", "rings"]


def test_an_action_takes_over_from_the_model(talk: Talk) -> None:
    """The model says "one two three" to "set a timer", and the action speaks instead."""
    talk.go_on(4, voice=True)
    talk.go_on(3, model=[5, 6, 7, 8])
    talk.mind.replies.append(Reply(UNASKED, (sentence("a timer is set", 60),), takes_over=True))
    talk.go_on(model=[5, 6, 7, 8])
    assert talk.said[-1] == SILENT
    forced = talk.forced[-1]
    assert forced and forced.cuts
    talk.go_on(5, model=[5, 6, 7, 8])
    assert talk.words == ["a", "timer", "is", "set"]


def test_an_action_takes_over_from_a_filler(talk: Talk) -> None:
    talk.ask()
    talk.mind.replies.append(Reply(1, (sentence("a timer is set", 60),), takes_over=True))
    talk.go_on(12)
    assert talk.words == ["let", "me", "think", "a", "timer", "is", "set"]
    assert talk.mind.outcomes == [Outcome(1, "a timer is set", True)]


def test_chunks_that_were_not_said_are_said_later(talk: Talk) -> None:
    talk.ask()
    talk.answer(ANSWER)
    talk.go_on(6)
    talk.go_on(2, speak=False)
    talk.minds.miss(np.zeros(3 * CHUNK, np.float32), 3)
    talk.go_on(ANSWER_CHUNKS)
    assert talk.words[3:] == ANSWER.text.split()
    told = [unit for chunk in talk.said for unit in chunk if unit >= 50]
    assert told == list(ANSWER.frames)


def test_a_new_conversation_drops_the_answer(talk: Talk) -> None:
    talk.ask()
    talk.minds.reset()
    assert talk.mind.outcomes == [Outcome(1, "", False)]
    talk.said.clear()
    talk.answer(ANSWER)
    talk.go_on(10)
    assert talk.said == [SILENT] * 10


def test_a_quiet_agent_says_only_what_takes_over(talk: Talk) -> None:
    told = Reply(UNASKED, (sentence("i am quiet", 60),), takes_over=True, quiet_s=30 * CHUNK_S)
    talk.mind.replies.append(told)
    talk.go_on(6)
    assert talk.words == ["i", "am", "quiet"]
    talk.go_on(10, model=[5, 6, 7, 8])
    talk.go_on(2, model=[1, 2, 3, 4])  # the fixed sentence is silenced, too
    assert talk.said[-12:] == [SILENT] * 12 and not talk.mind.turns
    talk.mind.replies.append(Reply(UNASKED, (sentence("it rings", 70),), takes_over=True))
    talk.go_on(5)
    assert talk.words[3:] == ["it", "rings"]
    talk.go_on(10, model=[5, 6, 7, 8])  # its time is over
    assert talk.said[-1] == [5, 6, 7, 8]
    talk.go_on()
    talk.ask()
    assert talk.mind.turns[-1].number == 1


def test_quiet_ends_when_the_agent_may_speak_again(talk: Talk) -> None:
    talk.mind.replies.append(Reply(UNASKED, quiet_s=600.0))
    talk.go_on(2, model=[5, 6, 7, 8])
    assert talk.said[-1] == SILENT
    talk.mind.replies.append(Reply(UNASKED, quiet_s=0.0))
    talk.go_on(model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]


def test_the_model_waits_for_the_end_of_a_turn_that_is_the_minds(talk: Talk) -> None:
    talk.go_on(voice=True)
    talk.mind.replies.append(Reply(UNASKED, model_waits=True))
    talk.go_on(8, voice=True, model=[5, 6, 7, 8])  # it would answer while the user goes on
    talk.go_on(4, model=[1, 2, 3, 4])
    assert talk.said[-12:] == [SILENT] * 12 and not talk.mind.turns
    talk.mind.replies.append(Reply(UNASKED, (sentence("it is noon", 60),), takes_over=True))
    talk.go_on(5, model=[5, 6, 7, 8])
    assert talk.words == ["it", "is", "noon"]
    talk.go_on(model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]


@pytest.mark.parametrize("ends", [True, False])
def test_it_waits_no_longer_than_until_the_words_are_others(talk: Talk, ends: bool) -> None:
    """ "What time is it" may become "what time is it that you get up"."""
    talk.mind.replies.append(Reply(UNASKED, model_waits=True))
    talk.go_on(2, model=[5, 6, 7, 8])
    assert talk.said[-2:] == [SILENT] * 2
    if ends:
        talk.mind.replies.append(Reply(UNASKED, model_waits=False))
    talk.go_on(1 if ends else round(MODEL_WAITS_S / CHUNK_S), model=[5, 6, 7, 8])
    assert talk.said[-1] == [5, 6, 7, 8]


def test_waiting_ends_no_quiet_that_was_asked_for(talk: Talk) -> None:
    talk.mind.replies += [Reply(UNASKED, quiet_s=600.0), Reply(UNASKED, model_waits=True)]
    talk.go_on(2, model=[5, 6, 7, 8])
    talk.mind.replies.append(Reply(UNASKED, model_waits=False))
    talk.go_on(2, model=[5, 6, 7, 8])
    assert talk.said[-1] == SILENT


def test_replies_that_nobody_asked_for_do_not_cut_one_another_off(talk: Talk) -> None:
    for number, text in ((-1, "one two three"), (-2, "four five")):
        talk.mind.replies.append(Reply(number, (sentence(text, 60),), takes_over=True))
        talk.go_on(2)
    talk.go_on(10)
    assert talk.words == ["one", "two", "three", "four", "five"]
    assert talk.mind.outcomes == [
        Outcome(-1, "one two three", True),
        Outcome(-2, "four five", True),
    ]


def test_the_mind_takes_a_turn_that_the_model_would_answer_wrongly(talk: Talk) -> None:
    talk.go_on(4, voice=True)
    talk.go_on(3, model=[5, 6, 7, 8])
    talk.mind.replies.append(Reply(-1, begins=True, last=False))
    talk.go_on(model=[5, 6, 7, 8])
    forced = talk.forced[-1]
    assert talk.said[-1] == SILENT and forced and forced.cuts
    talk.go_on(6, model=[5, 6, 7, 8])
    assert talk.words == ["let", "me", "think"]
    talk.mind.replies += [Reply(-1, (ANSWER,), last=False), Reply(-1)]
    talk.go_on(ANSWER_CHUNKS + 1, model=[5, 6, 7, 8])
    assert talk.words[3:] == ANSWER.text.split()
    assert talk.mind.outcomes == [Outcome(-1, ANSWER.text, True)] and not talk.mind.turns


def test_one_filler_is_enough_for_a_turn_of_both(talk: Talk) -> None:
    talk.ask()
    talk.mind.replies.append(Reply(-1, begins=True, last=False))
    talk.mind.replies.append(Reply(-1, (ANSWER,)))
    talk.go_on(ANSWER_CHUNKS + 6)
    assert talk.words == ["let", "me", "think", *ANSWER.text.split()]
    assert talk.mind.outcomes == [Outcome(1, "", False), Outcome(-1, ANSWER.text, True)]


def test_an_action_cuts_off_a_turn_that_the_mind_took(talk: Talk) -> None:
    talk.mind.replies.append(Reply(-1, begins=True, last=False))
    talk.go_on(6)
    talk.mind.replies.append(Reply(-2, (sentence("a timer is set", 60),), takes_over=True))
    talk.go_on(8)
    talk.mind.replies.append(Reply(-1, (ANSWER,)))  # too late
    talk.go_on(8)
    assert talk.words[3:] == ["a", "timer", "is", "set"]
    assert [outcome.turn for outcome in talk.mind.outcomes] == [-1, -2, -1]
