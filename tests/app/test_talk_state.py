"""The state of a talk and its figures, from hand-made events."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.talk_state import LATE_SHOWN_MS, State, TalkState
from engine.syncllm.duplex import Step
from engine.talk.live_events import ChunkDone, Counts, DeviceChanged, Levels


def levels(user: bool, agent: bool) -> Levels:
    """50 ms."""
    peaks = (0.1,) * 5
    return Levels(-20.0, -20.0, peaks, peaks, user, agent)


def chunk(late_ms: float = 0.0, took_ms: float = 40.0, hits: int = 1, misses: int = 0) -> ChunkDone:
    step = Step(
        index=0,
        agent_audio=np.zeros(2560, np.float32),
        user_units=[],
        user_estimates=[],
        own_units=[],
        own_frames=[],
        estimate_hits=hits,
        estimate_misses=misses,
        tokens_refed=0,
        timings_ms={"total": took_ms},
    )
    return ChunkDone(step, took_ms, 5.0, late_ms)


@pytest.mark.parametrize(
    ("user", "agent", "expected"),
    [
        (False, False, State.LISTENING),
        (True, False, State.USER_SPEAKS),
        (False, True, State.AGENT_SPEAKS),
        (True, True, State.BOTH_SPEAK),
    ],
)
def test_who_speaks(user: bool, agent: bool, expected: State) -> None:
    talk = TalkState(160)
    talk.add(levels(user, agent))
    assert talk.state() == expected
    assert talk.state(muted=True) == State.MUTED
    assert talk.state(muted=True, paused=True) == State.PAUSED


def test_two_late_chunks_are_shown_until_none_has_come_for_a_while() -> None:
    talk = TalkState(160)
    talk.add(chunk(late_ms=3.0))
    assert talk.state() == State.LISTENING  # one alone is a mark in the picture
    talk.add(chunk(late_ms=3.0))
    for _ in range(LATE_SHOWN_MS // 160):
        assert talk.state() == State.LATE
        talk.add(chunk())
    assert talk.state() == State.LATE
    talk.add(chunk())
    assert talk.state() == State.LISTENING


@pytest.mark.parametrize("every", range(1, 60))
def test_chunks_that_are_late_at_even_intervals_do_not_let_the_state_flicker(every: int) -> None:
    talk = TalkState(160)
    states = []
    for index in range(1, 10 * every + 1):
        talk.add(chunk(late_ms=0.0 if index % every else 3.0))
        states.append(talk.state())
    changes = sum(now != before for before, now in pairwise(states))
    assert changes <= 1
    assert (states[-1] == State.LATE) == (every * 160 <= LATE_SHOWN_MS)


def test_lost_sound_is_shown_before_all_else_until_it_is_back() -> None:
    talk = TalkState(160)
    talk.add(DeviceChanged("The sound card is gone.", sounds=False))
    assert talk.state(muted=True, paused=True) == State.NO_SOUND
    talk.add(DeviceChanged("Sound is back.", sounds=True))
    assert talk.state() == State.LISTENING


def test_a_microphone_of_zeros_is_told_until_it_gives_sound() -> None:
    talk = TalkState(160)
    talk.add(DeviceChanged("Only zeros.", sounds=True, hears=False))
    assert talk.state() == State.SILENT
    assert talk.state(muted=True) == State.MUTED
    talk.add(DeviceChanged("It gives sound.", sounds=True))
    assert talk.state() == State.LISTENING


def test_figures() -> None:
    talk = TalkState(160)
    assert talk.metrics(Counts()).took_ms is None
    assert talk.metrics(Counts()).hit_share is None
    for took_ms in (30.0, 40.0, 90.0):
        talk.add(chunk(took_ms=took_ms, hits=3, misses=1))
    metrics = talk.metrics(Counts(chunks=3))
    assert (metrics.took_ms, metrics.took_max_ms, metrics.lag_ms) == (40.0, 90.0, 5.0)
    assert metrics.hit_share == 0.75
    assert metrics.counts.chunks == 3


def response_ms(*spoken: tuple[bool, bool]) -> float | None:
    talk = TalkState(160)
    for user, agent in spoken:
        talk.add(levels(user, agent))
    return talk.metrics(Counts()).response_ms


def test_a_reaction_is_counted_from_the_last_word_not_from_the_meter() -> None:
    """The meter holds on for 200 ms after speech; four more blocks of 50 ms pass."""
    said = [(True, False)] * 10 + [(False, False)] * 4 + [(False, True)]
    assert response_ms(*said) == 400


def test_a_reaction_within_the_meters_pause_counts_too() -> None:
    said = [(True, False)] * 10 + [(True, True)] * 2 + [(False, True)]
    # The meter fell at 650 ms: speech had ended at 450; the agent began at 550.
    assert response_ms(*said) == 100


def test_speech_in_the_midst_of_the_users_is_no_reaction() -> None:
    said = [(True, False)] * 4 + [(True, True)] * 20 + [(False, True)]
    assert response_ms(*said) is None


def test_speech_after_a_long_silence_is_no_reaction() -> None:
    said = [(True, False)] * 4 + [(False, False)] * 120 + [(False, True)]
    assert response_ms(*said) is None
