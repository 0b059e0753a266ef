"""Questions of fact: the same question about many things, with follow-ups and corrections.

The agent understands a follow-up ("and a dog?") from the question before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from models.script.scene import Scene, single, then
from models.script.starter_0_2 import BABIES, CAPITALS, COLOURS, DAYS, FOODS, OPPOSITES, SOUNDS
from models.script.sums import number_words

_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_LANGUAGES = {
    "french": "france", "italian": "italy", "spanish": "spain", "german": "germany",
    "japanese": "japan", "english": "england", "arabic": "egypt", "chinese": "china",
    "russian": "russia", "greek": "greece",
}  # fmt: skip
_CONTINENTS = {
    "france": "europe", "italy": "europe", "japan": "asia", "china": "asia", "egypt": "africa",
    "kenya": "africa", "brazil": "south america", "canada": "north america",
}  # fmt: skip
_LEGS = {"a dog": "four", "a hen": "two", "an ant": "six", "a snake": "no", "a crab": "ten"}
_HOMES = {"a bird": "nest", "a bee": "hive", "a king": "castle", "a fish": "river"}
_SEASONS = {"in summer": "hot", "in winter": "cold", "in autumn": "windy", "in spring": "mild"}
_TOOLS = {
    "cut bread": "knife", "eat soup": "spoon", "sweep the floor": "broom", "drive a nail": "hammer",
    "dig a hole": "spade",
}  # fmt: skip
_PLACES = {
    "bread": "bakery", "meat": "butcher", "flowers": "florist", "medicine": "pharmacy",
    "stamps": "post office",
}  # fmt: skip
_JOBS = {
    "a baker": "bakes bread", "a teacher": "teaches children", "a farmer": "grows food",
    "a doctor": "heals people", "a pilot": "flies planes",
}  # fmt: skip
_MADE_OF = {"bread": "flour", "cheese": "milk", "wine": "grapes", "paper": "wood", "glass": "sand"}


@dataclass(frozen=True)
class Table:
    """A question that can be asked about several things; ``{}`` stands for the thing."""

    intent: str
    values: dict[str, str]
    asks: tuple[str, ...]
    answer: str
    """``{thing}`` and ``{value}`` stand for the thing and its value."""
    named: str = "{}"
    """How a follow-up names the thing."""
    chain: tuple[str, tuple[str, ...]] | None = None
    """Intent and sentences that ask the same question about the last answer."""


def _next(words: list[str], step: int) -> dict[str, str]:
    return {word: words[(index + step) % len(words)] for index, word in enumerate(words)}


def _chain(intent: str, what: str, side: str) -> tuple[str, tuple[str, ...]]:
    users = (f"and the {what} {side} that", f"and {side} that", f"what comes {side} that")
    return intent, users


_COUNTED = [number_words(number) for number in range(0, 21)]
_LETTERS = list("abcdefghijklm")
TABLES = (
    Table("capital", CAPITALS,
          ("what is the capital of {}", "which city is the capital of {}",
           "tell me the capital of {}"), "the capital is {value}"),
    Table("sound", SOUNDS, ("what does a {} say", "what sound does a {} make", "how does a {} go"),
          "a {thing} says {value}", "a {}"),
    Table("colour of", COLOURS,
          ("what colour is {}", "which colour has {}", "tell me the colour of {}"),
          "i think it is {value}"),
    Table("opposite", OPPOSITES,
          ("what is the opposite of {}", "tell me the opposite of {}", "the opposite of {}"),
          "the opposite is {value}"),
    Table("food", FOODS, ("what does {} eat", "what does {} like to eat", "what do you feed {}"),
          "it likes to eat {value}"),
    Table("baby", BABIES,
          ("what do you call the baby of {}", "what is the baby of {} called",
           "how do you call the young of {}"), "it is called a {value}"),
    Table("day after", _next(DAYS, 1),
          ("what day comes after {}", "which day is after {}", "what is the day after {}"),
          "after it comes {value}", chain=_chain("day after that", "day", "after")),
    Table("day before", _next(DAYS, -1),
          ("what day comes before {}", "which day is before {}", "what is the day before {}"),
          "before it comes {value}", chain=_chain("day before that", "day", "before")),
    Table("month after", _next(_MONTHS, 1),
          ("what month comes after {}", "which month is after {}", "what is the month after {}"),
          "after it comes {value}", chain=_chain("month after that", "month", "after")),
    Table("month before", _next(_MONTHS, -1),
          ("what month comes before {}", "which month is before {}",
           "what is the month before {}"),
          "before it comes {value}", chain=_chain("month before that", "month", "before")),
    Table("number after", dict(pairwise(_COUNTED)),
          ("which number comes after {}", "what number is after {}", "count on from {}"),
          "after it comes {value}", chain=_chain("number after that", "number", "after")),
    Table("letter after", dict(pairwise(_LETTERS)),
          ("which letter comes after {}", "what letter is after {}", "what is the letter after {}"),
          "after it comes {value}", chain=_chain("letter after that", "letter", "after")),
    Table("language", _LANGUAGES,
          ("where do people speak {}", "where is {} spoken", "in which country do they speak {}"),
          "they speak it in {value}"),
    Table("continent", _CONTINENTS,
          ("on which continent is {}", "what continent is {} on", "where on earth is {}"),
          "it is in {value}"),
    Table("legs", _LEGS,
          ("how many legs does {} have", "how many legs has {}", "count the legs of {}"),
          "it has {value} legs"),
    Table("home of", _HOMES,
          ("where does {} live", "where does {} sleep", "what is the home of {}"),
          "it lives in a {value}"),
    Table("season", _SEASONS, ("how is the weather {}", "what is it like {}", "is it warm {}"),
          "it is {value} then"),
    Table("tool", _TOOLS,
          ("what do i need to {}", "what do you use to {}", "with what do i {}"),
          "you need a {value}"),
    Table("shop", _PLACES, ("where can i buy {}", "where do they sell {}", "where do i get {}"),
          "go to the {value}"),
    Table("job", _JOBS, ("what does {} do", "what is the work of {}", "tell me what {} does"),
          "{thing} {value}"),
    Table("made of", _MADE_OF,
          ("what is {} made of", "how do you make {}", "what do you need for {}"),
          "it is made of {value}"),
)  # fmt: skip
"""Tables of starter 0.2.0 keep their first question and their answers."""


def _answer(table: Table, thing: str) -> str:
    return table.answer.format(thing=thing, value=table.values[thing])


def _ask(table: Table, thing: str) -> Scene:
    users = tuple(ask.format(thing) for ask in table.asks)
    return single(table.intent, _answer(table, thing), *users)


def _about(scene: Scene, table: Table, other: str) -> list[Scene]:
    name = table.named.format(other)
    answer = _answer(table, other)
    on = (f"and {name}", f"what about {name}", f"and what about {name}")
    no = (f"no i said {name}", f"no i meant {name}", f"i said {name}")
    return [
        then(scene, f"and {table.intent}", answer, *on),
        then(scene, f"{table.intent} correction", answer, *no),
    ]


@cache
def scenes() -> tuple[Scene, ...]:
    """Every question: alone, with a follow-up, with a correction, and about the last answer."""
    made = []
    for table in TABLES:
        for thing, value in table.values.items():
            scene = _ask(table, thing)
            made.append(scene)
            for other in table.values:
                if other != thing:
                    made += _about(scene, table, other)
            if table.chain and value in table.values:
                intent, users = table.chain
                again = then(scene, intent, _answer(table, value), *users)
                made.append(again)
                further = table.values[value]
                if further in table.values:
                    made.append(then(again, intent, _answer(table, further), *users))
            if table.intent == "language":
                users = ("and its capital", "what is its capital", "and the capital")
                capital = f"the capital is {CAPITALS[value]}"
                made.append(then(scene, "its capital", capital, *users))
    return tuple(made)
