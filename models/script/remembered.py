"""Facts that users tell about themselves and ask for later in the conversation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from models.script.scene import Memory, Scene, single, then
from models.script.starter_0_2 import NAMES
from models.script.sums import number_words


@dataclass(frozen=True)
class Fact:
    """A fact that the user can tell; ``{}`` stands for its value."""

    name: str
    values: tuple[str, ...]
    tells: tuple[str, ...]
    thanks: str
    asks: tuple[str, ...]
    answer: str
    unknown: str
    corrections: tuple[str, ...] = ("no i said {}", "no i meant {}", "i said {}")


FACTS = (
    Fact("name", tuple(NAMES), ("my name is {}", "you can call me {}", "i am called {}"),
         "nice to meet you {}",
         ("what is my name", "do you know my name", "what am i called", "who am i"),
         "your name is {}", "you have not told me your name",
         ("no my name is {}", "no i said {}", "no i am {}")),
    Fact("number", tuple(number_words(number) for number in range(0, 21)),
         ("remember the number {}", "please remember the number {}", "keep the number {} in mind"),
         "i will remember {}",
         ("what was the number", "which number did i tell you", "do you remember the number"),
         "the number was {}", "you have not told me a number"),
    Fact("colour", ("red", "blue", "green", "yellow", "white", "orange"),
         ("my favourite colour is {}", "i like {} best", "the colour i like best is {}"),
         "{} is a beautiful colour",
         ("what is my favourite colour", "which colour do i like best"),
         "your favourite colour is {}", "you have not told me your colour"),
    Fact("home", ("london", "paris", "rome", "berlin", "madrid", "tokyo"),
         ("i live in {}", "my home is in {}", "i am from {}"), "{} is a fine city",
         ("where do i live", "where am i from", "what is my city"),
         "you live in {}", "you have not told me your city"),
    Fact("pet", ("dog", "cat", "horse", "rabbit", "parrot"),
         ("i have a {}", "my pet is a {}", "there is a {} in my house"), "a {} is a good friend",
         ("what pet do i have", "which animal do i have", "do you remember my pet"),
         "your pet is a {}", "you have not told me of a pet"),
)  # fmt: skip


def _tell(fact: Fact, value: str) -> Scene:
    users = tuple(tell.format(value) for tell in fact.tells)
    scene = single(fact.name, fact.thanks.format(value), *users)
    return replace(scene, facts=((fact.name, value),))


def _correct(fact: Fact, first: str, meant: str) -> Scene:
    users = tuple(correction.format(meant) for correction in fact.corrections)
    scene = then(_tell(fact, first), f"{fact.name} correction", fact.thanks.format(meant), *users)
    return replace(scene, facts=((fact.name, meant),))


def recall(fact: Fact, memory: Memory) -> Scene:
    """The user asks for a fact, whether it was told or not."""
    value = memory.get(fact.name)
    if value is None:
        return single(f"unknown {fact.name}", fact.unknown, *fact.asks)
    return single(f"my {fact.name}", fact.answer.format(value), *fact.asks)


@cache
def statements() -> tuple[Scene, ...]:
    """Every fact as it is told, and as it is told and corrected at once."""
    told = [_tell(fact, value) for fact in FACTS for value in fact.values]
    corrected = [
        _correct(fact, first, meant)
        for fact in FACTS
        for first, meant in zip(fact.values, fact.values[1:] + fact.values[:1], strict=True)
    ]
    return (*told, *corrected)


@cache
def scenes() -> tuple[Scene, ...]:
    """Every fact: told; told and asked for; asked for but never told."""
    made = list(statements())
    for scene in statements():
        fact = next(fact for fact in FACTS if fact.name == scene.facts[0][0])
        (asked,) = recall(fact, Memory().after(scene)).turns
        made.append(then(scene, asked.intent, asked.agent, *asked.users))
    return (*made, *(recall(fact, Memory()) for fact in FACTS))
