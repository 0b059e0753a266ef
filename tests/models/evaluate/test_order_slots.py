"""Orders are read slot by slot, from words and from units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import pytest

from models.edit_distance import edit_distance
from models.evaluate.order_slots import one_slot_apart, order_in_units, order_in_words, slots_right
from models.evaluate.sentence_matcher import SentenceMatcher
from models.script.coffee import Order, parse_order

LATTE = Order("latte", "large", "dark roast", "", "a little skim milk", "sugar")


def test_neighbours_differ_in_one_slot() -> None:
    found = one_slot_apart(LATTE)
    assert set(found) == {"drink", "size", "roast", "shots", "milk", "sugar"}
    for slot, orders in found.items():
        assert len(set(orders)) == len(orders)
        for order in orders:
            differing = [name for name in found if getattr(order, name) != getattr(LATTE, name)]
            assert differing == [slot]
            assert parse_order(order.reply()) == order
    assert len(found["roast"]) == 3  # two others and none


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (LATTE.reply(), LATTE),
        (f"okay {LATTE.reply()}", LATTE),
        ("one large latte with a", Order("latte", "large")),
        ("one one espresso", Order("espresso")),
        ("that makes one", None),
        ("", None),
    ],
)
def test_an_order_is_found_in_words(words: str, order: Order | None) -> None:
    assert order_in_words(words) == order


class Letters:
    """In the place of units: what is said is spelt."""

    def nearest(
        self, frames: np.ndarray, candidates: Sequence[str], sure: Iterable[str] = ()
    ) -> tuple[str | None, float]:
        said = frames.tolist()
        distances = {
            text: edit_distance(said, [ord(letter) for letter in text]) / max(len(said), len(text))
            for text in (*candidates, *sure)
        }
        best = min(distances, key=distances.__getitem__)
        return (best if distances[best] <= 0.5 else None), distances[best]


@pytest.mark.parametrize(
    "said",
    [
        LATTE,
        Order("latte", "small", "dark roast", "", "a little skim milk", "sugar"),
        Order("latte", "large", "", "", "a little skim milk", "brown sugar"),
    ],
)
def test_an_order_is_found_in_units(said: Order) -> None:
    frames = np.array([ord(letter) for letter in said.reply()])
    assert order_in_units(frames, LATTE, cast(SentenceMatcher, Letters())) == said


def test_another_answer_is_no_order() -> None:
    frames = np.array([ord(letter) for letter in "a spider has eight legs"])
    assert order_in_units(frames, LATTE, cast(SentenceMatcher, Letters())) is None


def test_only_named_slots_count() -> None:
    said = Order("latte", "small", "dark roast", "single shot", "", "sugar")
    assert slots_right(LATTE, said) == {
        "drink": True, "size": False, "roast": True, "milk": False, "sugar": True,
    }  # fmt: skip
    assert not any(slots_right(LATTE, None).values())
