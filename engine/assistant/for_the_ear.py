"""Turns what a text model writes into sentences for the ear, while it is still writing.

No lists, markup, addresses, emoji or code are left, and no digit: numbers, units and abbreviations
become words. Pure; one `SpokenSentences` for each answer.
"""

from __future__ import annotations

import re
import unicodedata

from engine.assistant import in_words

LONGEST_SENTENCE = 220
"""Letters; a longer sentence is given in parts, at a comma, so that the first is heard soon."""
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|$)", re.DOTALL)
_CODE = re.compile(r"```.*?(?:```|$)", re.DOTALL)
_OPENING = re.compile(r"<[a-z]{0,9}$|`{1,2}$")
_ABBREVIATIONS = {
    "dr": "doctor", "mr": "mister", "mrs": "missus", "ms": "miss", "prof": "professor",
    "st": "saint", "mt": "mount", "vs": "versus", "etc": "and so on", "e.g": "for example",
    "i.e": "that is", "approx": "about", "no": "number", "fig": "figure", "jr": "junior",
    "sr": "senior", "inc": "incorporated", "ltd": "limited", "dept": "department", "ca": "about",
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "aug": "August",
    "sept": "September", "sep": "September", "oct": "October", "nov": "November", "dec": "December",
}  # fmt: skip
_STOPPED = "|".join(sorted(map(re.escape, _ABBREVIATIONS), key=len, reverse=True))
_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s)|\n+")
_NO_END = re.compile(rf"(?:\b(?:{_STOPPED}|[A-Z]|[ap]\.m|U\.S|U\.K)|^\s*\d+)\.$", re.IGNORECASE)
_UNITS = {
    "km/h": "kilometers per hour", "mph": "miles per hour", "m/s": "meters per second",
    "km": "kilometers", "cm": "centimeters", "mm": "millimeters", "nm": "nanometers",
    "kg": "kilograms", "mg": "milligrams", "lbs": "pounds", "lb": "pounds", "oz": "ounces",
    "ml": "milliliters", "ft": "feet", "°C": "degrees Celsius", "°F": "degrees Fahrenheit",
    "°": "degrees", "%": "percent", "GB": "gigabytes", "MB": "megabytes", "TB": "terabytes",
    "kB": "kilobytes", "KB": "kilobytes", "GHz": "gigahertz", "MHz": "megahertz",
    "kHz": "kilohertz",
    "Hz": "hertz", "kW": "kilowatts", "kWh": "kilowatt hours", "W": "watts", "V": "volts",
    "min": "minutes", "sec": "seconds", "hrs": "hours", "ms": "milliseconds", "m": "meters",
    "g": "grams", "L": "liters", "l": "liters", "K": "kelvin", "h": "hours", "s": "seconds",
    "in": "", "km²": "square kilometers", "m²": "square meters", "m³": "cubic meters",
    "km2": "square kilometers", "m2": "square meters", "sq mi": "square miles",
}  # fmt: skip
_UNIT = "|".join(
    sorted((re.escape(unit) for unit in _UNITS if unit != "in"), key=len, reverse=True)
)
_SIGNS_OF_NUMBERS = (
    (r"~(?=\d)", "about "),
    (r"#(?=\d)", "number "),
    (r"\s*\^\s*(?=\d)", " to the power of "),
)
_SIGNS = (
    (r"\band\s*/\s*or\b", "or"),
    (r"\s*(?<![<>=])=\s*", " equals "), (r"\s*[×✕]\s*", " times "), (r"\s*÷\s*", " divided by "),
    (r"\s*\+\s*", " plus "), (r"\s*&\s*", " and "), (r"\s*≈\s*", " about "),
    (r"(?<=\w)\s*/\s*(?=\w)", " or "), (r"\s*@\s*", " at "),
    (r"\s*<\s*", " less than "), (r"\s*>\s*", " more than "),
)  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|since|of|from|by|until|till|around|year|before|after|during|about|circa|to|and|"
    r"January|February|March|April|May|June|July|August|September|October|November|December),? "
    r"|\(|\d(?:st|nd|rd|th)?, )$", re.IGNORECASE
)  # fmt: skip
_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
_DECADES = {"0": "hundreds", "1": "tens", "2": "twenties", "3": "thirties", "4": "forties",
            "5": "fifties", "6": "sixties", "7": "seventies", "8": "eighties",
            "9": "nineties"}  # fmt: skip


