"""Who speaks when: spans, turns, reactions and overlaps from constructed tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sound.level import LEVEL_SAMPLES, LevelTrack, levels_db
from engine.sound.turn_taking import (
    FloorTransfer,
    Interruption,
    Span,
    floor_transfers,
    interruptions,
    merged,
    overlaps,
    turn_taking,
    turns,
    voice_activity,
)
from engine.timebase import SAMPLE_RATE_HZ


def span(start_ms: int, end_ms: int) -> Span:
    return Span(start_ms * SAMPLE_RATE_HZ // 1000, end_ms * SAMPLE_RATE_HZ // 1000)


def track(length_ms: int, *bursts: tuple[int, int], level: float = 0.1, noise_db: float = -75):
    """Noise-like speech in the given stretches over the noise of a room."""
    random = np.random.default_rng(0)
    sound = random.normal(0, 10 ** (noise_db / 20), length_ms * SAMPLE_RATE_HZ // 1000)
    for start_ms, end_ms in bursts:
        part = slice(start_ms * SAMPLE_RATE_HZ // 1000, end_ms * SAMPLE_RATE_HZ // 1000)
        sound[part] += random.normal(0, level, len(sound[part]))
    return sound.astype(np.float32)


spans_strategy = st.lists(st.integers(0, 60_000), max_size=40, unique=True).map(
    lambda edges: [
        Span(start, end)
        for start, end in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    ]
)


@pytest.mark.parametrize("level", [0.5, 0.1, 0.01], ids=["loud", "usual", "soft"])
def test_activity_finds_speech_at_any_level(level: float) -> None:
    sound = track(4000, (500, 1200), (2000, 3000), level=level)
    assert voice_activity(levels_db(sound)) == [span(500, 1200), span(2000, 3000)]


def test_activity_finds_speech_in_a_noisy_room() -> None:
    sound = track(4000, (500, 1200), level=0.2, noise_db=-40)
    assert voice_activity(levels_db(sound)) == [span(500, 1200)]


@pytest.mark.parametrize("noise_db", [-200, -90, -70, -55])
def test_a_silent_track_holds_no_speech(noise_db: float) -> None:
    assert voice_activity(levels_db(track(3000, noise_db=noise_db))) == []


def test_activity_of_nothing_is_nothing() -> None:
    assert voice_activity(np.zeros(0, np.float32)) == []


def test_short_silences_lie_inside_speech_and_clicks_are_not_speech() -> None:
    sound = track(4000, (500, 800), (1000, 1200), (1410, 1600), (3000, 3020))
    assert voice_activity(levels_db(sound)) == [span(500, 1200), span(1410, 1600)]


def test_a_dip_between_the_thresholds_does_not_end_speech() -> None:
    levels = np.full(300, -90, np.float32)
    levels[50:100], levels[100:140], levels[140:150] = -20, -54, -20
    assert voice_activity(levels) == [span(500, 1500)]
    levels[200:250] = -54  # never above the upper threshold
    assert voice_activity(levels) == [span(500, 1500)]


def test_merged_joins_up_to_the_limit() -> None:
    assert merged([span(0, 100), span(300, 400), span(601, 700)]) == [span(0, 400), span(601, 700)]


def test_turns_join_pauses_unless_the_other_speaks_in_them() -> None:
    own = [span(0, 1000), span(2000, 3000), span(5000, 6000)]
    assert turns(own, []) == [span(0, 6000)]
    assert turns(own, [span(3500, 4000)]) == [span(0, 3000), span(5000, 6000)]
    # Who began before the pause and goes on into it has taken the turn as well.
    assert turns(own, [span(500, 1500)]) == [span(0, 1000), span(2000, 6000)]
    assert turns(own, [span(500, 1000), span(2000, 2500)]) == [span(0, 6000)]


def test_reactions_are_measured_from_the_last_word() -> None:
    user = [span(1000, 2000), span(5000, 6000), span(9000, 10_000), span(12_000, 13_000)]
    agent = [span(2300, 3000), span(5800, 7000), span(9100, 11_000)]
    assert [entry.offset_ms for entry in floor_transfers(user, agent)] == [300, -200]


def test_an_answer_after_the_users_next_words_is_no_reaction_to_the_first() -> None:
    user = [span(0, 1000), span(4000, 5000)]
    assert floor_transfers(user, [span(5200, 6000)]) == [
        FloorTransfer(5 * SAMPLE_RATE_HZ, span(5200, 0).start_sample)
    ]


def test_interruptions_tell_how_long_the_agent_went_on() -> None:
    agent = [span(1000, 4000), span(6000, 7000)]
    user = [span(500, 1500), span(3500, 3800), span(5000, 5500), span(7000, 8000)]
    found = interruptions(user, agent)
    assert found == [Interruption(span(3500, 0).start_sample, 4 * SAMPLE_RATE_HZ)]
    assert found[0].yield_ms == 500


@given(spans_strategy, spans_strategy)
def test_overlaps_are_where_both_are(first: list[Span], second: list[Span]) -> None:
    both = np.zeros((2, 60_001), bool)
    for row, spans in enumerate((first, second)):
        for entry in spans:
            both[row, entry.start_sample : entry.end_sample] = True
    found = np.zeros(60_001, bool)
    for entry in overlaps(first, second):
        assert entry.start_sample < entry.end_sample
        found[entry.start_sample : entry.end_sample] = True
    assert (found == both.all(axis=0)).all()
    assert overlaps(first, second) == overlaps(second, first)


@given(spans_strategy, spans_strategy)
def test_turns_keep_all_speech_and_no_reaction_is_counted_twice(
    first: list[Span], second: list[Span]
) -> None:
    own, other = turns(first, second), turns(second, first)
    assert sum(entry.duration_ms for entry in own) >= sum(entry.duration_ms for entry in first)
    if first:
        assert own[0].start_sample == first[0].start_sample
        assert own[-1].end_sample == first[-1].end_sample
    answers = [entry.agent_start_sample for entry in floor_transfers(own, other)]
    assert len(answers) == len(set(answers))


def test_turn_taking_of_a_short_talk() -> None:
    user = levels_db(track(8000, (500, 1500), (5000, 5600)))
    agent = levels_db(track(8000, (1800, 2500), (2800, 5300)))
    taking = turn_taking(user, agent)
    assert taking.agent_turns == [span(1800, 5300)]
    assert [entry.offset_ms for entry in taking.floor_transfers] == [300]
    assert taking.overlaps == [span(5000, 5300)]
    assert [entry.yield_ms for entry in taking.interruptions] == [300]


def test_a_level_track_grown_in_chunks_equals_the_whole() -> None:
    sound = track(1600, (300, 900))
    grown = LevelTrack()
    for chunk in sound.reshape(-1, 2560):
        grown.push(chunk)
    assert np.abs(grown.levels_db - levels_db(sound)).max() <= 0.5
    peaks = np.abs(sound).reshape(-1, LEVEL_SAMPLES).max(axis=1)
    assert np.abs(grown.peaks - np.clip(peaks, 0, 1)).max() <= 1 / 255
    assert grown.is_quiet(0.5, -50)
    assert not grown.is_quiet(1.0, -50)
