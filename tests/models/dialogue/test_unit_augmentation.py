"""Augmented utterances stay the same utterance: words keep their order and most of their units."""

from __future__ import annotations

import numpy as np

from models.dialogue.unit_augmentation import accented, augmented_utterance
from models.dialogue.unit_store import UnitUtterance

SPEECH = UnitUtterance(
    "flite:slt",
    np.repeat(np.arange(20), 4).astype(np.int16),
    8,
    72,
    (("good", 8, 24), ("morning", 24, 72)),
)
CONFUSABLE_COUNT = np.repeat(np.arange(124, dtype=np.int16)[:, None], 4, axis=1)
CONFUSABLE_COUNT[:20] += 100 + np.arange(4, dtype=np.int16)


def test_pace_and_units_vary_while_words_keep_their_place() -> None:
    rng = np.random.default_rng(0)
    made = [augmented_utterance(SPEECH, CONFUSABLE_COUNT, rng) for _ in range(200)]
    lengths = [len(one.units) for one in made]
    assert min(lengths) < 66 and max(lengths) > 94
    assert 74 < np.mean(lengths) < 86
    with_unit_errors = np.mean([(one.units >= 100).mean() for one in made])
    assert (
        0.19 < with_unit_errors < 0.24
    )  # a seventh of the units, 6 % of stretches and 3 % of frames
    for one in made:
        assert one.units.dtype == np.int16
        (good, a, b), (morning, c, d) = one.words
        assert (good, morning) == ("good", "morning")
        assert (one.onset, one.offset) == (a, d) and a < b == c < d <= len(one.units)
        heard = np.where(one.units >= 100, -1, one.units)
        # Units 2 to 5 are the first word's.
        assert set(heard[a:b]) <= {-1, 2, 3, 4, 5} and set(heard[:a]) <= {-1, 0, 1}
        assert set(heard[c:d]) <= {-1, *range(6, 18)}


def test_a_speaker_always_says_a_unit_like_the_same_other() -> None:
    rng = np.random.default_rng(0)
    twice = np.tile(np.arange(20, dtype=np.int16), 2)
    made = [accented(twice, CONFUSABLE_COUNT, rng) for _ in range(200)]
    assert all((one[:20] == one[20:]).all() for one in made)
    changed = [np.mean(one != twice) for one in made]
    assert 0.12 < np.mean(changed) < 0.16
    assert min(changed) == 0 and max(changed) > 0.2
