"""Variations stay the same utterance: its words keep their units, nearly, and their order."""

from __future__ import annotations

import numpy as np

from models.speech_store import UnitSpeech
from models.variation import varied

SPEECH = UnitSpeech(
    "flite:slt",
    np.repeat(np.arange(20), 4).astype(np.int16),
    8,
    72,
    (("good", 8, 24), ("morning", 24, 72)),
)
NEIGHBOURS = (np.arange(20)[:, None] + 100 + np.arange(4)).astype(np.int16)


def test_pace_and_units_vary_while_words_keep_their_place() -> None:
    rng = np.random.default_rng(0)
    made = [varied(SPEECH, NEIGHBOURS, rng) for _ in range(200)]
    lengths = [len(one.units) for one in made]
    assert min(lengths) < 66 and max(lengths) > 94
    assert 74 < np.mean(lengths) < 86
    misheard = np.mean([(one.units >= 100).mean() for one in made])
    assert 0.07 < misheard < 0.11  # 6 % of stretches and 3 % of frames
    for one in made:
        assert one.units.dtype == np.int16
        (good, a, b), (morning, c, d) = one.words
        assert (good, morning) == ("good", "morning")
        assert (one.onset, one.offset) == (a, d) and a < b == c < d <= len(one.units)
        heard = np.where(one.units >= 100, -1, one.units)
        # Units 2 to 5 are the first word's.
        assert set(heard[a:b]) <= {-1, 2, 3, 4, 5} and set(heard[:a]) <= {-1, 0, 1}
        assert set(heard[c:d]) <= {-1, *range(6, 18)}
