"""Who speaks when, on made tracks; and two tiny agents talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate import two_agents
from models.evaluate.context import Run
from models.evaluate.two_agents import Talk, TurnTaking, turn_taking, turn_taking_between
from tests.engine.tiny_bundle import write_tiny_bundle


def spans(*seconds: tuple[float, float]) -> list[Span]:
    return [Span(round(a * SAMPLE_RATE_HZ), round(b * SAMPLE_RATE_HZ)) for a, b in seconds]


def test_pauses_gaps_and_overlaps() -> None:
    first = spans((1, 2), (2.5, 4), (8, 9))
    second = spans((3.5, 5), (5.8, 6.2), (8.2, 8.5))
    found = turn_taking(first, second, 10 * SAMPLE_RATE_HZ)
    assert found == TurnTaking(
        total_s=10,
        speech_s=pytest.approx(1 + 1.5 + 1 + 1.5 + 0.4 + 0.3),
        pause_s=pytest.approx(0.5 + 0.8),  # the first's own, and the second's
        gap_s=pytest.approx(1.8),
        overlap_s=pytest.approx(0.5 + 0.3),
        pauses=2,
        gaps=1,
        overlaps=2,
    )


def test_silence_after_a_word_inside_the_others_speech_is_the_others() -> None:
    # The second's "mm hmm" is over before the first is: the silence lies between the first's.
    found = turn_taking(spans((0, 3), (4, 5)), spans((1, 1.4)), 5 * SAMPLE_RATE_HZ)
    assert (found.pauses, found.gaps) == (1, 0)


def test_questions_and_the_silence_at_their_edges_are_not_counted() -> None:
    first, second = spans((0.5, 2), (7, 9)), spans((2.5, 5.5), (12, 13))
    question = spans((5, 6))
    found = turn_taking_between(first, second, question, 14 * SAMPLE_RATE_HZ)
    assert found.total_s == 13
    assert found.speech_s == pytest.approx(1.5 + 2.5 + 2 + 1)
    assert found.gap_s == pytest.approx(0.5 + 3)
    assert found.pause_s == 0


def test_the_report_compares_with_people() -> None:
    minute = TurnTaking(60, 44.87, 12.79, 3.17, 2 * 1.57, 19, 5, 8)
    report = two_agents.report([Talk(minute, 3), Talk(minute, 2)], Run())
    beside = {score.what: score for score in report.scores if score.measure == "ratio"}
    assert [round(score.measured.value, 2) for score in beside.values() if score.measured] == [
        1.0, 1.0, 1.0, 2.0,
    ]  # fmt: skip
    assert [score.met for score in beside.values()] == [True, True, True, False]
    assert report.details["questions"] == 5
    assert report.details["counted_minutes"] == 2


def test_an_hour_is_cut_into_talks() -> None:
    assert two_agents.plan(Run(minutes=7)) == [(0, 3.0), (1, 3.0), (2, 1.0)]
    assert two_agents.plan(Run(minutes=3)) == [(0, 3.0)]


def test_two_tiny_agents_talk(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, volume=0.0)  # silent, so they are asked again and again
    found = two_agents.talk((0, 0.25), Run(bundle=tmp_path))
    assert found.questions >= 2
    assert found.turn_taking.speech_s == 0
    assert 5 < found.turn_taking.total_s < 15
