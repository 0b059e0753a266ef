"""Words replaced by those of others: the text stays, each word has its speaker's units."""

from __future__ import annotations

import numpy as np

from models.dialogue.concatenation import in_others_words
from models.dialogue.unit_store import UnitUtterance

SPEECH = UnitUtterance(
    "flite:slt",
    np.r_[0, 0, 1, 1, 2, 2, 2, 3, 3, 0].astype(np.int16),
    2,
    9,
    (("what", 2, 4), ("time", 4, 7), ("now", 7, 9)),
)


def spoken(word: str, *units: int) -> UnitUtterance:
    return UnitUtterance(
        "librispeech:1", np.array(units, np.int16), 0, len(units), ((word, 0, len(units)),)
    )


OTHERS = {"what": [spoken("what", 11, 11, 11)], "now": [spoken("now", 13), spoken("now", 23, 24)]}


def test_some_words_are_said_by_others() -> None:
    rng = np.random.default_rng(0)
    made = [in_others_words(SPEECH, OTHERS, rng) for _ in range(60)]
    heard = set()
    for one in made:
        assert [word for word, _, _ in one.words] == ["what", "time", "now"]
        (what, time, now) = (tuple(one.units[a:b]) for _, a, b in one.words)
        assert what in {(1, 1), (11, 11, 11)}
        assert time == (2, 2, 2)
        assert now in {(3, 3), (13,), (23, 24)}
        assert (one.onset, one.offset) == (one.words[0][1], one.words[-1][2])
        assert one.units[:2].tolist() == [0, 0] and one.units[one.offset :].tolist() == [0]
        heard.add((what, now))
    assert len(heard) == 6
    assert SPEECH.units.tolist() == [0, 0, 1, 1, 2, 2, 2, 3, 3, 0]
