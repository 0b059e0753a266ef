"""Reads durations, times of day and dates out of words in the plain form of `heard_words`.

A time that could be morning or evening is told as such (`Said.open`): a question decides it, not a
guess. Pure; the caller gives the present.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from engine.assistant.heard_words import compiled

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
          "fortnight": 1209600}  # fmt: skip
_COUNTS = {"a": 1.0, "an": 1.0, "a couple of": 2.0, "a couple": 2.0, "couple of": 2.0}
_LONGEST = timedelta(days=366)
_FRACTION = r"(?:a half|half|0\.5|0\.25|a quarter|quarter|3 quarters|0\.75)"
_ONE = rf"(?:\d+(?:\.\d+)?|an?|(?:a )?couple(?: of)?)(?: more)? (?:{'|'.join(_UNITS)})s?"
_PART = rf"{_FRACTION}(?: of)?(?: an?)? (?:minute|hour|day)"
DURATION = (
    rf"(?:(?:{_ONE}|{_PART})(?: (?:and )?(?:{_ONE}|{_PART}|a half|half|a quarter|3 quarters|\d+))*)"
)
"""A regular expression without groups; `duration` reads what it found."""
_SHARES = {"half": 0.5, "0.5": 0.5, "a half": 0.5, "quarter": 0.25, "a quarter": 0.25, "0.25": 0.25,
           "3 quarters": 0.75, "0.75": 0.75}  # fmt: skip

_PARTS_OF_DAY = {
    "in the morning": "am", "this morning": "am", "am": "am", "morning": "am",
    "in the night": "night",
    "at night": "night", "tonight": "late", "in the evening": "pm", "this evening": "pm",
    "pm": "pm", "in the afternoon": "pm", "this afternoon": "pm", "evening": "pm",
    "afternoon": "pm",
}  # fmt: skip
_PART_WORDS = "|".join(sorted(_PARTS_OF_DAY, key=len, reverse=True))
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_DATE = r"(?:\d+(?:st|nd|rd|th)|first|second)"
_NAMED_DAY = rf"(?:{'|'.join(_DAYS)})"
_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_AHEAD = r"(?:\d+|an?|a couple of) (?:day|week|fortnight|month|year)s?"
DAY = (
    r"(?:today|(?:the )?day after tomorrow|tomorrow"
    rf"|(?:on |next |this |the coming |on next |next week )?{_NAMED_DAY}(?: next week)?"
    rf"|(?:on )?(?:the )?(?:{_DATE}(?: of)?|\d+) {_MONTH}(?: 20\d\d)?"
    rf"|(?:on )?{_MONTH} (?:the )?(?:{_DATE}|\d+)(?: 20\d\d)?"
    rf"|on the {_DATE}"
    rf"|in {_AHEAD}(?: time)?|{_AHEAD} from now"
    r"|tonight|this (?:evening|afternoon|morning))"
)
_DAY_PART = rf"(?:tomorrow|(?:on |next |this )?{_NAMED_DAY}) (?:morning|evening|afternoon|night)"
_NOON = r"(?:(?:12 )?(?:noon|midday|midnight))"
_HOUR = rf"(?:{_NOON}|\d+)"
_TO, _PAST = r"(?:to|till|til|before)", r"(?:past|after)"
CLOCK = (
    rf"(?:half (?:past )?\d+|(?:a )?quarter (?:{_PAST}|{_TO}|of) {_HOUR}"
    rf"|\d+(?: minutes?)? (?:{_PAST}|{_TO}) {_HOUR}|{_NOON}|\d+[:.]\d\d"
    r"|\d+ oh? \d|\d+ oclock|\d{4} hours|\d+ \d\d|\d+)"
)
_SOON = rf"(?:in|after) {DURATION}|{DURATION} from now"
MOMENT = (
    rf"(?:(?:{_SOON})|(?:{DAY} )?(?:at |for |by )?{CLOCK}(?: (?:{_PART_WORDS}))?(?: {DAY})?"
    rf"|{_DAY_PART}(?: (?:at |by )?{CLOCK})?"
    rf"|(?:at |for |by )?{CLOCK} {_DAY_PART}"
    rf"|{DAY}(?: in the (?:morning|afternoon|evening))?|in the (?:morning|afternoon|evening)"
    r"|tonight|this (?:evening|afternoon|morning))"
)
"""A regular expression without groups; `moment` reads what it found."""
PART_OF_DAY = rf"(?:{_PART_WORDS})"
"""A regular expression without groups."""
_DURATION, _MOMENT, _SOON_COMPILED = compiled(DURATION, MOMENT, _SOON)
_CALENDAR = re.compile(r"\b(?:day|week|fortnight)s?\b")
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
    pieces = re.findall(rf"{_ONE}|{_PART}|a half|half|a quarter|3 quarters|\d+", words)
    for piece in pieces:
        if piece in _SHARES:
            seconds += last * _SHARES[piece]
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
    """ "am", "pm", "night" or "late" (tonight) if the words are nothing but a part of the day."""
    return _PARTS_OF_DAY.get(words)


def moment(words: str, now: datetime) -> Said | None:
    """The moment that the words tell, in the future; None for anything else."""
    if not _MOMENT.fullmatch(words):
        return None
    if _SOON_COMPILED.fullmatch(words):
        length = duration(re.sub(r"^(?:in|after) | from now$", "", words))
        if length is None:
            return None
        # Days are those of the calendar: "in a week" is the same time of day, also in summer time.
        return Said(now + length, given_day=True, after=None if _CALENDAR.search(words) else length)
    late = re.search(rf"\btonight\b|\b(?:tomorrow|{_NAMED_DAY}) night\b", words) is not None
    words = re.sub(
        rf"\b(tomorrow|{_NAMED_DAY}) (morning|evening|afternoon|night)\b", _with_part, words
    )
    day = _day(words, now.date())
    if day is None:
        return None
    when, words = day
    given = when is not None
    part = ""
    found = re.search(rf"\b({_PART_WORDS})\b", words)
    if found:
        part = _PARTS_OF_DAY[found[1]]
        given = given or found[1] in ("tonight", "this evening", "this afternoon", "this morning")
    clock = re.search(CLOCK, words.replace(found[0], " ") if found else words)
    if clock is None:
        hour = _HOURS[found[1].split()[-1].replace("tonight", "night")] if found else 9
        at = datetime.combine(when or now.date(), time(hour))
        if at <= now and not given:
            at += timedelta(days=1)  # "in the morning"
        return Said(at, given_day=True) if at > now else None
    told = _clock(" ".join(clock[0].split()))
    if told is None:
        return None
    if late and told[0] <= 12 and told[0] % 12 < 5:
        return _after_midnight(told[0] % 12, told[1], when, now)
    return _placed(*told, "pm" if late and told[0] <= 12 else part, when, given, now)


def _with_part(match: re.Match[str]) -> str:
    return f"{match[1]} " + ("at night" if match[2] == "night" else f"in the {match[2]}")


def _after_midnight(hour: int, minute: int, when: date | None, now: datetime) -> Said | None:
    """ "Tonight at one", "tomorrow night at one": the night goes on after midnight."""
    at = datetime.combine(when or now.date(), time(hour, minute))
    if when or at <= now or now.hour >= 5:
        at += timedelta(days=1)
    return Said(at, given_day=True)


def _placed(
    hour: int, minute: int, sure: bool, part: str, when: date | None, given: bool, now: datetime
) -> Said | None:
    """The next such time, or the time of that day."""
    if part and hour > 12:
        if part == "am":
            return None
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
    sure = re.match(r"0\d", words) is not None or "hours" in words or not words[-1].isdecimal()
    sure = sure and not words.endswith("oclock")
    words = re.sub(r"\b(?:12 )?(?:noon|midday)\b", "12", words)
    words = re.sub(r"\b(?:12 )?midnight\b", "0", words)
    numbers = [int(number) for number in re.findall(r"\d+", words)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if "half" in words:
        minute = 30
    elif "quarter" in words:
        minute = 15
    elif re.search(rf"\b(?:{_PAST}|{_TO})\b", words):
        minute, hour = numbers
    elif len(numbers) == 1 and 100 <= hour <= 2359:  # "730", "1945"
        hour, minute = divmod(hour, 100)
    if re.search(rf"\b(?:{_TO}|of)\b", words):
        hour, minute = hour - 1, 60 - minute
        if hour <= 0:  # "quarter to one", or to midnight
            hour = 12 if hour == 0 else 23
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    return hour, minute, hour > 12 or hour == 0 or sure


def _day(words: str, today: date) -> tuple[date | None, str] | None:
    """The day, if one is said, and the words without it; None if there is no such day."""
    for pattern, days in (("(?:the )?day after tomorrow", 2), ("tomorrow", 1), ("today", 0)):
        if re.search(rf"\b{pattern}\b", words):
            return today + timedelta(days=days), re.sub(rf"\b{pattern}\b", "", words)
    found = re.search(
        r"(?:in )?(\d+|an?|a couple of) (day|week|fortnight|month|year)s?(?: from now| time)?\b",
        words,
    )
    if found:
        count = {"a": 1, "an": 1, "a couple of": 2}.get(found[1]) or int(found[1])
        if count > _LONGEST.days:
            return None
        if found[2] in ("month", "year"):
            return _months_on(today, count * (12 if found[2] == "year" else 1)), words.replace(
                found[0], ""
            )
        days = count * _UNITS[found[2]] // _UNITS["day"]
        return today + min(timedelta(days=days), _LONGEST), words.replace(found[0], "")
    found = re.search(
        rf"(?:on )?(?:the )?(next week |next |this |coming )?(?:on )?\b({_NAMED_DAY})\b"
        r"( next week)?", words,
    )  # fmt: skip
    if found:
        ahead = (_DAYS.index(found[2]) - today.weekday()) % 7 or 7
        which = f"{found[1] or ''}{found[3] or ''}".strip()
        if which.startswith("next"):
            # Of the next week from Monday on; and nobody says "next Monday" for tomorrow.
            ahead = 7 - today.weekday() + _DAYS.index(found[2])
            ahead += 7 if ahead == 1 and which == "next" else 0
        elif which == "this":
            ahead %= 7
        return today + timedelta(days=ahead), words.replace(found[0], "")
    for pattern in (
        rf"(?:on )?(?:the )?(?P<d>{_DATE}|\d+)(?: of)? (?P<m>{_MONTH})(?: (?P<y>20\d\d))?",
        rf"(?:on )?(?P<m>{_MONTH}) (?:the )?(?P<d>{_DATE}|\d+)(?: (?P<y>20\d\d))?\b",
        rf"on the (?P<d>{_DATE})(?P<m>)(?P<y>)",
    ):
        if found := re.search(pattern, words):
            when = _date(found["d"], found["m"] or "", int(found["y"] or 0), today)
            return (when, words.replace(found[0], "")) if when else None
    return None, words


def _months_on(today: date, months: int) -> date:
    """The same day of a later month, or its last day: a month after the 31st of January."""
    index = today.month - 1 + months
    year, month = today.year + index // 12, index % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(today.day, last))


def _date(number: str, month: str, year: int, today: date) -> date | None:
    """The next such date; ``month`` may be empty, and ``year`` 0."""
    number = {"first": "1", "second": "2"}.get(number, re.sub(r"(?:st|nd|rd|th)$", "", number))
    for ahead in range(13):
        index = _MONTHS.index(month) if month else (today.month - 1 + ahead) % 12
        at_year = today.year + (ahead if month else (today.month - 1 + ahead) // 12)
        try:
            when = date(year or at_year, index + 1, int(number))
        except ValueError:
            continue
        if when >= today:
            return when
    return None
