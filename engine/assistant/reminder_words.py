"""The words about timers, alarms and reminders: requests told from a turn in plain form. Pure.

What the requests do is in `engine.assistant.reminders`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from engine.assistant.heard_words import compiled
from engine.assistant.request import Request
from engine.assistant.said_times import DURATION, MOMENT, Said, duration, moment

MOST_NAME_LETTERS = 120
_SNOOZE = timedelta(minutes=9)
_KIND = r"(?P<kind>timer|alarm|reminder)"
_NAME = r"(?P<name>[a-z0-9'][a-z0-9' ]{0,40}?)"
# A name that stands before "timer" has none of these: "I set a timer" names none.
_NO_NAME = (
    r"(?:i|you|he|she|it|we|they|not|never|to|from|of|for|at|in|on|with|by|the|a|an|this|that|my|"
    r"your|his|her|their|and|or|but|if|is|are|was|were|be|do|does|did|done|have|has|had|can|could|"
    r"will|would|should|must|set|sets|setting|start|starts|started|said|told|what|which|who|why|"
    r"when|how|put|use|used|add|more|just|only)\b"
)
_NAME_BEFORE = rf"(?P<name>(?!{_NO_NAME})[a-z0-9']+(?: (?!{_NO_NAME})[a-z0-9']+){{0,3}})"
_MAKE = (
    r"(?:set|start|create|make|put on|begin|run|add|give me|get me|i need|set up|start up|set me)"
)
_A = r"(?:an?|another|the|my|1|me an?|up an?|1 more|me another)"
_OFF = (
    r"(?:cancel|stop|delete|remove|clear|kill|end|dismiss|get rid of|turn off|switch off|shut off|"
    r"turn of|disable|forget)"
)
_WHOSE = r"(?:the|my|that|this|our|a|an)"
# A moment at the end of a sentence about something else needs more than a bare number.
_AT = rf"(?P<when>(?!(?:for )?\d+(?: \d+)?$){MOMENT})"

_TIMER = compiled(
    rf"{_MAKE} (?:{_A} )?(?:{_NAME_BEFORE} )?timer(?: on)?(?: (?:for|of|to|at|on))? (?P<length>{DURATION})",
    rf"{_MAKE} (?:{_A} )?(?P<length>{DURATION})(?: long)? (?:{_NAME_BEFORE} )?timer",
    rf"{_MAKE} (?:{_A} )?(?P<length>{DURATION}) timer (?:for|called|named) (?:the |my )?{_NAME}",
    rf"{_MAKE} (?:{_A} )?timer (?:for|of) (?P<length>{DURATION}) (?:for|called|named) (?:the |my )?{_NAME}",
    rf"{_MAKE} (?:{_A} )?timer (?:called|named) {_NAME} (?:for|of) (?P<length>{DURATION})",
    rf"{_MAKE} (?:{_A} )?timer for (?:the |my )?{_NAME_BEFORE} for (?P<length>{DURATION})",
    rf"(?:{_A} )?(?:{_NAME_BEFORE} )?timer(?: for)? (?P<length>{DURATION})",
    rf"(?:{_A} )?(?P<length>{DURATION}) (?:{_NAME_BEFORE} )?timer",
    rf"time (?P<length>{DURATION})",
    rf"put (?:{_A} )(?:{_NAME_BEFORE} )?timer on(?: for)? (?P<length>{DURATION})",
    # "timer" is often written "time"; the length makes it certain.
    rf"(?:set|start) (?:a |the )?time(?:rs|r's|d)?(?: for| of)? (?P<length>{DURATION})",
    rf"(?:count down|start a countdown|start counting down)(?: from| for| of)? (?P<length>{DURATION})",
    rf"(?:tell|let|warn) me (?:know )?(?:when|after) (?P<length>{DURATION})"
    r"(?: (?:are|is|have|has) (?:over|up|passed|gone(?: by)?))?",
)
_ALARM = compiled(
    rf"{_MAKE} (?:{_A} )?(?:{_NAME_BEFORE} )?alarm(?: clock)?(?: (?:for|at|to|on))? (?P<when>{MOMENT})",
    rf"(?P<wake>wake) me(?: up)? (?P<when>{MOMENT})",
    rf"(?:an )?alarm(?: for| at)? (?P<when>{MOMENT})",
    rf"{_MAKE} (?:{_A} )?alarm (?:called|named) {_NAME} (?:for|at) (?P<when>{MOMENT})",
    rf"{_MAKE} (?:{_A} )?alarm (?:for|at) (?P<when>{MOMENT}) (?:called|named) {_NAME}",
    rf"{_MAKE} (?:{_A} )?(?P<when>{MOMENT}) alarm",
    rf"{_AT} (?P<wake>wake) me(?: up)?",
    rf"{_MAKE} (?:{_A} )?(?:{_NAME_BEFORE} )?alarm for (?P<length>{DURATION})",
    # What rings at a time of day is an alarm, whatever it is called.
    rf"{_MAKE} (?:{_A} )?timer (?:(?:for|at) (?=.*(?:am|pm|oclock|noon|midnight)\b)|until |till )(?P<when>{MOMENT})",
)
_REMINDER = compiled(
    rf"remind me {_AT} (?:to|about|of|that) (?P<what>.+)",
    rf"remind me (?:to|about|of|that) (?P<what>.+?) {_AT}",
    rf"{_AT} (?:please |can you |could you |will you )*remind me (?:to|about|of|that) (?P<what>.+)",
    rf"{_MAKE} (?:{_A} )?reminder (?:for )?{_AT} (?:to|about|for|that|of) (?P<what>.+)",
    rf"{_MAKE} (?:{_A} )?reminder (?:to|about|for|that|of) (?P<what>.+?) {_AT}",
    rf"do not let me forget (?:to|about) (?P<what>.+?) {_AT}",
    r"remind me (?:to|about) (?P<what>.+)",
    rf"{_MAKE} (?:{_A} )?reminder (?:to|about) (?P<what>.+)",
    r"do not let me forget to (?P<what>.+)",
    rf"remind me {_AT}",
    rf"{_MAKE} (?:{_A} )?reminder (?:for )?{_AT}",
)
_NAMED_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_AGAIN = (
    rf"(?:(?:every|each) (?:other |single |\d+ )?(?:day|morning|afternoon|evening|night|week|weekend|hour|weekday|"
    rf"month|year|minute|{_NAMED_DAY})s?|daily|weekly|hourly|(?:on |for )(?:weekdays|weekends|{_NAMED_DAY}s))"
)
_REPEATED = re.compile(
    rf"(?:{_MAKE} (?:{_A} )?(?:alarm|reminder)|remind me|wake me(?: up)?) .*{_AGAIN}.*"
    rf"|{_MAKE} (?:an? )?(?:daily|recurring) (?:alarm|reminder).*"
)
_NO_LENGTH = re.compile(
    rf"(?:set|start|create) (?:{_A} )?timer for (?:\d+|(?:the |my )?(?P<name>(?!{_NO_NAME})[a-z']+))"
)
_BARE = re.compile(rf"{_MAKE} {_A} (?:{_NAME_BEFORE} )?{_KIND}(?: clock)?")
# "Stop it" and "forget it" are said to a talk, too.
_ONE = re.compile(
    r"(?:cancel|delete|remove|dismiss|disable|(?:turn|switch|shut) off) (?:it|that|that 1|them|the last 1)"
)
_SNOOZED = re.compile(
    rf"snooze(?: it| that| the alarm| the timer)?(?: for (?P<length>{DURATION}))?"
)
_LEFT = compiled(
    rf"how (?:long|much(?: time| longer)?|many minutes)(?: is| do i have| have i got| are| does)?(?: still)?"
    rf" (?:left|remaining|to go)(?: (?:on|of|for|in|until) (?:{_WHOSE} )?(?:{_NAME_BEFORE} )?{_KIND}s?)?",
    rf"how (?:long|much time|much longer) does (?:{_WHOSE} )?(?:{_NAME_BEFORE} )?{_KIND} have(?: left)?",
    rf"how (?:long|much longer|much time) (?:until|till|before) (?:{_WHOSE} )?(?:{_NAME_BEFORE} )?{_KIND}"
    r"(?: (?:goes off|rings|is up|is over|ends|is done))?",
    rf"how (?:long|much longer|much time) (?:is )?(?:on|for) (?:{_WHOSE} )?(?:{_NAME_BEFORE} )?{_KIND}",
    rf"is (?:{_WHOSE} )(?:{_NAME_BEFORE} )?{_KIND} (?:still )?(?:running|going|on|set|done|over|up)(?: yet)?",
    rf"how is (?:{_WHOSE} )(?:{_NAME_BEFORE} )?{_KIND}(?: doing)?",
    rf"what is left (?:on|of) (?:{_WHOSE} )?(?:{_NAME_BEFORE} )?{_KIND}",
    rf"(?:check|status of) (?:{_WHOSE} )(?:{_NAME_BEFORE} )?{_KIND}",
    rf"(?:what|how much) time is (?:left )?on (?:{_WHOSE} )(?:{_NAME_BEFORE} )?{_KIND}",
    rf"when (?:is|does|will|are) (?:{_WHOSE} )(?:next )?(?:{_NAME_BEFORE} )?{_KIND}(?: set for| go off| ring| end| done| up)?",
    rf"what time is (?:{_WHOSE} )(?:{_NAME_BEFORE} )?{_KIND}(?: set)?(?: for)?",
)
_LIST = compiled(
    rf"what {_KIND}s (?:do i have|have i (?:got|set)|are (?:set|running|there|on|active))(?: (?:set|running|on))?",
    rf"(?:what|which) are (?:my|the) {_KIND}s",
    rf"(?:list|tell me|read|read me|show me|check|show) (?:all )?(?:of )?(?:my|the) {_KIND}s",
    rf"(?:do i have|have i got|are there|have i set) any {_KIND}s(?: (?:set|running|on))?",
    rf"how many {_KIND}s (?:do i have|have i set|are (?:there|running|set))(?: running| set)?",
)
_CANCEL = compiled(
    rf"{_OFF} (?P<all>all|every|both)(?: of)?(?: the| my| our)? {_KIND}s?",
    rf"{_OFF} (?:{_WHOSE} )?{_KIND} (?:for|at|called|named) (?:the |my )?{_NAME}",
    rf"{_OFF} (?:{_WHOSE} )?(?P<kind>reminder) (?:to|about|of) (?:the |my )?{_NAME}",
    rf"{_OFF} (?:{_WHOSE} )?(?:(?P<last>last|latest) )?(?:{_NAME_BEFORE} )?{_KIND}",
    rf"{_OFF} (?P<all>my {_KIND}s|the {_KIND}s|timers|alarms|reminders)".replace(
        _KIND, r"(?:timer|alarm|reminder)"
    ),
)


def parse(words: str, now: datetime) -> Request | None:
    """The request about timers, alarms or reminders that the words are; else None."""
    if _REPEATED.fullmatch(words):
        return Request("reminder.repeated")
    for found in _matches(_TIMER, words):
        length = duration(found["length"])
        if length:
            return Request("timer.set", {"length": length, "name": _named(found)})
    for found in _matches(_ALARM, words):
        groups = found.groupdict()
        said = moment(groups.get("when") or f"in {groups.get('length')}", now)
        if said:
            wake = "wake" in found.groupdict() and found["wake"]
            if wake and said.open and 3 <= said.at.hour % 12 <= 11:
                said = said.settled(False, now)
            return Request("alarm.set", {"when": said, "name": _named(found)})
    for found in _matches(_REMINDER, words):
        what = found.groupdict().get("what") or ""
        slots: dict[str, Any] = {"name": what[:MOST_NAME_LETTERS]}
        when = found.groupdict().get("when")
        if when:
            said = moment(when, now)
            if said is None:
                continue
            slots["when"] = _likely(said, now)
        return Request("reminder.set", slots)
    if found_one := _BARE.fullmatch(words):
        kind = found_one["kind"]
        return Request(f"{kind}.set", {} if kind == "reminder" else {"name": _named(found_one)})
    if found_one := _NO_LENGTH.fullmatch(words):
        return Request("timer.set", {"name": _named(found_one)})
    return _about_set_ones(words)


def _about_set_ones(words: str) -> Request | None:
    for found in _matches(_LIST, words):
        return Request("reminder.list", {"kind": found["kind"]})
    for found in _matches(_LEFT, words):
        kind = found.groupdict().get("kind") or ""
        slots = {"kind": kind, "name": _named(found) if kind else ""}
        return Request("reminder.left", slots, weak=not kind)
    for found in _matches(_CANCEL, words):
        groups = found.groupdict()
        kind = groups.get("kind") or next(
            (k for k in ("timer", "alarm", "reminder") if k in words), ""
        )
        slots = {"kind": kind, "all": bool(groups.get("all")), "name": _named(found)}
        slots["last"] = bool(groups.get("last"))
        return Request("reminder.cancel", slots)
    if _ONE.fullmatch(words):
        return Request("reminder.cancel", {"kind": "", "last": True}, weak=True)
    if snoozed := _SNOOZED.fullmatch(words):
        length = duration(snoozed["length"]) if snoozed["length"] else _SNOOZE
        return Request("reminder.snooze", {"length": length or _SNOOZE})
    return None


def _matches(patterns: tuple[re.Pattern[str], ...], words: str) -> Iterator[re.Match[str]]:
    return (found for pattern in patterns if (found := pattern.fullmatch(words)))


def _named(found: re.Match[str]) -> str:
    name = (found.groupdict().get("name") or "").strip()
    name = re.sub(r"^(?:a|an|the|my|new|up|me|another|1) ", "", name)
    return (
        ""
        if name in ("a", "an", "the", "my", "new", "another", "1", "up", "me", "current", "old")
        else name
    )


def _likely(said: Said, now: datetime) -> Said:
    """A reminder between one and five o'clock is meant by day; nobody asks for one at night."""
    if said.open and 1 <= said.at.hour % 12 <= 5:
        return said.settled(True, now)
    if said.open and said.at.hour % 12 == 0:
        return said.settled(True, now)
    return said
