"""Nobody is heard in two splits, and what is kept out stays kept out."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from models.corpora.call import Call, Remark
from models.corpora.speaker_splits import LEFT_OUT, SPLITS, place, split_calls
from models.dialogue.recorded_dialogues import TEST, TRAINING, VALIDATION


def _no_sound(_: Remark) -> Iterator[np.ndarray]:
    raise AssertionError("the sound is not read")


def _calls(count: int, people: int, seed: int = 0) -> list[Call]:
    rng = random.Random(seed)
    pairs = [rng.sample(range(people), 2) for _ in range(count)]
    return [
        Call(f"{seed}-{number}", (str(first), str(second)), _no_sound)
        for number, (first, second) in enumerate(pairs)
    ]


def test_shares_are_as_told_and_speakers_are_apart() -> None:
    # As many calls and people as Fisher has.
    calls = _calls(11_699, 11_971)
    splits = split_calls(calls)
    assert sorted(name for split in SPLITS for name in splits[split]) == sorted(
        call.id for call in calls
    )
    shares = {split: len(names) / len(calls) for split, names in splits.items()}
    assert 0.007 < shares[TEST] < 0.013 and 0.007 < shares[VALIDATION] < 0.013
    assert shares[LEFT_OUT] < 0.08
    by_id = {call.id: set(call.speakers) for call in calls}
    heard = {split: set().union(*(by_id[n] for n in splits[split])) for split in SPLITS[:3]}
    assert not heard[TRAINING] & (heard[VALIDATION] | heard[TEST])
    assert not heard[VALIDATION] & heard[TEST]


def test_the_order_of_calls_and_of_speakers_does_not_matter() -> None:
    calls = _calls(3_000, 3_000)
    turned = [Call(call.id, call.speakers[::-1], call.sound) for call in reversed(calls)]
    one, other = split_calls(calls), split_calls(turned)
    assert all(sorted(one[split]) == sorted(other[split]) for split in SPLITS)


def test_new_calls_bring_nothing_that_was_kept_out_into_training() -> None:
    first, more = _calls(3_000, 3_000), _calls(3_000, 3_000, seed=1)
    before, after = split_calls(first), split_calls(first + more)
    kept_out = {*before[TEST], *before[VALIDATION]}
    assert kept_out and not kept_out & set(after[TRAINING])


def test_two_people_who_talk_again_stay_together() -> None:
    tested = next(
        (str(number), "b") for number in range(10_000) if place((str(number), "b")) < 0.01
    )
    third = next(name for name in map(str, range(100)) if place(("b", name)) > 0.02)
    calls = [
        Call("x", tested, _no_sound),
        Call("y", tested[::-1], _no_sound),
        Call("z", ("b", third), _no_sound),
    ]
    assert split_calls(calls) == {TEST: ["x", "y"], VALIDATION: [], TRAINING: [], LEFT_OUT: ["z"]}
