"""Events on made dialogues, counted by hand; and the three statistics, kept apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.paper.timing_events import (
    Events,
    backchannels,
    events,
    floor_transfer_offsets_s,
    mean_correlation,
    pearson,
    total_correlation,
)


def spans(*seconds: tuple[float, float]) -> list[Span]:
    return [Span(round(a * SAMPLE_RATE_HZ), round(b * SAMPLE_RATE_HZ)) for a, b in seconds]


def whole(seconds: float) -> Span:
    return spans((0, seconds))[0]


def test_events_of_a_dialogue() -> None:
    # A pauses for 0.5 s; B comes 0.3 s after A; A overlaps B's end by 0.4 s.
    first = spans((1, 2), (2.5, 4), (6.6, 8))
    second = spans((4.3, 7), (8.1, 8.15))
    found = events(first, second, whole(10))
    assert found.ipu == pytest.approx((1, 1.5, 1.4, 2.7, 0.05))
    assert found.pause == pytest.approx((0.5,))
    assert found.gap == pytest.approx((0.3, 0.1))
    assert found.overlap == pytest.approx((0.4,))
    assert found.fto == pytest.approx((0.3, -0.4, 0.1))
    assert found.count_a_minute("ipu") == 30
    assert found.seconds_a_minute("overlap") == pytest.approx(2.4)


def test_silences_of_200_ms_lie_inside_speech_and_a_cut_ends_it() -> None:
    first = spans((0.5, 1), (1.2, 2), (2.21, 3))
    found = events(first, [], spans((0.8, 2.5))[0])
    assert found.seconds == pytest.approx(1.7)
    assert found.ipu == pytest.approx((1.2, 0.29))
    assert found.pause == pytest.approx((0.21,))
    # Silence at the edges is none of the events.
    assert events(spans((4, 5)), [], whole(10)).pause == ()


def test_a_turn_inside_the_others_takes_no_floor() -> None:
    first, second = spans((0, 5), (7, 8)), spans((2, 2.5), (5.5, 6))
    assert floor_transfer_offsets_s(first, second) == pytest.approx([0.5, 1.0])


def test_a_speaker_who_goes_on_after_a_pause_transfers_nothing() -> None:
    assert floor_transfer_offsets_s(spans((0, 1), (2, 3)), []) == []
    found = floor_transfer_offsets_s(spans((0, 1), (2, 3)), spans((2.9, 4)))
    assert found == pytest.approx([-0.1])


def test_backchannels_are_short_and_alone() -> None:
    mine = spans((0, 0.5), (3, 3.6), (4.4, 6), (8, 9.1), (12, 13))
    # The second is followed too soon, the fourth is longer than a second.
    assert backchannels(mine) == spans((0, 0.5), (12, 13))


def test_pearson_is_the_textbooks() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=40)
    b = 0.6 * a + rng.normal(size=40)
    found = pearson(list(zip(a.tolist(), b.tolist(), strict=True)))
    assert found is not None and found.low is not None and found.high is not None
    assert found.value == pytest.approx(float(np.corrcoef(a, b)[0, 1]))
    assert found.low < found.value < found.high
    assert found.count == 40


def test_no_correlation_without_pairs_or_without_spread() -> None:
    assert pearson([(1, 2), (2, 3)]) is None
    assert pearson([(1, 2), (None, 3), (2, None), (3, 4)]) is None
    assert pearson([(1, 2), (1, 3), (1, 4)]) is None


def test_totals_and_means_are_different_statistics() -> None:
    # Ever more pauses of one length: totals grow with the prompt's, means stay.
    prompts = [Events(30, pause=(0.5,) * count) for count in (1, 2, 3, 4)]
    continuations = [Events(90, pause=(0.5 + 0.01 * i,) * (3 * i)) for i in (1, 2, 3, 4)]
    total = total_correlation(prompts, continuations, "pause")
    assert total is not None
    assert total.value == pytest.approx(1, abs=0.01)
    assert mean_correlation(continuations, prompts, "pause") is None
    # Means go against one another, totals do not care.
    other = [Events(90, pause=(0.9 - 0.1 * i,) * 2) for i in (1, 2, 3, 4)]
    against = mean_correlation(continuations, other, "pause")
    assert against is not None
    assert against.value == pytest.approx(-1)


def test_a_dialogue_without_the_event_is_left_out_of_means_but_not_of_totals() -> None:
    one = [Events(60, pause=lengths) for lengths in ((), (1.0,), (2.0,), (3.0,))]
    mean, total = mean_correlation(one, one, "pause"), total_correlation(one, one, "pause")
    assert mean is not None and total is not None
    assert (mean.count, total.count) == (3, 4)


def test_events_of_several_pieces_add_up() -> None:
    both = Events(30, ipu=(1.0,), fto=(0.2,)) + Events(60, ipu=(2.0,), gap=(0.4,))
    assert both == Events(90, ipu=(1.0, 2.0), gap=(0.4,), fto=(0.2,))
    assert both.mean("ipu") == 1.5
    assert both.mean("pause") is None
