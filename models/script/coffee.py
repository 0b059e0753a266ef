"""Coffee orders: what can be ordered, how people say it, and how the agent repeats it.

The slots, values and sentence patterns are those of the Picovoice speech-to-intent benchmark
(Apache-2.0), so that the agent can answer its recordings of strangers. The agent repeats an order
in one canonical wording, and every slot can be parsed from it. There are some 400,000 orders.
Training has a fixed random sample of them. Of the orders with three slots or more beside the drink,
one in twenty is held out of all training.
"""

from __future__ import annotations

import itertools
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from functools import cache

from models.script.scene import Scene, single, then

DRINKS = (
    "americano", "cappuccino", "espresso", "iced mocha", "latte", "mocha", "coffee", "drip coffee",
    "house coffee", "iced coffee",
)  # fmt: skip
SIZES = ("small", "medium", "large", "eight ounce", "twelve ounce", "sixteen ounce", "twenty ounce")
SHOTS = ("single shot", "double shot", "triple shot")
ROASTS = ("light roast", "medium roast", "dark roast")
MILKS = ("milk", "skim milk", "whole milk", "soy milk", "almond milk", "cream")
SUGARS = ("sugar", "brown sugar", "sweetener")
AMOUNTS = {
    "": ("",),
    "some ": ("some ",),
    "a little ": ("a bit of ", "a little bit of "),
    "a lot of ": ("a lot of ", "lots of "),
}
"""The agent's words for an amount, with the user's words for it."""

ORDERS = 3000
"""Number of orders in the sample for training."""
WORDINGS = 2
"""Number of sentences that ask for each of them."""
_CORRECTED = 400
_SLOT_SHARE = 0.5
"""Of orders that name a slot: in the recordings about half do, for every slot."""
_BARE_SHARE = 0.5
"""Of milk and sugar without an amount, as in the recordings."""
_HELD_OUT_ONE_IN = 20
_HELD_OUT_SLOTS = 3
_SEED = 5

OPENINGS = (
    "brew", "can i get", "can i have", "i want", "get me", "give me", "i would like", "make me",
    "may i have",
)  # fmt: skip
_RECALLS = ("what did i order", "can you repeat my order", "what was my order")


@dataclass(frozen=True)
class Order:
    """An order of one cup. Unnamed slots are empty; milk and sugar include the amount."""

    drink: str
    size: str = ""
    roast: str = ""
    shots: str = ""
    milk: str = ""
    sugar: str = ""

    @property
    def slots(self) -> int:
        """Number of named slots beside the drink."""
        return sum(bool(value) for value in astuple(self)) - 1

    def reply(self) -> str:
        """The agent's canonical wording."""
        cup = ["one", self.size, self.roast, self.shots, self.drink]
        sides = " and ".join(side for side in (self.milk, self.sugar) if side)
        return " ".join(part for part in cup if part) + (f" with {sides}" if sides else "")


def _one_of(values: tuple[str, ...]) -> str:
    return "|".join(sorted(values, key=len, reverse=True))


_MILK = f"(?:{_one_of(tuple(AMOUNTS))})(?:{_one_of(MILKS)})"
_SUGAR = f"(?:{_one_of(tuple(AMOUNTS))})(?:{_one_of(SUGARS)})"
_REPLY = re.compile(
    f"one (?:(?P<size>{_one_of(SIZES)}) )?(?:(?P<roast>{_one_of(ROASTS)}) )?"
    f"(?:(?P<shots>{_one_of(SHOTS)}) )?(?P<drink>{_one_of(DRINKS)})"
    f"(?: with (?P<milk>{_MILK}))?(?: (?:with|and) (?P<sugar>{_SUGAR}))?"
)


def parse_order(reply: str) -> Order | None:
    """Parse a reply in the canonical wording; None where it is not one."""
    match = _REPLY.fullmatch(reply)
    if match is None:
        return None
    order = Order(**{name: value or "" for name, value in match.groupdict().items()})
    return order if order.reply() == reply else None


_LABELS = {
    "coffeeDrink": "drink", "size": "size", "roast": "roast", "numberOfShots": "shots",
    "milkAmount": "milk", "sugarAmount": "sugar",
}  # fmt: skip


def canonical(spoken: str) -> str:
    """Milk or sugar with the agent's words for the amount."""
    for amount, ways in AMOUNTS.items():
        for way in ways:
            if way and spoken.startswith(way):
                return amount + spoken.removeprefix(way)
    return spoken


def order_of_label(label: str) -> Order:
    """Parse a recording's label (``coffeeDrink=latte; size=large``).

    Raises KeyError at an unknown slot.
    """
    spoken = as_spoken(label)
    return replace(spoken, milk=canonical(spoken.milk), sugar=canonical(spoken.sugar))


def as_spoken(label: str) -> Order:
    """The same, with the speaker's own words for amounts."""
    pairs = (entry.strip().split("=") for entry in label.split(";"))
    return Order(**{_LABELS[name]: value for name, value in pairs})


