"""Phone lengths fit what the token format leaves of the units."""

from __future__ import annotations

import numpy as np

from engine.voice.agent_units import AGENT_UNITS, phone_units, timed_phones
from engine.voice.hibari_network import PHONE_STEP_MS, PITCH_STEP_MS
from models.speech.agent_speech import AgentSpeech
from models.voice.told_lengths import retimed, told_heard, told_speech

PHONES = "ðə kˈæpɪtᵊl ɪz ɹˈOm."
NONE = np.zeros(0, np.float32)


def speech() -> AgentSpeech:
    rng = np.random.default_rng(3)
    lengths = rng.integers(2, 7, len(PHONES) + 2) * PHONE_STEP_MS
    pitch = np.full(int(lengths.sum() / 12.5), 200.0)
    return AgentSpeech(NONE, PHONES, lengths.tolist(), pitch, NONE, NONE, NONE)


def test_moments_move_and_lengths_with_them() -> None:
    # Ends at 150, 250, 350 ms of the lengths are 100, 200, 300 ms of the sound.
    assert retimed([150.0, 100.0, 100.0], [0, 100, 300], [0, 200, 300]) == [250.0, 50.0, 50.0]


def test_told_units_keep_their_order_and_are_spread_evenly() -> None:
    free = speech()
    units = phone_units(timed_phones(free.phones, free.lengths_ms), free.pitch_hz, 12.5)
    told, _ = told_speech(free, 5, 2)
    assert len(told) == len(units)
    changed = [u[np.diff(u, prepend=-1) != 0].tolist() for u in (units, told)]
    assert changed[0] == changed[1]
    for start in range(2, len(told) - 4, 5):
        runs = np.unique(
            np.cumsum(np.diff(told[start : start + 5], prepend=-1) != 0), return_counts=True
        )
        assert np.ptp(runs[1]) <= 1


def test_a_speech_of_the_new_lengths_has_the_told_units() -> None:
    free = speech()
    for chunk_frames in (4, 5, 6):
        told, lengths = told_speech(free, chunk_frames, 1)
        again = phone_units(timed_phones(PHONES, lengths), free.pitch_hz, 12.5)
        shared = min(len(told), len(again))
        # Lengths are steps of 25 ms, frames are 40 ms: a border may be off by one.
        assert np.mean(told[:shared] == again[:shared]) > 0.85
        names = [AGENT_UNITS[unit][0] for unit in told]
        assert "k" in names and "O" in names


def test_units_that_are_heard_pass_through_the_papers_format() -> None:
    frames, steps = 60, 190  # 3.2 steps of the speech are a frame
    heard = (np.arange(frames) * 3 // 8).astype(np.int16)
    told, places = told_heard(heard, steps, 4, 0, boundary_emit=False)
    # Of a chunk's units, one that goes on from the chunk before is not told again.
    for start in range(4, frames - 3, 4):
        new = [u for u in np.unique(heard[start : start + 4]) if u != heard[start - 1]]
        expected = [new[i * len(new) // 4] for i in range(4)] if new else [heard[start - 1]] * 4
        assert told[start : start + 4].tolist() == expected
    assert (told_heard(heard, steps, 4, 0, boundary_emit=True)[0] != told).any()
    # Each step comes from where its unit was heard.
    middles = (np.arange(steps) + 0.5) * PITCH_STEP_MS
    now, then = (
        told[(middles // 40).astype(int)],
        heard[((places + 0.5) * PITCH_STEP_MS // 40).astype(int)],
    )
    assert (np.diff(places) >= 0).all()
    assert np.mean(now == then) > 0.9
    assert np.mean(now == heard[(middles // 40).astype(int)]) < 0.8
    same, kept = told_heard(heard, steps, 1, 0, boundary_emit=False)
    np.testing.assert_array_equal(same, heard)
    np.testing.assert_array_equal(kept, np.arange(steps))
