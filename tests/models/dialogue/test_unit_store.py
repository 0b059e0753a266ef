"""What is held out is in no training; a store that is missing is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from models.dialogue.unit_store import (
    DELAY_FRAMES,
    ORDER_FORMS,
    UnitStore,
    UnitUtterance,
    load_store,
    own_unit_shares,
    split_held_out,
)
from models.tokenizer import network
from tests.models.dialogue.test_composer import toy_store


def test_held_out_utterances_are_in_no_training() -> None:
    store = toy_store()
    text, (speech,) = next(iter(store.user.items()))
    store.user[text] = [speech, UnitUtterance("another", speech.units, speech.onset, speech.offset)]
    training, held_out = split_held_out(store)
    assert [s.voice for s in training.user[text]] == ["toy"]
    assert [s.voice for s in held_out.user[text]] == ["another"]
    assert all(training.user.values())


def test_recordings_that_are_held_out_are_in_no_training() -> None:
    def recorded(voice: int) -> UnitUtterance:
        return UnitUtterance(str(voice), np.zeros(30, np.int16), 10, 20)

    store = replace(
        toy_store(),
        orders=[(recorded(n // ORDER_FORMS), "one latte") for n in range(30 * ORDER_FORMS)],
        out_of_domain=[recorded(n) for n in range(25)],
        long_talk=[[recorded(n), recorded(n)] for n in range(10)],
        concatenated_orders=[(recorded(0), "one mocha")],
        real_words={"latte": [recorded(0)]},
    )
    training, held_out = split_held_out(store)

    def voices(of: UnitStore) -> list[set[str]]:
        phrases = [phrase for talk in of.long_talk for phrase in talk]
        return [
            {s.voice for s in some}
            for some in ([o for o, _ in of.orders], of.out_of_domain, phrases)
        ]

    for kept, out, things in zip(voices(training), voices(held_out), (30, 25, 10), strict=True):
        assert not kept & out
        assert len(kept) + len(out) == things
        assert len(out) == -(-things // 10)
    assert held_out.concatenated_orders == [] and held_out.real_words == {}
    assert training.concatenated_orders and training.real_words


def test_own_units_are_like_those_that_describe_the_same_sound() -> None:
    assert DELAY_FRAMES == network.DELAY_FRAMES
    units = np.array([0, 1, 1, 1, 0, 0, 0], np.int16)
    heard = np.array([5, 5, 5, 3, 3, 4, 5], np.int16)
    speech = UnitUtterance("toy", units, 1, 4, heard=heard)
    store = UnitStore(
        agent={"": speech}, confusable_units=np.zeros((6, 4), np.int16), own_unit_count=3
    )
    shares = own_unit_shares(store)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares[0], [0, 0, 0, 0, 0, 1], atol=1e-3)
    np.testing.assert_allclose(shares[1], [0, 0, 0, 2 / 3, 1 / 3, 0], atol=1e-3)
    np.testing.assert_allclose(shares[2], 1 / 6)  # it never comes


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="make it with duologue-train units"):
        load_store(tmp_path / "speech.pkl.gz")