def ways_to_say(order: Order) -> list[str]:
    """All word orders of an order; the words for amounts stay those of ``order``."""
    named = [value for value in (order.size, order.roast, order.shots) if value]
    sides = [side for side in (order.milk, order.sugar) if side]
    cups = [" ".join([*before, order.drink]) for before in itertools.permutations(named)]
    withs = [
        f" with {' and '.join(some)}" if some else "" for some in itertools.permutations(sides)
    ]
    return [cup + side for cup in cups for side in withs]


def ways_to_ask(what: str) -> list[str]:
    """All sentences that ask for ``what``, a result of ``ways_to_say``."""
    return [
        " ".join(word for word in (opening, article, what, please) if word)
        for opening in OPENINGS
        for article in ("a", "an", "")
        for please in ("", "please")
    ]


def held_out(order: Order) -> bool:
    """Whether the order is held out of all training, in every voice."""
    chance = zlib.crc32(order.reply().encode()) % _HELD_OUT_ONE_IN
    return order.slots >= _HELD_OUT_SLOTS and chance == 0


def draw_order(rng: random.Random) -> Order:
    """Draw an order. Each slot is named as often as in the recordings."""

    def maybe(values: tuple[str, ...]) -> str:
        return rng.choice(values) if rng.random() < _SLOT_SHARE else ""

    def amount() -> str:
        return "" if rng.random() < _BARE_SHARE else rng.choice([*AMOUNTS][1:])

    size, roast, shots = maybe(SIZES), maybe(ROASTS), maybe(SHOTS)
    milk, sugar = (side and amount() + side for side in (maybe(MILKS), maybe(SUGARS)))
    return Order(rng.choice(DRINKS), size, roast, shots, milk, sugar)


def word_order(order: Order, rng: random.Random) -> str:
    """Draw one of the many sentences that ask for an order."""

    def said(side: str) -> str:
        amount = max((a for a in AMOUNTS if side.startswith(a)), key=len)
        return rng.choice(AMOUNTS[amount]) + side.removeprefix(amount)

    before = [value for value in (order.size, order.roast, order.shots) if value]
    rng.shuffle(before)
    cup = " ".join([*before, order.drink])
    sides = [said(side) for side in (order.milk, order.sugar) if side]
    rng.shuffle(sides)
    article = "an" if cup[0] in "aeiou" else "a"
    words = [rng.choice(OPENINGS), rng.choice((article, article, "")), cup]
    if sides:
        words.append(f"with {' and '.join(sides)}")
    if rng.random() < 0.2:
        words.append("please")
    return " ".join(word for word in words if word)


@cache
def sample() -> tuple[tuple[Order, tuple[str, ...]], ...]:
    """The orders in training, each with the sentences that ask for it."""
    rng = random.Random(_SEED)
    plain = (Order(drink) for drink in DRINKS)
    drawn = (draw_order(rng) for _ in itertools.count())
    orders: dict[Order, None] = {}
    for order in itertools.chain(plain, drawn):
        if not held_out(order):
            orders[order] = None
        if len(orders) == ORDERS:
            break
    return tuple((order, _wordings(order, rng)) for order in orders)


def _wordings(order: Order, rng: random.Random) -> tuple[str, ...]:
    ways: dict[str, None] = {}
    while len(ways) < WORDINGS:
        ways[word_order(order, rng)] = None
    return tuple(ways)


def order_scene(order: Order, users: tuple[str, ...]) -> Scene:
    """The scene in which the user orders."""
    return single("coffee order", order.reply(), *users)


def _with_one_changed(order: Order) -> Iterator[tuple[str, Order]]:
    """(value, changed order) for each value of every named slot."""
    for value in DRINKS:
        yield value, replace(order, drink=value)
    for value in SIZES if order.size else ():
        yield value, replace(order, size=value)
    for value in ROASTS if order.roast else ():
        yield value, replace(order, roast=value)
    for value in SHOTS if order.shots else ():
        yield value, replace(order, shots=value)


@cache
def scenes() -> tuple[Scene, ...]:
    """Orders, questions for the order, and corrections whose result is in the sample, too."""
    rng = random.Random(_SEED + 2)
    plain = [order_scene(order, users) for order, users in sample()]
    recalled = [
        then(scene, "order recall", scene.turns[0].agent, *_RECALLS) for scene in plain[:_CORRECTED]
    ]
    known = {order for order, _ in sample()}
    corrected: list[Scene] = []
    for order, users in rng.sample(sample(), len(sample())):
        others = [
            (value, changed)
            for value, changed in _with_one_changed(order)
            if changed in known - {order}
        ]
        if others and len(corrected) < _CORRECTED:
            value, changed = rng.choice(others)
            users_then = (f"no i said {value}", f"no i meant {value}", f"make that {value}")
            scene = order_scene(order, users)
            corrected.append(then(scene, "order correction", changed.reply(), *users_then))
    return (*plain, *recalled, *corrected)
