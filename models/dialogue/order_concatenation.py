"""New coffee orders by concatenation of the units of people's recorded orders.

Recordings are few and hold few of the possible orders. With the words of a slot from another
recording, an order becomes a new one, in the accents and rooms of both.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

from models.dialogue.concatenation import with_words_of
from models.dialogue.unit_store import UnitUtterance
from models.script import coffee
from models.script.coffee import Order

_CONCATENATED_SHARE = 0.6
"""Share of an order's slots that are replaced."""
_SLOTS = tuple(field.name for field in fields(Order))


@dataclass(frozen=True, eq=False)
class SpokenOrder:
    """A recorded order with its words."""

    speech: UnitUtterance
    said: Order
    """In the speaker's own words for amounts."""

    @property
    def slots(self) -> dict[str, str]:
        """The slots that were named."""
        return {slot: value for slot, value in asdict(self.said).items() if value}

    @property
    def order(self) -> Order:
        """The order in the script's words for amounts."""
        milk, sugar = coffee.canonical(self.said.milk), coffee.canonical(self.said.sugar)
        return replace(self.said, milk=milk, sugar=sugar)


def concatenate_orders(
    orders: Sequence[SpokenOrder], count: int, rng: random.Random
) -> list[SpokenOrder]:
    """``count`` new orders, none of them held out; a slot's words come from one recording.

    Raises ValueError where no order is plain (``_is_plain``).
    """
    plain = [order for order in orders if _is_plain(order)]
    if not plain:
        raise ValueError("no order to splice")
    with_slot = {slot: [order for order in plain if slot in order.slots] for slot in _SLOTS}
    made: list[SpokenOrder] = []
    while len(made) < count:
        order = rng.choice(plain)
        for slot in order.slots:
            if rng.random() < _CONCATENATED_SHARE:
                order = with_slot_of(order, rng.choice(with_slot[slot]), slot)
        if _is_plain(order) and not coffee.held_out(order.order):
            made.append(order)
    return made


def _is_plain(order: SpokenOrder) -> bool:
    """Whether each slot's words occur exactly once: "medium" is both a roast and a size."""
    sentence = f" {' '.join(word for word, _, _ in order.speech.words)} "
    return all(sentence.count(f" {value} ") == 1 for value in order.slots.values())


def with_slot_of(order: SpokenOrder, other: SpokenOrder, slot: str) -> SpokenOrder:
    """``order`` with the words of ``other`` for a slot that both name."""
    out, taken = (
        find_phrase(one.slots[slot], [word for word, _, _ in one.speech.words])
        for one in (order, other)
    )
    speech = with_words_of(order.speech, out, other.speech, taken)
    return SpokenOrder(speech, replace(order.said, **{slot: other.slots[slot]}))


def find_phrase(phrase: str, words: Sequence[str]) -> slice:
    """Where a phrase's words are among ``words``.

    Raises ValueError where they are not.
    """
    looked_for = phrase.split()
    for start in range(len(words) - len(looked_for) + 1):
        if list(words[start : start + len(looked_for)]) == looked_for:
            return slice(start, start + len(looked_for))
    raise ValueError(f"{phrase!r} is not among {' '.join(words)!r}")
