"""The probe tells phones from units as well as the units allow, of speakers it has not heard."""

from __future__ import annotations

import numpy as np

from models.evaluate.phone_probe import AROUND, LabelledUnits, told_phones, windows

PHONES, SILENCE = 6, 5


def toy(speakers: int, wrong: float, own_code: bool = False) -> list[LabelledUnits]:
    """Units that are a phone's number, but for a share of ``wrong`` ones; with a code of their own,
    each speaker numbers the phones differently."""
    rng = np.random.default_rng(0)
    made = []
    for speaker in range(speakers):
        code = rng.permutation(PHONES) if own_code else np.arange(PHONES)
        for _ in range(10):
            phones = rng.integers(0, PHONES, 60)
            units = code[phones]
            units = np.where(rng.random(60) < wrong, rng.integers(0, PHONES, 60), units)
            made.append(LabelledUnits(f"speaker {speaker}", "quiet", units, phones))
    return made


def share(utterances: list[LabelledUnits]) -> float:
    told = told_phones(utterances, PHONES, SILENCE)
    assert len(told) == len(utterances)
    return sum(one.right for one in told) / sum(one.frames for one in told)


def test_units_that_are_phones_tell_them() -> None:
    assert share(toy(4, wrong=0.0)) > 0.97


def test_units_that_are_partly_wrong_tell_less() -> None:
    assert 0.6 < share(toy(4, wrong=0.3)) < 0.85


def test_a_speaker_is_tried_on_what_the_others_taught() -> None:
    assert share(toy(4, wrong=0.0, own_code=True)) < 0.5


def test_one_speaker_is_tried_on_other_utterances() -> None:
    assert share(toy(1, wrong=0.0)) > 0.9
    assert told_phones(toy(1, wrong=0.0)[:1], PHONES, SILENCE) == []


def test_silence_and_unknown_frames_do_not_count() -> None:
    utterances = toy(2, wrong=0.0)
    utterances[0].phones_T[:10] = -1
    told = told_phones(utterances, PHONES, SILENCE)
    one = utterances[0].phones_T
    assert told[0].frames == int(((one >= 0) & (one != SILENCE)).sum())


def test_a_window_has_each_unit_at_its_place() -> None:
    units = np.array([2, 0, 1])
    dense = windows(units, 3).toarray().reshape(3, 2 * AROUND + 1, 3)
    assert dense.sum() == 9  # nothing beyond the ends
    for frame in range(3):
        for other in range(3):
            assert dense[frame, AROUND + other - frame, units[other]] == 1
