"""Cuts for the naturalness metre: 4 to 7 s of whole sentences, short ones joined with pauses.

The metre rates short cuts lower, whatever is said, so only cuts of about one length can be
compared. Pure functions on sounds at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.sound.level import levels_db
from engine.sound.turn_taking import voice_activity
from engine.timebase import SAMPLE_RATE_HZ

LEAST_S, MOST_S, PAUSE_S = 4.0, 7.0, 0.25


def group_lengths(lengths_s: Sequence[float]) -> list[list[int]]:
    """Indices of the sentences of each cut, in order, each sentence once.

    A sentence that fits in no cut, and a last group that is too short, are left out.
    """
    cuts: list[list[int]] = []
    group: list[int] = []
    total = 0.0
    for index, length in enumerate(lengths_s):
        if length > MOST_S:
            continue
        longer = total + PAUSE_S * bool(group) + length
        if longer > MOST_S:
            group, longer = [], length
        group, total = [*group, index], longer
        if total >= LEAST_S:
            cuts.append(group)
            group, total = [], 0.0
    return cuts


def joined(sounds: Sequence[np.ndarray]) -> np.ndarray:
    """The sounds one after another, float32 (n,), with pauses between them."""
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.float32)
    parts = [part for sound in sounds for part in (pause, sound)][1:]
    return np.concatenate(parts) if parts else pause[:0]


def without_ends(sound: np.ndarray) -> np.ndarray:
    """The sound from the first to the last speech in it; all of it where there is none."""
    spans = voice_activity(levels_db(sound))
    return sound[spans[0].start_sample : spans[-1].end_sample] if spans else sound
