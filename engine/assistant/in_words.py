"""Writes numbers, durations, times and dates as a voice says them: no digit is left.

A text to speech reads "1,250" or "7:05" in its own way, or not at all. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from engine.assistant.heard_words import ONES, ORDINALS, TENS

_GROUPS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_MOST = 10**15
"""From here on a number is said by its power of ten."""
_LEAST = 1e-300
"""Smaller ones have no power of ten that a float could hold."""
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def number(value: float, decimals: int = 3) -> str:
    """A number, rounded to ``decimals`` places; very large and small ones by powers of ten."""
    if not math.isfinite(value):
        return "not a number"
    if abs(value) < _LEAST:
        return "zero"
    if value < 0:
        return f"minus {number(-value, decimals)}"
    if value >= _MOST or 0 < value < 0.5 * 10**-decimals:
        exponent = math.floor(math.log10(value))
        mantissa = round(value / 10**exponent, 2)
        sign = "minus " if exponent < 0 else ""
        return f"{number(mantissa, 2)} times ten to the power of {sign}{_whole(abs(exponent))}"
    written = f"{value:.{decimals}f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
    whole, _, rest = written.partition(".")
    said = _whole(int(whole))
    return f"{said} point {digits(rest)}" if rest else said


def digits(text: str) -> str:
    """Digits one by one: "408" is "four zero eight"."""
    return " ".join(ONES[int(one)] for one in text if one in "0123456789")


def ordinal(value: int) -> str:
    """ "twenty first" for 21."""
    if value < 20:
        return ORDINALS[value]
    said = _whole(value)
    head, _, last = said.rpartition(" ")
    if last in ONES:
        last = ORDINALS[ONES.index(last)]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}".strip()


def year(value: int) -> str:
    """ "nineteen eighty four" for 1984, "two thousand and five" for 2005."""
    if not 1100 <= value <= 9999 or value % 1000 < 10:
        return _whole(value)
    head, tail = divmod(value, 100)
    if tail == 0:
        return f"{_whole(head)} hundred"
    return f"{_whole(head)} {'oh ' if tail < 10 else ''}{_whole(tail)}"


def counted(count: int, thing: str, things: str = "") -> str:
    """ "one note", "three notes"."""
    return f"{_whole(count)} {thing if count == 1 else things or thing + 's'}"


def duration(length: timedelta) -> str:
    """ "one hour and five minutes"; seconds are left out beyond an hour."""
    seconds = max(0, round(length.total_seconds()))
    if seconds >= 3600:
        seconds = 60 * round(seconds / 60)
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = ((days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second"))
    said = [counted(count, name) for count, name in parts if count]
    return listed(said) or "no time"


def length_of_timer(length: timedelta) -> str:
    """As a timer is called by its length: "five minute", "one hour and ten minute"."""
    said = duration(length)
    return said[:-1] if said.endswith("s") else said


def clock(moment: time) -> str:
    """ "seven twenty five in the evening"; "noon" and "midnight" for themselves."""
    if (moment.hour, moment.minute) == (0, 0):
        return "midnight"
    if (moment.hour, moment.minute) == (12, 0):
        return "noon"
    hour = _whole(moment.hour % 12 or 12)
    minute = moment.minute
    tail = "o'clock" if minute == 0 else ("oh " if minute < 10 else "") + _whole(minute)
    return f"{hour} {tail} {_part_of_day(moment.hour)}"


def day(when: date, today: date) -> str:
    """ "today", "tomorrow", "on Monday", or the date if it is further away."""
    ahead = (when - today).days
    if ahead in (0, 1):
        return ("today", "tomorrow")[ahead]
    if ahead == -1:
        return "yesterday"
    if 1 < ahead < 7:
        return f"on {_DAYS[when.weekday()]}"
    return f"on {calendar_day(when, today)}"


def calendar_day(when: date, today: date | None = None) -> str:
    """ "Sunday, the twenty ninth of November"; with the year if it is not this one."""
    said = f"{_DAYS[when.weekday()]}, the {ordinal(when.day)} of {_MONTHS[when.month - 1]}"
    return said if today and when.year == today.year else f"{said} {year(when.year)}"


def moment(when: datetime, now: datetime) -> str:
    """ "at seven in the evening", "tomorrow at noon", "on Monday at eight in the morning"."""
    at = f"at {clock(when.time())}"
    if at == "at midnight" and (when.date() - now.date()).days == 1:
        return f"tonight {at}"  # "tomorrow at midnight" would be a day later to most
    return at if when.date() == now.date() else f"{day(when.date(), now.date())} {at}"


def listed(parts: Sequence[str], joint: str = "and") -> str:
    """ "milk, eggs and bread"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


def aloud(text: str) -> str:
    """A line that the user wrote or said, as it is spoken back: its numbers in words."""
    said = re.sub(r"\d+(?:\.\d+)?", lambda found: number(float(found[0])), text)
    return said.strip().rstrip(".")


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "in the morning" if hour >= 4 else "at night"
    if hour < 18:
        return "in the afternoon"
    return "in the evening" if hour < 22 else "at night"


def _whole(value: int) -> str:
    if value < 20:
        return ONES[value]
    if value < 100:
        tens, one = divmod(value, 10)
        return f"{TENS[tens]} {ONES[one]}" if one else TENS[tens]
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return f"{ONES[hundreds]} hundred" + (f" and {_whole(rest)}" if rest else "")
    for size, name in _GROUPS:
        if value >= size:
            groups, rest = divmod(value, size)
            joint = " and " if 0 < rest < 100 else " "
            return f"{_whole(groups)} {name}" + (f"{joint}{_whole(rest)}" if rest else "")
    raise AssertionError(value)