class SpokenSentences:
    """Cuts a stream of text into sentences for the ear."""

    def __init__(self, most_sentences: int) -> None:
        """``most_sentences``: after them `full` is true and no more come."""
        self.full = False
        """Whether all sentences that are wanted have been given."""
        self._most = most_sentences
        self._given = 0
        self._text = ""

    def push(self, text: str) -> list[str]:
        """The sentences that are complete now; mostly none or one."""
        self._text += text
        waiting = _without_hidden(self._text)
        if waiting is None:
            return []
        self._text = waiting
        given: list[str] = []
        while not self.full and (found := self._split()):
            given += self._give(found)
        return given

    def finish(self, complete: bool = True) -> list[str]:
        """The rest. With ``complete`` False, the model was stopped inside a sentence.

        Half a sentence is given only if there is nothing else.
        """
        rest = _CODE.sub(" ", _THOUGHT.sub(" ", self._text))
        self._text = ""
        if self.full or (not complete and self._given and not _END.search(rest.rstrip() + " ")):
            return []
        return self._give(rest)

    def _split(self) -> str | None:
        """Take the first sentence off the text."""
        for end in _END.finditer(self._text):
            head = self._text[: end.end()]
            if not _NO_END.search(head.rstrip("\"'”’) ")) or "\n" in end[0]:
                self._text = self._text[end.end() :]
                return head
        if len(self._text) > LONGEST_SENTENCE:
            cut = max(
                self._text.rfind(sign, 40, LONGEST_SENTENCE) for sign in (", ", "; ", ": ", " - ")
            )
            cut = cut if cut > 0 else self._text.rfind(" ", 40, LONGEST_SENTENCE)
            if cut > 0:
                head, self._text = self._text[: cut + 1], self._text[cut + 1 :]
                return head.rstrip(" ,;:-") + ","
        return None

    def _give(self, raw: str) -> list[str]:
        said = spoken(raw)
        if raw.endswith(","):  # a part of a long sentence
            said = said.rstrip(".") + ","
        if not re.search(r"[a-zA-Z]", said):
            return []
        self._given += not said.endswith(",")
        self.full = self._given >= self._most
        return [said]


def _without_hidden(text: str) -> str | None:
    """The text without thoughts and code; None while one of them is open."""
    text = _CODE.sub(lambda m: " " if m[0].endswith("```") and len(m[0]) > 5 else m[0], text)
    text = _THOUGHT.sub(lambda m: " " if m[0].endswith(f"</{m[1]}>") else m[0], text)
    hidden = _THOUGHT.search(text) or _CODE.search(text) or _OPENING.search(text)
    return None if hidden else text


