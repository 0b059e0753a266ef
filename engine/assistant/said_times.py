"""Reads durations, times of day and dates out of words in the plain form of `heard_words`.

A time that could be morning or evening is told as such (`Said.open`): a question decides it, not a
guess. Pure; the caller gives the present.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from engine.assistant.heard_words import compiled

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_COUNTS = {"a": 1.0, "an": 1.0, "a couple of": 2.0, "a couple": 2.0, "couple of": 2.0}
_LONGEST = timedelta(days=366)
_FRACTION = r"(?:half|0\.5|0\.25|a quarter|quarter|3 quarters|0\.75)"
_ONE = rf"(?:\d+(?:\.\d+)?|an?|(?:a )?couple(?: of)?)(?: more)? (?:{'|'.join(_UNITS)})s?"
_PART = rf"{_FRACTION}(?: of)? an? (?:minute|hour|day)"
DURATION = rf"(?:(?:{_ONE}|{_PART})(?: (?:and )?(?:{_ONE}|a half|{_PART}|half|\d+))*)"
"""A regular expression without groups; `duration` reads what it found."""
_SHARES = {"half": 0.5, "0.5": 0.5, "a half": 0.5, "quarter": 0.25, "a quarter": 0.25, "0.25": 0.25,
           "3 quarters": 0.75, "0.75": 0.75}  # fmt: skip

_PARTS_OF_DAY = {
    "in the morning": "am", "this morning": "am", "am": "am", "morning": "am",
    "in the night": "night",
    "at night": "night", "tonight": "pm", "in the evening": "pm", "this evening": "pm", "pm": "pm",
    "in the afternoon": "pm", "this afternoon": "pm", "evening": "pm", "afternoon": "pm",
}  # fmt: skip
_PART_WORDS = "|".join(sorted(_PARTS_OF_DAY, key=len, reverse=True))
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_DATE = r"(?:\d+(?:st|nd|rd|th)|first|second)"
_DAY = (
    r"(?:today|tomorrow|the day after tomorrow|"
    rf"(?:on |next |this |next week )?(?:{'|'.join(_DAYS)})"
    rf"|on the {_DATE}(?: of (?:{'|'.join(_MONTHS)}))?"
    rf"|(?:on )?(?:{'|'.join(_MONTHS)}) (?:the )?(?:{_DATE}|\d+)"
    r"|in (?:\d+|an?|a couple of) (?:days?|weeks?)(?: time)?"
    r"|(?:\d+|an?|a couple of) (?:days?|weeks?) from now"
    r"|tonight|this (?:evening|afternoon|morning))"
)
_CLOCK = (
    r"(?:noon|midday|midnight|half past \d+|(?:a )?quarter (?:past|to|after|before) \d+"
    r"|\d+(?: minutes?)? (?:past|to|after|before) \d+|\d+[:.]\d\d|\d+ oh \d|\d+ oclock"
    r"|\d+ \d\d|\d+)"
)
_SOON = rf"(?:in|after) {DURATION}|{DURATION} from now"
MOMENT = (
    rf"(?:(?:{_SOON})|(?:{_DAY} )?(?:at |for |by )?{_CLOCK}(?: (?:{_PART_WORDS}))?(?: {_DAY})?"
    rf"|tomorrow (?:morning|evening|afternoon|night) (?:at |by )?{_CLOCK}"
    rf"|{_CLOCK} tomorrow (?:morning|evening|afternoon|night)"
    rf"|{_DAY}(?: in the (?:morning|afternoon|evening))?"
    r"|tomorrow (?:morning|evening|afternoon|night)|tonight|this (?:evening|afternoon|morning))"
)
"""A regular expression without groups; `moment` reads what it found."""
_DURATION, _MOMENT, _SOON_COMPILED = compiled(DURATION, MOMENT, _SOON)
_HOURS = {"morning": 8, "afternoon": 14, "evening": 18, "night": 20}
"""What a part of the day without a time means; the answer tells it."""


@dataclass(frozen=True)
class Said:
    """A moment that was said."""

    at: datetime
    """The earlier reading if it is open."""
    open: bool = False
    """It could as well be twelve hours later."""
    given_day: bool = False
    """A day was said, so a time that has passed today is not moved to tomorrow."""
    after: timedelta | None = None
    """It was said as a length from now, which a change to summer time does not stretch."""

    def settled(self, evening: bool, now: datetime) -> Said:
        """With the part of the day decided."""
        noon = self.at.hour >= 12
        at = self.at + timedelta(hours=12) if evening and not noon else self.at
        if not evening and noon:
            at = at - timedelta(hours=12)
        if at <= now and not self.given_day:
            at += timedelta(days=1)
        elif at - now > timedelta(days=1) and not self.given_day:
            at -= timedelta(days=1)
        return replace(self, at=at, open=False)


def duration(words: str) -> timedelta | None:
    """The length of "5 minutes", "an hour and a half", "1 hour 20"; None for anything else."""
    if not _DURATION.fullmatch(words):
        return None
    seconds, last = 0.0, 1
    pieces = re.findall(rf"{_ONE}|{_PART}|a half|half|\d+", words)
    for piece in pieces:
        if piece in ("a half", "half"):
            seconds += last / 2
        elif piece.isdecimal():
            # "1 hour 20": the next smaller unit.
            seconds += float(piece) * (60 if last == 3600 else 1)
        else:
            unit = piece.removesuffix("s").rpartition(" ")[2]
            count = re.sub(rf"(?: more)?(?: of)?(?: an?)? {unit}s?$", "", piece).removesuffix(" of")
            last = _UNITS[unit]
            share = _SHARES.get(count) if re.fullmatch(_PART, piece) else None
            share = share if share is not None else _COUNTS.get(count)
            seconds += last * (share if share is not None else float(count))
    length = timedelta(seconds=round(seconds)) if seconds < 1e9 else _LONGEST * 2
    return length if timedelta(0) < length <= _LONGEST else None


def part_of_day(words: str) -> str | None:
    """ "am", "pm" or "night" if the words are nothing but a part of the day."""
    return _PARTS_OF_DAY.get(words)


def moment(words: str, now: datetime) -> Said | None:
    """The moment that the words tell, in the future; None for anything else."""
    if not _MOMENT.fullmatch(words):
        return None
    if _SOON_COMPILED.fullmatch(words):
        length = duration(re.sub(r"^(?:in|after) | from now$", "", words))
        return Said(now + length, given_day=True, after=length) if length else None
    words = re.sub(r"tomorrow (morning|evening|afternoon|night)", _tomorrow, words)
    when, words = _day(words, now.date())
    given = when is not None
    part = ""
    found = re.search(rf"\b({_PART_WORDS})\b", words)
    if found:
        part = _PARTS_OF_DAY[found[1]]
        given = given or found[1] in ("tonight", "this evening", "this afternoon", "this morning")
    clock = re.search(_CLOCK, words.replace(found[0], " ") if found else words)
    if clock is None:
        hour = _HOURS[found[1].split()[-1].replace("tonight", "night")] if found else 9
        at = datetime.combine(when or now.date(), time(hour))
        return Said(at, given_day=True) if at > now else None
    told = _clock(clock[0])
    if told is None:
        return None
    return _placed(*told, part, when, given, now)


def _tomorrow(match: re.Match[str]) -> str:
    return "tomorrow " + ("at night" if match[1] == "night" else f"in the {match[1]}")


def _placed(
    hour: int, minute: int, sure: bool, part: str, when: date | None, given: bool, now: datetime
) -> Said | None:
    """The next such time, or the time of that day."""
    if part and hour > 12:
        sure = True
    elif part == "pm":
        hour, sure = hour % 12 + 12, True
    elif part == "am":
        hour, sure = hour % 12, True
    elif part == "night":
        hour, sure = (hour % 12 + 12) if hour % 12 >= 6 else hour % 12, True
    at = datetime.combine(when or now.date(), time(hour, minute))
    if sure:
        if at <= now and not given:
            at += timedelta(days=1)
        return Said(at, given_day=given) if at > now else None
    # Twelve hours: if only one reading of a given day is still to come, it is that one.
    morning = at if hour < 12 else at - timedelta(hours=12)
    evening = morning + timedelta(hours=12)
    if given and evening <= now:
        return None
    if given and morning <= now:
        return Said(evening, given_day=True)
    if morning <= now:
        morning += timedelta(days=1)
    if evening <= now:
        evening += timedelta(days=1)
    return Said(min(morning, evening), open=True, given_day=given)


def _clock(words: str) -> tuple[int, int, bool] | None:
    """Hour, minute, and whether it cannot mean twelve hours later."""
    if words in ("noon", "midday"):
        return 12, 0, True
    if words == "midnight":
        return 0, 0, True
    numbers = [int(number) for number in re.findall(r"\d+", words)]
    if "half past" in words:
        hour, minute = numbers[0], 30
    elif "quarter" in words:
        hour, minute = numbers[0], 15
        if re.search(r"\b(?:to|before)\b", words):
            hour, minute = hour - 1, 45
    elif re.search(r"\b(?:past|after)\b", words):
        minute, hour = numbers
    elif re.search(r"\b(?:to|before)\b", words):
        minute, hour = 60 - numbers[0], numbers[1] - 1
    else:
        hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
        if len(numbers) == 1 and 100 <= hour <= 2359:  # "730", "1945"
            hour, minute = divmod(hour, 100)
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    written = re.match(r"0\d", words) is not None
    return hour, minute, hour > 12 or hour == 0 or written


def _day(words: str, today: date) -> tuple[date | None, str]:
    """The day, if one is said, and the words without it."""
    for pattern, days in (("the day after tomorrow", 2), ("tomorrow", 1), ("today", 0)):
        if re.search(rf"\b{pattern}\b", words):
            return today + timedelta(days=days), re.sub(rf"\b{pattern}\b", "", words)
    found = re.search(r"(?:in )?(\d+|an?|a couple of) (day|week)s?(?: from now| time)?\b", words)
    if found:
        count = {"a": 1, "an": 1, "a couple of": 2}.get(found[1]) or int(found[1])
        ahead = timedelta(days=count * (7 if found[2] == "week" else 1))
        return today + min(ahead, _LONGEST), words.replace(found[0], "")
    found = re.search(rf"(?:on |(next )|this )?(?:week )?\b({'|'.join(_DAYS)})\b", words)
    if found:
        ahead_days = (_DAYS.index(found[2]) - today.weekday()) % 7 or 7
        return today + timedelta(days=ahead_days), words.replace(found[0], "")
    months = "|".join(_MONTHS)
    found = re.search(rf"on the ({_DATE})(?: of ({months}))?", words) or re.search(
        rf"(?:on )?(?P<m>{months}) (?:the )?(?P<d>{_DATE}|\d+)", words
    )
    if found:
        groups = found.groupdict()
        number = groups.get("d") or found[1]
        month = groups.get("m") or (None if groups else found[2])
        return _date(number, month, today), words.replace(found[0], "")
    return None, words


def _date(number: str, month: str | None, today: date) -> date | None:
    number = {"first": "1", "second": "2"}.get(number, re.sub(r"(?:st|nd|rd|th)$", "", number))
    if not number.isdecimal():
        return None
    for ahead in range(13):
        number_of_month = _MONTHS.index(month) + 1 if month else (today.month - 1 + ahead) % 12 + 1
        year = today.year + (ahead if month else (today.month - 1 + ahead) // 12)
        try:
            when = date(year, number_of_month, int(number))
        except ValueError:
            continue
        if when >= today:
            return when
    return None
