"""Arithmetic as it is spoken: reads a sum out of words in the plain form of `heard_words`. Pure.

Exact where the numbers are (fractions of whole numbers); a square root is a floating-point number.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from engine.assistant.in_words import number

_LARGEST = Fraction(10**30)
_MOST_EXPONENT = 400
_ASKED = re.compile(
    r"^(?:what (?:is|are|does)|how much (?:is|are|does)|calculate|compute|work out|tell me|solve|"
    r"do you know what|what do you get (?:if you|when you|for)|can you (?:calculate|do))\s+"
    r"(?:the (?:result|answer) (?:of|to) |the )?"
)
_TAIL = re.compile(r"\s+(?:equal|equals|make|is|give|come to|equal to)$")
_ORDERS = (
    # Requests that name the operation first.
    (r"add (.+) (?:and|to) (.+)", r"\1 plus \2"),
    (r"subtract (.+) from (.+)", r"\2 minus \1"),
    (r"multiply (.+) (?:by|with|and) (.+)", r"\1 times \2"),
    (r"divide (.+) by (.+)", r"\1 divided by \2"),
    (r"sum of (.+) and (.+)", r"\1 plus \2"),
    (r"product of (.+) and (.+)", r"\1 times \2"),
    (r"difference between (.+) and (.+)", r"\1 minus \2"),
    (r"(.+) (?:raised )?to the (\d+)(?:st|nd|rd|th)(?: power)?", r"\1 to the power of \2"),
    (r"(.+) (?:percent|%) off (.+)", r"\2 minus \1 percent"),
    (r"(?:a )?(.+) (?:percent|%) tip (?:on|for|of) (.+)", r"\1 percent of \2"),
)
_ASKED_ORDERS = (
    # Only where a sum is asked for: "five and five" is many things.
    (r"(\d[\d.]*) and (\d[\d.]*)", r"\1 plus \2"),
    (r"(?:double|twice) (\d[\d.]*)", r"2 times \1"),
    (r"triple (\d[\d.]*)", r"3 times \1"),
)
_PARTS = {"half": 2, "halves": 2, "3th": 3, "third": 3, "quarter": 4, "4th": 4, "fourth": 4,
          "5th": 5, "fifth": 5, "6th": 6, "sixth": 6, "7th": 7, "seventh": 7, "8th": 8,
          "eighth": 8, "9th": 9, "ninth": 9, "10th": 10, "tenth": 10}  # fmt: skip
_SHARE = re.compile(rf"(?<![\w.])(\d+|an?) ({'|'.join(_PARTS)})s? of (?=\w)")
_HOMOPHONES = {"for": "4", "to": "2", "too": "2", "won": "1", "ate": "8"}
_SIGN = r"(?:plus|minus|times|divided by|multiplied by)"
_HOMOPHONE = (
    re.compile(rf"\b({_SIGN} )(for|to|too|won|ate)(?= {_SIGN}\b|$)"),
    re.compile(rf"^()(for|to|too|won|ate)(?= {_SIGN}\b)"),
)
_DATE = re.compile(r"what is \d+/\d+")
_TOKENS = (
    ("multiplied by", "*"), ("divided by", "/"), ("to the power of", "^"), ("raised to", "^"),
    ("the square root of", "sqrt"), ("square root of", "sqrt"), ("root of", "sqrt"),
    ("percent of", "%of"), ("half of", "0.5 *"), ("0.5 of", "0.5 *"),
    ("0.25 of", "0.25 *"), ("0.75 of", "0.75 *"),
    ("plus", "+"), ("minus", "-"), ("take away", "-"),
    ("times", "*"), ("over", "/"), ("squared", "^ 2"),
    ("cubed", "^ 3"), ("percent", "%"), ("/", " / "),
)  # fmt: skip
_TOKENS_COMPILED = [
    (re.compile(rf"(?<!\w){re.escape(spoken)}(?!\w)" if spoken != "/" else "/"), token)
    for spoken, token in _TOKENS
]
_WORD = r"(?:\d+(?:\.\d+)?|\+|-|\*|/|\^|sqrt|%of|%)"


def sum_in(words: str) -> str | None:
    """The sum as tokens ("17 * 23") if the words ask for one and say nothing else; else None."""
    said = _TAIL.sub("", _ASKED.sub("", words))
    if _DATE.fullmatch(words):
        return None  # "what is 9/11?"
    if said != words:
        said = said.replace(" dash ", " minus ")
        for pattern, order in _ASKED_ORDERS:
            said = re.sub(rf"^{pattern}$", order, said)
        for homophone in _HOMOPHONE:
            said = homophone.sub(lambda found: found[1] + _HOMOPHONES[found[2]], said)
    elif "/" in said:
        return None  # "9/10" is a mark
    for pattern, order in _ORDERS:
        if re.fullmatch(pattern, said):
            said = re.sub(pattern, order, said)
            break
    said = re.sub(r"\b(\d+)/(\d+) of\b", r"\1 over \2 times", said)
    said = _SHARE.sub(
        lambda found: f"{'1' if found[1][0] == 'a' else found[1]} over {_PARTS[found[2]]} times ",
        said,
    )
    if not any(sign.isdecimal() for sign in said):
        return None
    for spoken, token in _TOKENS_COMPILED:
        said = spoken.sub(f" {token} ", said)
    said = " ".join(said.split())
    if words.startswith("what is the difference between") and re.fullmatch(
        r"[\d.]+ - [\d.]+", said
    ):
        smaller, larger = sorted(said.split(" - "), key=float)
        said = f"{larger} - {smaller}"
    if not re.fullmatch(rf"{_WORD}(?: {_WORD})*", said) or not re.search(r"[-+*/^%a-z]", said):
        return None
    if re.fullmatch(r"(?:- )*[\d.]+ ?%?", said):
        return None  # a number alone
    try:
        _Reader(said.split()).value()
    except _NoSumError:
        return None
    except (ZeroDivisionError, OverflowError, ValueError):
        pass  # a sum, if one without an answer
    return said


def answer(tokens: str) -> str:
    """The result of `sum_in`, as a spoken sentence; of an impossible one what is impossible."""
    try:
        value = _Reader(tokens.split()).value()
    except ZeroDivisionError:
        return "Nothing can be divided by zero."
    except OverflowError:
        return "That number is too large for me."
    except ValueError:
        return "A negative number has no square root among the real numbers."
    exact = value.denominator == 1
    rounded = number(int(value) if exact else float(value))
    close = exact or abs(Fraction(str(round(float(value), 3))) - value) < Fraction(1, 10**9)
    return f"That is {'' if close else 'about '}{rounded}."


class _NoSumError(Exception):
    """The tokens are no sum."""


class _Reader:
    """Reads tokens from left to right, times before plus; for one sum."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._index = 0

    def value(self) -> Fraction:
        value = self._sum()
        if self._next():
            raise _NoSumError
        return value

    def _next(self) -> str:
        return self._tokens[self._index] if self._index < len(self._tokens) else ""

    def _take(self, *tokens: str) -> str:
        token = self._next()
        if token and token in tokens:
            self._index += 1
            return token
        return ""

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            more = self._product()
            if self._take("%"):  # as on a calculator: 80 plus 15 percent is 92
                more = value * more / 100
            value = _bounded(value + more if sign == "+" else value - more)
        return value

    def _product(self) -> Fraction:
        value = self._power()
        while sign := self._take("*", "/", "%of"):
            more = self._power()
            value = value / more if sign == "/" else value * more
            value = _bounded(value / 100 if sign == "%of" else value)
        return value

    def _power(self) -> Fraction:
        if self._take("-"):
            return -self._power()
        if self._take("sqrt"):
            value = self._power()
            exact = _exact_root(value)
            return exact if exact is not None else Fraction(math.sqrt(value))
        value = self._number()
        while self._take("^"):
            exponent = self._number()
            if exponent.denominator != 1 or exponent > _MOST_EXPONENT:
                raise OverflowError
            value = _bounded(value ** int(exponent))
        return value

    def _number(self) -> Fraction:
        token = self._next()
        if not re.fullmatch(r"[\d.]+", token):
            raise _NoSumError
        self._index += 1
        return _bounded(Fraction(token))


def _bounded(value: Fraction) -> Fraction:
    if abs(value) > _LARGEST:
        raise OverflowError
    return value


def _exact_root(value: Fraction) -> Fraction | None:
    if value < 0:
        raise ValueError("negative")
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None