def spoken(text: str) -> str:
    """One sentence as it is to be read aloud; empty if nothing in it can be."""
    said = unicodedata.normalize("NFC", text)
    said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", said)
    said = re.sub(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+", "", said)
    said = re.sub(r"^\s*(?:[-*•–+]\s+|\d+[.)]\s+|#{1,6}\s*|>\s*)+", "", said)
    said = re.sub(r"\[\d+\]|<[^<>]{1,60}>", "", said)
    said = re.sub(r"[*`]+|(?<!\w)_+|_+(?!\w)|~~", "", said).replace("|", ", ").replace("_", " ")
    said = said.replace("’", "'").replace("“", '"').replace("”", '"').replace('"', "")
    said = re.sub(r"\s*[—–]\s*(?!\d)", ", ", said)
    said = re.sub(r"\s*\(([^()]*)\)", r", \1,", _with_years(said))
    for sign, words in _SIGNS_OF_NUMBERS:
        said = re.sub(sign, words, said)
    said = _numbers(said)
    said = re.sub(rf"\b({_STOPPED})\.(?=\s|$|,)", _abbreviation, said, flags=re.IGNORECASE)
    said = re.sub(r"\b([A-Z])\.(?=[A-Z]\.|\s[A-Z]|[ ,])", r"\1", said)
    for sign, words in _SIGNS:
        said = re.sub(sign, words, said)
    said = "".join(letter for letter in said if _audible(letter))
    said = re.sub(r"\s+", " ", said).strip()
    said = re.sub(r"\s+([,.!?;:])", r"\1", said)
    said = re.sub(r",(?:\s*[,;:])*\s*([.!?])", r"\1", said)
    said = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", said).lstrip(" ,;:.-")
    said = re.sub(r"\.{2,}|…", ".", said)
    said = re.sub(r"[\s,;:-]+$", "", said)
    if said and said[-1].isalnum():
        said += "."
    return said[:1].upper() + said[1:]


def _audible(letter: str) -> bool:
    return (
        unicodedata.category(letter)[0] in "LMNPZ" and letter not in "#*_`|\\{}[]<>\ufe0f\u200d"
    ) or letter == " "


def _abbreviation(found: re.Match[str]) -> str:
    word, at_end = found[1].lower(), found.end() == len(found.string)
    if word in ("no", "st", "mar", "ms", "fig") and at_end:
        return found[0]  # "I say no."
    return _ABBREVIATIONS[word] + ("." if at_end else "")


def _with_years(said: str) -> str:
    """Four digits that are a year are said in pairs."""

    def told(found: re.Match[str]) -> str:
        value = int(found[1])
        if found[2]:  # "1990s"
            century = in_words.year(value // 100 * 100).removesuffix(" hundred")
            return f"{century} {_DECADES[found[1][2]]}"
        before = said[: found.start()]
        ranged = re.match(r"\s?[-–]\s?\d{2,4}\b", said[found.end() :])
        return in_words.year(value) if ranged or _YEAR_BEFORE.search(before) else found[0]

    said = re.sub(r"\b(1[1-9]\d\d|20\d\d)\s?[-–]\s?(1[1-9]\d\d|20\d\d)\b",
                  lambda m: " to ".join(in_words.year(int(part)) for part in m.groups()),
                  said)  # fmt: skip
    return re.sub(r"(?<![\d.,$€£])\b(1[1-9]\d\d|20\d\d)(s?)\b(?![.,]\d|%)", told, said)


def _numbers(said: str) -> str:
    said = re.sub(
        r"\b(\d{1,2}):(\d\d)(?::\d\d)?(\s?[ap]\.?m\b\.?)?", _clock, said, flags=re.IGNORECASE
    )
    said = re.sub(
        r"\b(\d{1,2})\s?([ap])\.?m\b\.?", lambda m: f"{in_words.number(int(m[1]))} {m[2]} m", said
    )
    said = re.sub(rf"([$€£])\s?({_NUMBER})(?: (million|billion|trillion))?", _money, said)
    said = re.sub(
        r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: in_words.ordinal(min(int(m[1]), 999)), said
    )
    said = re.sub(r"\b1/2\b|½", " one half", said)
    said = re.sub(
        r"\b([13])/4\b", lambda m: "one quarter" if m[1] == "1" else "three quarters", said
    )
    said = re.sub(rf"({_NUMBER})\s?[-–]\s?(?={_NUMBER})", r"\1 to ", said)
    said = re.sub(rf"(?<![\w.])[-−](?={_NUMBER})", "minus ", said)
    said = re.sub(rf"(?<=\d)\s?({_UNIT})(?![\w²³/])", lambda m: f" {_UNITS[m[1]]}", said)
    said = re.sub(r"(?<=[A-Za-z])-?(?=\d)", " ", said)  # "MP3", "COVID-19"
    said = re.sub(_NUMBER, lambda m: _plain_number(m[0]), said)
    return re.sub(
        r"(?<=[a-z] )(II|III|IV|VI|VII|VIII|IX)\b", lambda m: in_words.number(_ROMAN[m[1]]), said
    )


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    tail = "" if minute == 0 and found[3] else "o'clock" if minute == 0 else \
        ("oh " if minute < 10 else "") + in_words.number(minute)  # fmt: skip
    half = f" {found[3].strip()[0].lower()} m" if found[3] else ""
    return f"{in_words.number(hour)} {tail}".strip() + half


def _money(found: re.Match[str]) -> str:
    one, small = _CURRENCIES[found[1]]
    whole, _, cents = found[2].replace(",", "").partition(".")
    if found[3] or (cents and len(cents) != 2):
        return f"{in_words.number(float(found[2].replace(',', '')))} {found[3] or ''} {one}s"
    said = in_words.counted(int(whole), one)
    many = "pence" if small == "penny" else ""
    return (
        f"{said} and {in_words.counted(int(cents), small, many)}" if cents and int(cents) else said
    )


def _plain_number(text: str) -> str:
    digits = text.replace(",", "")
    if "." not in digits and (len(digits) > 15 or (digits.startswith("0") and len(digits) > 1)):
        return in_words.digits(digits)
    whole, _, rest = digits.partition(".")
    said = in_words.number(int(whole)) if len(whole) <= 15 else in_words.digits(whole)
    return f" {said} point {in_words.digits(rest)} ".strip() if rest else said
