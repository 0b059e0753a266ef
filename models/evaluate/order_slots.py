"""Reads the slots of a coffee order from the agent's reply: from its words or from its units."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from models.evaluate.sentence_matcher import SentenceMatcher, plain_sentences
from models.script import coffee
from models.script.coffee import Order

_VALUES = {
    "drink": coffee.DRINKS,
    "size": ("", *coffee.SIZES),
    "roast": ("", *coffee.ROASTS),
    "shots": ("", *coffee.SHOTS),
    "milk": ("", *(amount + milk for amount in coffee.AMOUNTS for milk in coffee.MILKS)),
    "sugar": ("", *(amount + sugar for amount in coffee.AMOUNTS for sugar in coffee.SUGARS)),
}


def one_slot_apart(order: Order) -> dict[str, list[Order]]:
    """For each slot, the orders that differ in that slot alone."""
    return {
        slot: [replace(order, **{slot: value}) for value in values if value != _slot(order, slot)]
        for slot, values in _VALUES.items()
    }


def order_in_words(words: str) -> Order | None:
    """The longest part of the words that is an order; None where no part is."""
    said = words.split()
    starts = [index for index, word in enumerate(said) if word == "one"]
    parts = ((start, end) for start in starts for end in range(start + 1, len(said) + 1))
    for start, end in sorted(parts, key=lambda part: part[0] - part[1]):
        order = coffee.parse_order(" ".join(said[start:end]))
        if order is not None:
            return order
    return None


def order_in_units(frames: np.ndarray, right: Order, matcher: SentenceMatcher) -> Order | None:
    """The order that the units are nearest to; None where they are nearer to another answer, or
    near to nothing.

    There are too many orders to compare with all of them. So the search begins at the right order
    and moves to the nearest order that differs in one slot, as long as that is nearer.
    """
    order = right
    others = plain_sentences()
    for _ in _VALUES:
        near = {one.reply(): one for some in one_slot_apart(order).values() for one in some}
        said, _ = matcher.nearest(frames, [*others, *near], sure=[order.reply()])
        if said == order.reply():
            return order
        if said not in near:
            return None
        order, others = near[said], ()
    return order


def slots_right(label: Order, said: Order | None) -> dict[str, bool]:
    """For each slot that the label names, whether the agent repeated it."""
    named = {slot: value for slot, value in asdict(label).items() if value}
    return {slot: said is not None and _slot(said, slot) == named[slot] for slot in named}


def _slot(order: Order, slot: str) -> str:
    value: str = getattr(order, slot)
    return value
