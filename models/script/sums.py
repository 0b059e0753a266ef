"""Arithmetic with small numbers, with follow-ups on the result and corrections."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache

from models.script.scene import Scene, single, then

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
DIGITS = range(1, 10)
_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "plus": operator.add, "minus": operator.sub, "times": operator.mul,
}  # fmt: skip
_FOLLOW_UPS = (("times", 2), ("plus", 1), ("minus", 1))
_LARGEST = 99


def number_words(number: int) -> str:
    """Spell out a number from 0 to 99."""
    if number < len(_SMALL):
        return _SMALL[number]
    ten, rest = divmod(number, 10)
    return _TENS[ten - 2] + (f" {_SMALL[rest]}" if rest else "")


def _answer(number: int) -> str:
    return f"that makes {number_words(number)}"


def _ask(word: str, first: int, second: int) -> Scene:
    sum_ = f"{number_words(first)} {word} {number_words(second)}"
    intent = {"plus": "sum", "minus": "difference", "times": "product"}[word]
    result = _OPERATIONS[word](first, second)
    return single(intent, _answer(result), f"what is {sum_}", f"how much is {sum_}", sum_)


def _follow_ups(scene: Scene, result: int) -> list[Scene]:
    continued = []
    for word, operand in _FOLLOW_UPS:
        changed = _OPERATIONS[word](result, operand)
        if 0 <= changed <= _LARGEST:
            step = f"{word} {number_words(operand)}"
            users = (step, f"and {step}", f"now {step}")
            continued.append(then(scene, f"result {step}", _answer(changed), *users))
    return continued


@cache
def scenes() -> tuple[Scene, ...]:
    """Every calculation, its follow-ups, and every correction of its second number."""
    made = []
    for word, calculate in _OPERATIONS.items():
        for first in DIGITS:
            for second in DIGITS:
                if calculate(first, second) < 0:
                    continue
                scene = _ask(word, first, second)
                made += [scene, *_follow_ups(scene, calculate(first, second))]
                for meant in DIGITS:
                    if meant != second and calculate(first, meant) >= 0:
                        answer, said = _answer(calculate(first, meant)), number_words(meant)
                        users = (f"no i said {said}", f"no i meant {said}", f"i said {said}")
                        made.append(then(scene, "number correction", answer, *users))
    for number in range(1, 21):
        words = number_words(number)
        double = (f"what is twice {words}", f"what is the double of {words}", f"double {words}")
        made.append(single("double", _answer(2 * number), *double))
        if number % 2 == 0:
            half = (f"what is half of {words}", f"how much is half of {words}", f"half of {words}")
            made.append(single("half", _answer(number // 2), *half))
    return tuple(made)
