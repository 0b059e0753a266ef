"""Pauses lie where no sentence is over, and signs of listening are counted."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.tokens import RATE_HZ
from engine.turns import Span
from models import script
from models.evaluate_listening import (
    LongTalk,
    Pause,
    cut_sentence,
    is_backchannel,
    reading,
    report_long_talks,
    report_pauses,
    within,
)
from models.studio import Run


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
    recordings = [np.full(seconds * RATE_HZ, seconds, np.float32) for seconds in (3, 9, 14)]
    for seed in range(10):
        chosen = reading(recordings, random.Random(seed))
        lengths = [len(sound) // RATE_HZ for sound in chosen]
        assert sum(lengths) >= 20 > sum(lengths[:-1])


def test_report_of_pauses() -> None:
    pauses = [
        Pause("flite:rms", "what is", "your name", 0.5, spoke, not spoke) for spoke in (True, False)
    ]
    report = report_pauses(pauses, Run())
    assert report.scores[0].measured is not None
    assert report.scores[0].measured.value == 0.5
    assert report.scores[0].met is False
    assert len(report.details["failures"]) == 1


@pytest.mark.parametrize(
    ("words", "seconds", "is_one"),
    [
        ("mm hmm", 1.3, True),
        (None, 0.4, True),
        ("sorry i do", 0.6, False),  # a turn that was broken off
        ("mm hmm", 2.0, False),
        ("", 0.3, False),
    ],
)
def test_what_is_a_sign_of_listening(words: str | None, seconds: float, is_one: bool) -> None:
    assert is_backchannel(Span(0, round(seconds * RATE_HZ)), words) == is_one


def test_backchannels_are_counted_by_the_minute() -> None:
    talks = [LongTalk("flite:rms", 0.5, 3, 0), LongTalk("flite:rms", 0.5, 2, 1)]
    report = report_long_talks([*talks, LongTalk("people", 1.0, 0, 0)], Run())
    values = [score.measured.value for score in report.scores if score.measured]
    assert values == [5, 1, 0, 0]
    assert [score.met for score in report.scores] == [True, None, False, None]
