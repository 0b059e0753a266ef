"""Phone lengths fit what the token format leaves of the units."""

from __future__ import annotations

import numpy as np

from engine.voice.agent_units import AGENT_UNITS, phone_units, timed_phones
from engine.voice.hibari_network import PHONE_STEP_MS
from models.speech.agent_speech import AgentSpeech
from models.voice.told_lengths import retimed, told_speech

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
