"""Brings a transcript to the plain form that the grammar of the actions reads.

Lower case, no punctuation, numbers as digits: "Set a timer for twenty-five minutes." becomes
"set a timer for 25 minutes". Recognisers write one number in several ways ("7:25", "seven twenty
five", "7.25 p.m."), so this form is made first. Pure; knows no action.
"""

from __future__ import annotations

import re

MOST_LETTERS = 600
"""Of a turn; what is longer is talk, not a request."""

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: value for value, word in enumerate(ONES)}
_TEN = {word: 10 * value for value, word in enumerate(TENS) if value > 1} | {"fourty": 40}
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_FRACTIONS = {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3"}

_WRITTEN = (
    # What the recogniser writes -> words. Order matters.
    (r"[’‘`´]", "'"),
    (r"(?<![a-z])([ap])\s?\.\s?m\b\.?", r"\1m"),
    (r"(\d)\s*'\s*(\d{1,2})(?!\d)(?:\s*(?:\"|''|”))?", r"\1 feet \2 inches"),
    (r"(\d)\s*o'?clock\b", r"\1 o'clock"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"\bkm/h\b", " kmh"),
    (r"(?<=\d)\s?h\b", " hours"),
    (r"°\s*c\b", " degrees celsius"),
    (r"°\s*f\b", " degrees fahrenheit"),
    (r"°", " degrees "),
    (r"%", " percent "),
    (r"[$]\s?(\d[\d.]*)", r"\1 dollars"),
    (r"(?<=\d)\s*[x×*]\s*(?=\d)", " times "),
    (r"(?<=\d)\s*÷\s*(?=\d)", " divided by "),
    (r"\+", " plus "),
    (r"(?<=\d)\s+[-−–]\s+(?=\d)", " minus "),
    (r"(?<=\d)[-−–](?=\d)", " dash "),  # a score or a range, if no sum is asked for
    (r"(?<![\w.])[-−–]\s?(?=\d)", " minus "),
    (r"[-–—]", " "),
    (r"(?<=\d)\s*:\s*(?=\d\d)", ":"),
    (r"(?<=\d)(?=(?:am|pm|km|kg|mb|gb|cm|mm|mph|min|mins|sec|secs|ml|lbs?|ft|oz|s)\b)", " "),
    (r"(\d+) (\d)/(\d)\b", r"\1 and \2/\3"),
    (r"(?<!\d)[.,:](?=\S)", " "),
    (r"[.,:](?!\d)", " "),
    (r"[^\w\s'.:/]", " "),
)
_SHORT = {
    "what's": "what is", "whats": "what is", "how's": "how is", "who's": "who is",
    "when's": "when is", "where's": "where is", "it's": "it is", "that's": "that is",
    "there's": "there is", "i'm": "i am", "i'd": "i would", "i'll": "i will", "let's": "let us",
    "don't": "do not", "didn't": "did not", "can't": "can not", "cannot": "can not",
    "you're": "you are", "we're": "we are", "they're": "they are", "i've": "i have",
    "you've": "you have", "we've": "we have", "isn't": "is not", "aren't": "are not",
    "doesn't": "does not", "haven't": "have not", "won't": "will not", "wasn't": "was not",
    "gonna": "going to", "wanna": "want to", "ok": "okay", "mins": "minutes", "min": "minutes",
    "secs": "seconds", "sec": "seconds", "hrs": "hours", "hr": "hour", "o'clock": "oclock",
    "alright": "all right", "todo": "to do", "per cent": "percent",
}  # fmt: skip
# What recognisers make of words that begin an action; each of them seen, none of them an English
# sentence of its own where the grammar looks for it.
_MISHEARD = (
    (r"\b(?:time her|tymer|timmer|timor|time or)\b", "timer"),
    (r"\b(?:a larm|alarum|allarm)\b", "alarm"),
    (r"\b(?:remained me|remind be|remind my to|rewind me to)\b", "remind me"),
    (r"\bshop(?:ping|in) (?:lists|least|lest)\b", "shopping list"),
    (r"\b(?:shopping|shop in|shopin) list\b", "shopping list"),
    (r"\bo clock\b", "oclock"),
    (r"\b(?:canceled|counsel|cancels) (?=the |my |all |that )", "cancel "),
)
# After numbers have become digits: what a number was written for, and the other way round.
_HOMOPHONES = (
    (r"\b(for|in) (?:for|four) (?=(?:seconds|minutes|hours|days|weeks)\b)", r"\1 4 "),
    (r"\b(for|in) (?:to|too) (?=(?:seconds|minutes|hours|days|weeks)\b)", r"\1 2 "),
    (r"\ba for (?=(?:second|minute|hour|day)\b)", "a 4 "),
    (r"\ba (?:to|too) (?=(?:second|minute|hour|day)\b)", "a 2 "),
    (r"\btimer 4 (?=\d+(?:\.\d+)? (?:second|minute|hour))", "timer for "),
    (r"\balarm 4 (?=\d[\d:.]*(?: \d\d)? (?:am|pm|oclock)\b)", "alarm for "),
    (r"\bremind me 2 (?!\w+ (?:times|minutes|hours))", "remind me to "),
    (r"\bnegative (?=\d)", "minus "),
    (
        r"\b(for|in|at) (?:like|about|around|roughly|maybe|exactly) "
        r"(?=\d|an? (?:second|minute|hour|half|quarter|couple)|half|quarter|noon|midnight)",
        r"\1 ",
    ),
)
_HESITATION = re.compile(r"u+m+|u+h+m*|erm+|hm+")
_WRITTEN_COMPILED = [(re.compile(pattern), words) for pattern, words in _WRITTEN]
_MISHEARD_COMPILED = [(re.compile(pattern), words) for pattern, words in _MISHEARD]
_HOMOPHONES_COMPILED = [(re.compile(pattern), words) for pattern, words in _HOMOPHONES]
_POLITE_START = re.compile(
    r"^(?:(?:hey|hi|hello|okay|so|well|oh|ah|and|now|all right|right|please|also|then|yes|"
    r"listen|duologue|thanks|thank you|sorry|excuse me|great|actually|yeah|just|kindly|quickly)\s+|"
    r"(?:could|can|would|will) you (?:(?:please|just|kindly|quickly|also|maybe) )*"
    r"(?!tell me what you)|"
    r"(?:i want|i would like|i need|i would love) you to |do me a favou?r and |go ahead and |"
    r"(?:i want to|i would like to|let us) (?=(?:set|start|add|make|create) ))+"
)
_POLITE_END = re.compile(
    r"(?:(?:\s+and)?\s+(?:please|thanks(?: a lot)?|thank you(?: (?:very|so) much)?|for me|"
    r"for now|(?<!from )now|right now|as well|okay|cheers|if you do not mind|"
    r"will you|would you|could you|can you|if you (?:can|could|would)|duologue|then|"
    r"again please))+$"
)


def plain(text: str, comma: str = " ") -> str:
    """The transcript in the grammar's form; empty if it is no request by its length alone.

    ``comma`` stands for each comma between words, as in a list.
    """
    if len(text) > MOST_LETTERS:
        return ""
    said = re.sub(r",(?!\d)", comma, text.lower())
    for sign, words in _FRACTIONS.items():
        said = said.replace(sign, words)
    for pattern, words in _WRITTEN_COMPILED:
        said = pattern.sub(words, said)
    said = " ".join(
        _SHORT.get(word, word) for word in said.split() if not _HESITATION.fullmatch(word)
    )
    said = said.replace("per cent", "percent")
    for pattern, words in _MISHEARD_COMPILED:
        said = pattern.sub(words, said)
    said = _digits(said.split())
    for pattern, words in _HOMOPHONES_COMPILED:
        said = pattern.sub(words, said)
    return said


def asked(text: str, comma: str = " ") -> str:
    """`plain`, without what politeness puts around a request."""
    said = plain(text, comma)
    said = _POLITE_START.sub("", said + " ").strip()
    return _POLITE_END.sub("", said)


def without_repeats(words: str) -> str:
    """Words that were begun twice only once: "set a set a timer" is "set a timer"."""
    return re.sub(r"\b((?:[a-z']+ ){0,3}[a-z']+)(?: \1\b)+", r"\1", words)


def sentences(text: str) -> list[str]:
    """The sentences of a transcript, as the recogniser's punctuation has them."""
    pieces = re.split(r"(?<=[.?!])(?<![ap]\.m\.)(?<!\b[ap]\.)\s+(?=\S)", text.strip())
    return [piece for piece in pieces if piece.strip()]


def as_written(words: str, text: str) -> str:
    """A part of a request as the transcript has it, with capitals and commas, if it is there."""
    pattern = r"\W+".join(re.escape(word) for word in words.split())
    found = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    return found[0] if found else words.replace("oclock", "o'clock")


def compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of whole turns, compiled when the program starts and not at the first turn."""
    return tuple(re.compile(pattern) for pattern in patterns)


def first_match(patterns: tuple[re.Pattern[str], ...], words: str) -> re.Match[str] | None:
    """The match of the first pattern that all the words are; None if they are none."""
    return next((found for pattern in patterns if (found := pattern.fullmatch(words))), None)


def _digits(words: list[str]) -> str:
    """The words with every spoken number as digits."""
    told: list[str] = []
    index = 0
    while index < len(words):
        found = _number(words, index)
        if found is None:
            told.append(words[index])
            index += 1
        else:
            number, index = found
            told.append(number)
    said = re.sub(r"(?<=\d) ([ap]) m\b", r" \1m", " ".join(told))
    said = re.sub(r"\b(\d+) and (\d)/(\d)\b", _mixed, said)
    said = re.sub(r"(?<![\d/])(\d)/([248])\b(?!/)", lambda m: _shown(int(m[1]) / int(m[2])), said)
    said = re.sub(r"\b(\d+) and (?:(?:a|1) )?half\b", lambda m: f"{m[1]}.5", said)
    said = re.sub(r"\b(\d+) and (?:a|1) quarter\b", lambda m: f"{m[1]}.25", said)
    return re.sub(r"\b(\d+) and 3 quarters\b", lambda m: f"{m[1]}.75", said)


def _mixed(match: re.Match[str]) -> str:
    return _shown(int(match[1]) + int(match[2]) / max(1, int(match[3])))


def _shown(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _number(words: list[str], start: int) -> tuple[str, int] | None:
    """The number that begins at a word, and the index after it."""
    index = start
    if words[index] in ("a", "an") and _word(words, index + 1) in ("hundred", *_LARGE):
        total, group, index = 0, 1, index + 1
    elif words[index].isdecimal() and words[index].startswith("0"):
        return words[index], index + 1  # "0730" is a time
    elif (first := _group(words, index)) is not None:
        total, (group, index) = 0, first
    else:
        return _ordinal(words, start)
    while True:
        word = _word(words, index)
        if word == "hundred" and group < 100:
            group, index = group * 100, index + 1
            skip = index + (_word(words, index) == "and")
            more = _group(words, skip)
            if more is not None and more[0] < 100:
                group, index = group + more[0], more[1]
        elif word in _LARGE:
            total, group, index = total + group * _LARGE[word], 0, index + 1
            skip = index + (_word(words, index) == "and")
            more = _group(words, skip)
            if more is None:
                break
            group, index = more
        else:
            break
    number = str(total + group)
    if _word(words, index) == "point" and (decimals := _decimals(words, index + 1)):
        return f"{number}.{decimals}", index + 1 + len(decimals)
    if index < len(words) and total == 0 and group % 10 == 0 and 20 <= group <= 90:
        ordinal = _word(words, index)
        if ordinal in ORDINALS[1:10]:
            return f"{group + ORDINALS.index(ordinal)}th", index + 1
    return number, index


def _ordinal(words: list[str], index: int) -> tuple[str, int] | None:
    # "second" and "first" stay words: the one is a unit, the other is everywhere.
    if words[index] in ORDINALS[3:]:
        return f"{ORDINALS.index(words[index])}th", index + 1
    return None


def _group(words: list[str], index: int) -> tuple[int, int] | None:
    """A number below 100 in words, or any whole one in digits, and the index after it."""
    word = _word(words, index)
    if word.isdecimal() and len(word) <= 15:
        return int(word), index + 1
    if word in _TEN:
        one = _SMALL.get(_word(words, index + 1), 0)
        return (_TEN[word] + one, index + 2) if 0 < one < 10 else (_TEN[word], index + 1)
    return (_SMALL[word], index + 1) if word in _SMALL else None


def _decimals(words: list[str], index: int) -> str:
    decimals = ""
    while (
        (word := _word(words, index)) in _SMALL
        or word == "oh"
        or (len(word) == 1 and word.isdecimal())
    ):
        value = 0 if word == "oh" else int(word) if word.isdecimal() else _SMALL[word]
        if value > 9:
            break
        decimals, index = decimals + str(value), index + 1
    return decimals


def _word(words: list[str], index: int) -> str:
    return words[index] if index < len(words) else ""
