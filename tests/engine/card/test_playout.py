"""The agent's sound on the card's time axis: places, fades, lateness."""

from __future__ import annotations

import numpy as np
import pytest

from engine.card.playout import Playout
from engine.sound.fade import FADE_MS

FADE = FADE_MS * 16
BLOCK = 160


def ones(samples: int) -> np.ndarray:
    return np.ones(samples, np.float32)


def take(playout: Playout, blocks: int) -> np.ndarray:
    return np.concatenate([playout.take(BLOCK) for _ in range(blocks)])


def largest_jump(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound, prepend=0.0, append=0.0)).max())


def test_sound_is_played_at_its_place() -> None:
    playout = Playout()
    assert playout.put(200, ones(480)) == 0
    played = take(playout, 6)
    assert not played[:200].any()
    assert (played[200 + FADE : 680] == 1).all()
    assert largest_jump(played) < 0.05
    assert not played[680 + FADE :].any()
    assert playout.position == 960


def test_chunks_join_without_a_seam() -> None:
    playout = Playout()
    playout.put(0, ones(320))
    playout.put(320, ones(320))
    played = take(playout, 4)
    assert (played[FADE:640] == 1).all()


def test_a_late_chunk_loses_its_beginning() -> None:
    playout = Playout()
    take(playout, 2)
    assert playout.put(220, ones(400)) == 100
    played = take(playout, 3)
    assert (played[FADE:300] == 1).all()
    assert largest_jump(played) < 0.05
    assert playout.put(0, ones(100)) == 100
    assert not take(playout, 1)[FADE:].any()


@pytest.mark.parametrize("waiting", [0, 40, 10_000])
def test_it_stops_within_40_ms_with_a_fade(waiting: int) -> None:
    playout = Playout()
    playout.put(0, ones(320 + waiting))
    before = take(playout, 2)
    playout.stop()
    after = take(playout, 4)
    assert largest_jump(np.concatenate([before, after])) < 0.05
    assert not after[2 * FADE :].any()
    assert 2 * FADE / 16 < 40
    assert playout.ahead_samples == 0


def test_a_gap_between_chunks_is_silent() -> None:
    playout = Playout()
    playout.put(0, ones(160))
    playout.put(480, ones(160))
    played = take(playout, 5)
    assert not played[160 + FADE : 480].any()
    assert played[480 + FADE] == 1
    assert largest_jump(played) < 0.05


def test_a_muted_agent_goes_on_in_silence() -> None:
    playout = Playout()
    playout.put(0, ones(1600))
    first = take(playout, 2)
    playout.mute(True)
    second = take(playout, 2)
    playout.mute(False)
    third = take(playout, 2)
    assert not second[FADE:].any()
    assert (third[FADE:] == 1).all()
    assert largest_jump(np.concatenate([first, second, third, take(playout, 6)])) < 0.05


def test_what_waits_is_counted() -> None:
    playout = Playout()
    playout.put(160, ones(320))
    assert playout.ahead_samples == 480
    take(playout, 2)
    assert playout.ahead_samples == 160


def test_a_new_loudness_comes_without_a_jump_and_is_bounded() -> None:
    playout = Playout()
    playout.put(0, ones(4800) / 2)
    first = take(playout, 2)
    playout.amplify(0.5)
    second = take(playout, 2)
    playout.amplify(4)
    third = take(playout, 2)
    assert (first[FADE:] == 0.5).all()
    assert (second[FADE:] == 0.25).all()
    assert (third[FADE:] == 1).all()
    rest = take(playout, 30)
    assert largest_jump(np.concatenate([first, second, third, rest])) < 0.05
