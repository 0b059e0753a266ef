"""In concatenated orders units, words and reply agree."""

from __future__ import annotations

import random

import numpy as np
import pytest

from models.dialogue.order_concatenation import (
    SpokenOrder,
    concatenate_orders,
    find_phrase,
    with_slot_of,
)
from models.dialogue.unit_store import UnitUtterance
from models.script import coffee
from models.script.coffee import Order


def spoken(sentence: str, first_unit: int, said: Order) -> SpokenOrder:
    """Three units for each word, counted up from ``first_unit``, between two of silence."""
    words = sentence.split()
    units = np.r_[0, 0, first_unit + np.arange(3 * len(words)), 0, 0].astype(np.int16)
    spans = tuple((word, 2 + 3 * i, 5 + 3 * i) for i, word in enumerate(words))
    return SpokenOrder(UnitUtterance("picovoice", units, 2, len(units) - 2, spans), said)


LATTE = spoken("i want a large latte please", 100, Order("latte", "large"))
MOCHA = spoken("make me a twelve ounce iced mocha", 200, Order("iced mocha", "twelve ounce"))


def test_a_slots_words_are_taken_whole() -> None:
    made = with_slot_of(LATTE, MOCHA, "drink")
    assert made.order.reply() == "one large iced mocha"
    heard = made.speech
    assert " ".join(word for word, _, _ in heard.words) == "i want a large iced mocha please"
    assert heard.units.tolist() == [
        0, 0, *range(100, 112), *range(215, 221), *range(115, 118), 0, 0,
    ]  # fmt: skip
    for word, onset, offset in heard.words:
        source = MOCHA if word in ("iced", "mocha") else LATTE
        (first,) = (a for name, a, _ in source.speech.words if name == word)
        assert heard.units[onset:offset].tolist() == source.speech.units[first : first + 3].tolist()
    assert heard.offset == heard.words[-1][2]


def test_what_is_spliced_is_an_order_that_training_may_know() -> None:
    rng = random.Random(0)
    made = concatenate_orders([LATTE, MOCHA], 30, rng)
    assert len(made) == 30
    assert {order.order.reply() for order in made} == {
        "one large latte", "one twelve ounce latte", "one large iced mocha",
        "one twelve ounce iced mocha",
    }  # fmt: skip
    for order in made:
        assert not coffee.held_out(order.order)
        text = " ".join(word for word, _, _ in order.speech.words)
        assert order.said.size in text and order.said.drink in text


def test_words_that_stand_twice_are_not_spliced() -> None:
    twice = spoken("a medium roast medium latte", 0, Order("latte", "medium", "medium roast"))
    with pytest.raises(ValueError, match="no order"):
        concatenate_orders([twice], 1, random.Random(0))


def test_a_phrase_is_found_among_words() -> None:
    assert find_phrase("soy milk", "a latte with soy milk please".split()) == slice(3, 5)
    with pytest.raises(ValueError, match="not among"):
        find_phrase("oat milk", ["a", "latte"])
