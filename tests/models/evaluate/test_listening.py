"""Pauses lie where no sentence is over, and signs of listening are counted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate import listening as evaluate_listening
from models.evaluate.context import Run, context_of
from models.evaluate.listening import (
    LongTurn,
    PauseTrial,
    cut_sentence,
    is_backchannel,
    reading,
    report_long_talks,
    report_pauses,
    within,
)
from models.evaluate.sentence_matcher import SentenceMatcher


def test_a_pause_lies_inside_a_sentence() -> None:
    sentences = set(script.user_sentences())
    for seed in range(200):
        before, after = cut_sentence(random.Random(seed))
        assert f"{before} {after}" in sentences
        assert before not in sentences
        assert len(before.split()) >= 2


def test_what_sounds_in_a_pause() -> None:
    spans = [Span(0, 10), Span(20, 30), Span(40, 50)]
    assert within(spans, 10, 20) == []
    assert within(spans, 9, 21) == spans[:2]


def test_people_read_long_enough() -> None:
    recordings = [np.full(seconds * SAMPLE_RATE_HZ, seconds, np.float32) for seconds in (3, 9, 14)]
    for seed in range(10):
        chosen = reading(recordings, random.Random(seed))
        lengths = [len(sound) // SAMPLE_RATE_HZ for sound in chosen]
        assert sum(lengths) >= 20 > sum(lengths[:-1])


def test_report_of_pauses() -> None:
    pauses = [
        PauseTrial("flite:rms", "what is", "your name", 0.5, spoke, not spoke)
        for spoke in (True, False)
    ]
    report = report_pauses(pauses, Run())
    assert report.scores[0].measured is not None
    assert report.scores[0].measured.value == 0.5
    assert report.scores[0].met is False
    assert len(report.details["failures"]) == 1


@pytest.mark.parametrize(
    ("said", "seconds", "is_one"),
    [
        ("mm hmm", 1.3, True),
        ("sorry i do not know that", 0.6, False),  # a turn that was broken off
        ("mm hmm", 2.0, False),
        (None, 0.3, False),
    ],
)
def test_what_is_a_sign_of_listening(said: str | None, seconds: float, is_one: bool) -> None:
    class Known:
        def nearest(
            self, _frames: np.ndarray, candidates: Sequence[str]
        ) -> tuple[str | None, float]:
            assert said is None or said in candidates
            return said, 0.1

    span = Span(0, round(seconds * SAMPLE_RATE_HZ))
    assert is_backchannel(span, np.zeros(8), cast(SentenceMatcher, Known())) == is_one


def test_signs_of_listening_are_known_by_their_units(monkeypatch: pytest.MonkeyPatch) -> None:
    # All of them take half a minute to speak.
    others = evaluate_listening.plain_sentences()[::12]
    some = (*script.BACKCHANNELS, *script.STORIES, script.FALLBACK_REPLY, *others)
    monkeypatch.setattr(evaluate_listening, "plain_sentences", lambda: some)
    context = context_of(Run())
    matcher = context.matcher
    span = Span(0, SAMPLE_RATE_HZ)

    def heard(sentence: str, share: float = 1.0) -> np.ndarray:
        units = np.roll(context.agent_source.speak(sentence).units_T, 1)
        return units[: round(share * len(units))]

    assert all(is_backchannel(span, heard(text), matcher) for text in script.BACKCHANNELS)
    for broken_off in (script.FALLBACK_REPLY, *script.STORIES):
        assert not is_backchannel(span, heard(broken_off, 0.5), matcher)


def test_backchannels_are_counted_by_the_minute() -> None:
    talks = [LongTurn("flite:rms", 0.5, 3, 0), LongTurn("flite:rms", 0.5, 2, 1)]
    report = report_long_talks([*talks, LongTurn("people", 1.0, 0, 0)], Run())
    values = [score.measured.value for score in report.scores if score.measured]
    assert values == [5, 1, 0, 0]
    assert [score.met for score in report.scores] == [True, None, False, None]
