"""Words as they are spoken: brings what a recogniser writes and what was to be said to one form.

"49" and "forty-nine" are the same words, and so are "OK" and "okay". Pure functions on text.
"""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_LARGEST = 999_999_999
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_SIGNS = {"%": " percent ", "&": " and ", "+": " plus ", "=": " equals "}
_SAME = {
    "ok": "okay", "mhm": "mm hmm", "mmhmm": "mm hmm", "mmhm": "mm hmm", "mm hm": "mm hmm",
    "colour": "color", "favourite": "favorite", "grey": "gray", "neighbour": "neighbor",
    "goodbye": "good bye", "cannot": "can not",
}  # fmt: skip
_UNLIKE = re.compile("|".join(rf"\b{word}\b" for word in _SAME))


def spoken_words(text: str) -> list[str]:
    """Lower-case words without punctuation, numbers as words, apostrophes left out."""
    text = text.lower().replace("’", "'")
    text = re.sub(r"(?<=\d),(?=\d\d\d)", "", text)
    text = re.sub(r"\$(\d+)(?:\.(\d\d))?", _dollars, text)
    text = re.sub(r"(\d+)(st|nd|rd|th)\b", lambda match: ordinal(int(match[1])), text)
    text = re.sub(r"(\d+):(\d\d)", _clock_time, text)
    text = re.sub(r"(\d)\.(?=\d)", r"\1 point ", text)
    text = re.sub(r"\d+", lambda match: f" {cardinal(match[0])} ", text)
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    text = re.sub("[^a-z]+", " ", text.replace("'", "").replace(".m.", "m"))
    return _UNLIKE.sub(lambda match: _SAME[match[0]], text).split()


def cardinal(digits: str) -> str:
    """A number in words; digit by digit where it is too long or begins with a zero."""
    number = int(digits)
    if number > _LARGEST or (digits[0] == "0" and len(digits) > 1):
        return " ".join(_ONES[int(digit)] for digit in digits)
    return _in_words(number)


def ordinal(number: int) -> str:
    """The words of a rank, such as "forty second"."""
    *before, last = _in_words(number).split()
    last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return " ".join([*before, last])


def _in_words(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    for scale, name in _SCALES:
        if number >= scale:
            rest = f" {_in_words(number % scale)}" if number % scale else ""
            return f"{_in_words(number // scale)} {name}{rest}"
    rest = f" {_ONES[number % 10]}" if number % 10 else ""
    return _TENS[number // 10 - 2] + rest


def _dollars(match: re.Match[str]) -> str:
    cents = f" and {match[2]} cents" if match[2] and int(match[2]) else ""
    return f"{match[1]} dollars{cents}"


def _clock_time(match: re.Match[str]) -> str:
    minutes = int(match[2])
    return f"{match[1]} {match[2]}" if minutes else f"{match[1]} oclock"
