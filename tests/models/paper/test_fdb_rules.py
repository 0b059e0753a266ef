"""The benchmark's rules at their edges, on made outputs with known answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.paper.fdb_rules import (
    backchannels,
    divergence,
    latency_s,
    response_intervals,
    stop_intervals,
    takes_turn,
)
from models.paper.timed_words import Word, after


def spans(*seconds: tuple[float, float]) -> list[Span]:
    return [Span(round(a * SAMPLE_RATE_HZ), round(b * SAMPLE_RATE_HZ)) for a, b in seconds]


def words(count: int, start_s: float, end_s: float) -> list[Word]:
    edges = np.linspace(start_s, end_s, count + 1)
    return [Word("w", float(a), float(b)) for a, b in pairwise(edges)]


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ([], False),
        (words(3, 2.0, 2.9), False),
        (words(4, 2.0, 2.9), True),  # more than three words
        (words(1, 2.0, 3.0), True),  # a whole second
        ([*words(1, 1.0, 1.2), *words(1, 5.0, 5.2)], True),  # from the first word to the last
    ],
)
def test_a_takeover_is_a_second_or_more_than_three_words(said: list[Word], taken: bool) -> None:
    assert takes_turn(said) == taken


def test_latency_is_not_below_zero_and_needs_a_takeover() -> None:
    assert latency_s(words(5, 4.0, 6.0), 3.5) == 0.5
    assert latency_s(words(5, 3.0, 6.0), 3.5) == 0.0
    assert latency_s(words(2, 4.0, 4.5), 3.5) is None


def test_an_old_turn_is_cut_off_at_the_interruption() -> None:
    said = [Word("old", 1.0, 2.0), Word("both", 2.0, 3.0), Word("new", 3.0, 4.0)]
    assert after(said, 2.5) == [Word("both", 2.5, 3.0), Word("new", 3.0, 4.0)]


def test_more_than_three_seconds_is_a_turn_and_ends_the_search() -> None:
    judged = backchannels(spans((1, 1.4), (3, 6.2), (8, 8.3)), [])
    assert judged.takes_turn
    assert judged.spans_s == [(1.0, 1.4)]


@pytest.mark.parametrize(
    ("stretches", "said", "taken"),
    [
        (spans((1, 1.5)), words(2, 1.0, 1.5), False),
        (spans((1, 1.5)), words(3, 1.0, 1.5), True),
        (spans((1, 2.0)), words(1, 1.0, 2.0), True),
        # 0.96 s by the sample, but with one decimal a whole second.
        (spans((1.04, 2.0)), words(1, 1.0, 2.0), True),
        (spans((1.06, 2.04)), words(1, 1.1, 2.0), False),
        # The last one decides.
        (spans((1, 2.5), (4, 4.4)), words(2, 4.0, 4.4), False),
        (spans((1, 1.4), (4, 5.5)), words(2, 4.0, 4.4), True),
    ],
)
def test_the_last_short_stretch_decides(
    stretches: list[Span], said: list[Word], taken: bool
) -> None:
    judged = backchannels(stretches, said)
    assert judged.takes_turn == taken
    assert len(judged.spans_s) == len(stretches)


def test_distance_from_people() -> None:
    people = [0.0, 0.0, 0.5, 0.5, 0.0]  # bins of 0.2 s in 0.8 s
    assert divergence([], 0.8, people) == 1
    assert divergence([(0.41, 0.79)], 0.8, people) == pytest.approx(0, abs=1e-3)
    # Nothing in common: the root of ln 2.
    assert divergence([(0.0, 0.1)], 0.8, people) == pytest.approx(0.8326, abs=1e-3)


def test_stops_and_responses_with_pauses_inside_speech() -> None:
    user = spans((1, 2), (2.5, 4), (8, 9))  # the first two are one turn
    agent = spans((0, 1.2), (1.6, 3), (5, 6), (6.8, 7), (9.4, 10))
    stops = stop_intervals(user, agent)
    assert [(s.start_sample, s.end_sample) for s in stops] == [(16_000, 48_000)]
    responses = response_intervals(user, agent)
    assert [one.duration_ms for one in responses] == pytest.approx([1000, 400])


def test_of_two_ends_before_one_onset_the_last_counts() -> None:
    responses = response_intervals(spans((0, 1), (2, 3)), spans((3.5, 4)))
    assert [one.duration_ms for one in responses] == [500]
