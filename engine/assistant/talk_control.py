"""Time and day, and what the user asks of the conversation itself: louder, again, quiet, the end.

Also says plainly what nobody on this computer can know, such as the weather. Pure: what has to be
done is told as an `Effect`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from engine.assistant import in_words
from engine.assistant.heard_words import compiled, first_match
from engine.assistant.request import (
    LEAST_VOLUME,
    MOST_VOLUME,
    Effect,
    Outcome,
    Request,
    State,
    Undo,
)
from engine.assistant.said_times import DURATION, MOMENT, duration, moment

_WHEN = r"(?P<when>yesterday|tomorrow|(?:the )?day after tomorrow|(?:the )?day before yesterday)"
_DAYS_AHEAD = {"yesterday": -1, "tomorrow": 1, "day after tomorrow": 2, "day before yesterday": -2}
_YOU = r"(?:you (?:can|may|should|must|need to|have to) )?"
_TABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("clock.time", (
        r"what (?:time is it|is the time|time do we have|time is it (?:here|at the moment))",
        r"(?:tell me|give me|say|check) (?:the time|what time it is|what the time is)",
        r"(?:do you (?:know|have)|have you got) (?:what time it is|what the time is|the time)",
        r"how late is it", r"time check", r"(?:current )?time please",
    )),
    ("clock.day", (
        rf"what (?:day|weekday|day of the week) (?:is|was|will) (?:it )?(?:be )?{_WHEN}",
        r"what is the day(?: of the week)?(?: today)?",
        r"what (?:day|weekday|day of the week) is (?:it|today)(?: today)?",
        r"which (?:day|weekday) is (?:it|today)(?: today)?",
        r"tell me (?:what day it is|the day)(?: today)?",
    )),
    ("clock.date", (
        r"what is (?:the |today's |todays )?(?:current )?date(?: of)?(?: today)?",
        rf"what (?:(?:is|was|will) the date|date (?:is|was|will)) (?:it )?(?:be )?{_WHEN}",
        r"what day of the month is (?:it|today)(?: today)?",
        r"what date is (?:it|today)(?: today)?", r"what is today",
        r"tell me (?:the|today's|todays) date", r"which date is it(?: today)?",
        r"what (?:year|month) is (?:it|this)(?: now)?",
        r"what is the (?:year|month)",
    )),
    ("clock.elsewhere", (
        r"what (?:time is it|is the time) in (?:the (?=u[sk]a?$|u [sk]|united |netherlands|philippines)|(?!the ))"
        r"[a-z ]+",
    )),
    ("limit.news", (
        r"(?:what is|how is|tell me) the (?:weather|forecast|weather forecast)(?: like)?"
        r"(?: (?:today|tomorrow|outside|right now|this week|tonight|in [a-z ]+|for [a-z ]+))*",
        r"(?:will|is) it (?:going to )?(?:rain|snow|raining|snowing|be sunny)"
        r"(?: (?:today|tomorrow|outside|tonight|this week))*",
        r"(?:what is (?:in|on) |tell me |what are |read me |read )the (?:latest )?news(?: today)?",
        r"what is (?:new|happening) in the world(?: today)?",
    )),
    ("volume.up", (
        r"(?:turn|put|crank) (?:(?:the|your) (?:volume|sound|voice)|yourself) up(?: a (?:bit|little(?: bit)?))?",
        r"turn up (?:the|your) (?:volume|sound|voice)(?: a (?:bit|little(?: bit)?))?", r"volume up",
        r"(?:raise|increase) (?:the|your) (?:volume|voice|sound)(?: a (?:bit|little(?: bit)?))?",
        rf"{_YOU}(?:speak|talk|be) (?:a (?:bit|little(?: bit)?) )?(?:louder|up)", r"speak up(?: a (?:bit|little(?: bit)?))?",
        r"(?:a (?:bit|little(?: bit)?) )?louder", r"make it (?:a (?:bit|little(?: bit)?) )?louder", r"you are too quiet",
    )),
    ("volume.down", (
        r"(?:turn|put) (?:(?:the|your) (?:volume|sound|voice)|yourself) down(?: a (?:bit|little(?: bit)?))?",
        r"turn down (?:the|your) (?:volume|sound|voice)(?: a (?:bit|little(?: bit)?))?", r"volume down",
        r"(?:lower|decrease|reduce) (?:the|your) (?:volume|voice|sound)(?: a (?:bit|little(?: bit)?))?",
        rf"{_YOU}(?:speak|talk|be) (?:a (?:bit|little(?: bit)?) )?(?:quieter|softer|more quietly|more softly)",
        r"(?:a (?:bit|little(?: bit)?) )?(?:quieter|softer)", r"make it (?:a (?:bit|little(?: bit)?) )?(?:quieter|softer)",
        r"(?:you are|that is) too loud", r"not so loud",
    )),
    ("talk.repeat", (
        r"(?:repeat|say) (?:that|it)(?: again)?(?: 1 more time| once more)?", r"repeat",
        r"say (?:that|it) (?:again|1 more time|once more)", r"what did you (?:just )?say",
        r"i did not (?:hear|catch|get) (?:that|you|it)", r"pardon", r"once more",
        r"repeat what you (?:just )?said", r"what was that again",
    )),
    ("talk.end", (
        r"(?:end|stop|finish|close|quit|leave) (?:the|this|our) (?:conversation|talk|call|chat|session)",
        r"(?:ok(?:ay)? )?good ?bye(?: for now| then| now)?", r"hang up", r"end call", r"stop the conversation now", r"let us (?:end|stop) (?:the|this|our) "
        r"(?:conversation|talk|chat)(?: here)?",
    )),
    ("talk.speak", (
        r"(?:you (?:can|may) )(?:speak|talk)(?: again| now)+", r"(?:speak|talk) (?:to me )?again",
        r"stop being quiet", r"unmute yourself", r"you (?:can|may) (?:speak|talk)",
    )),
)  # fmt: skip
_COMPILED = tuple((action, compiled(*patterns)) for action, patterns in _TABLE)
_SET = re.compile(
    r"(?:(?:set|turn|put) (?:the |your )?(?:volume|sound)(?: up| down)? (?:to|at|on) |"
    r"volume (?:to |at )?(?=(?:\d+ percent|half|full|maximum|minimum)$))"
    r"(?P<share>\d+|half|full|maximum|minimum)(?: percent)?"
)
_QUIET = re.compile(
    r"(?:be (?:quiet|silent|still)|(?:stay|keep|remain) (?:quiet|silent)|do not (?:talk|speak|say anything|"
    r"say a word)|stop (?:talking|speaking)|shut up|go to sleep|mute yourself|leave me alone|"
    rf"hush|silence|give me silence)(?: to me)? (?:(?:for )?(?:the next )?(?P<length>{DURATION})"
    rf"|(?:until|till) (?P<until>{MOMENT}))"
)
_VOLUME_STEP = 15
_SHARES = {"half": 50, "full": 100, "maximum": 100, "minimum": 10}


def parse(words: str, now: datetime) -> Request | None:
    """The request that the words are; else None."""
    for action, patterns in _COMPILED:
        if found := first_match(patterns, words):
            if when := found.groupdict().get("when"):
                return Request(action, {"ahead": _DAYS_AHEAD[when.removeprefix("the ")]})
            part = (
                re.match(r"what (?:is the )?(year|month)\b", words)
                if action == "clock.date"
                else None
            )
            return Request(action, {"part": part[1]} if part else {})
    if found := _SET.fullmatch(words):
        share = _SHARES.get(found["share"]) or min(100, int(found["share"]))
        return Request("volume.set", {"share": share})
    if found := _QUIET.fullmatch(words):
        said = moment(found["until"], now) if found["until"] else None
        length = said.at - now if said else duration(found["length"] or "")
        return Request("talk.quiet", {"length": length}) if length else None
    return None


def perform(request: Request, state: State, now: datetime) -> Outcome:
    """Answer, or tell the effect."""
    match request.action:
        case "clock.time":
            return Outcome(f"It is {in_words.clock(now.time())}.", state)
        case "clock.day" | "clock.date":
            return Outcome(_date(request, now), state)
        case "clock.elsewhere":
            return Outcome("I know the time here only.", state)
        case "limit.news":
            told = "I cannot know that, because I stay on this computer and look nothing up."
            return Outcome(told, state)
        case "volume.up":
            return _volume(state, state.volume + _VOLUME_STEP, "Louder now.")
        case "volume.down":
            return _volume(state, state.volume - _VOLUME_STEP, "Quieter now.")
        case "volume.set":
            return _volume(state, request.slots["share"], request=request)
        case "talk.repeat":
            return Outcome("", state)  # the front knows what was said
        case "talk.quiet":
            length = request.slots["length"]
            told = f"I will be quiet for {in_words.duration(length)}. Alarms ring all the same."
            quiet = replace(
                state,
                undo=Undo("I am here.", "quiet", request=request),
            )
            return Outcome(told, quiet, (Effect("quiet", length.total_seconds()),))
        case "talk.speak":
            return Outcome("I am here.", state, (Effect("speak again"),))
        case _:
            return Outcome("Goodbye.", state, (Effect("end talk"),))


def _volume(state: State, wanted: int, told: str = "", request: Request | None = None) -> Outcome:
    """The volume within its bounds; ``told`` where it is not one of them."""
    volume = min(max(wanted, LEAST_VOLUME), MOST_VOLUME)
    if told and volume == state.volume:
        bound = "louder" if wanted > volume else "quieter"
        return Outcome(f"I cannot speak any {bound}.", state, done=False)
    before = in_words.number(state.volume)
    undo = Undo(
        f"The volume is at {before} percent again.", "volume", (state.volume,), request=request
    )
    told = told or f"The volume is at {in_words.number(volume)} percent."
    return Outcome(told, replace(state, volume=volume, undo=undo), (Effect("volume", volume),))


def _date(request: Request, now: datetime) -> str:
    part = request.slots.get("part")
    if ahead := request.slots.get("ahead"):
        when = now.date() + timedelta(days=ahead)
        names = {-2: "two days ago it was", -1: "yesterday was", 1: "tomorrow is"}
        name = names.get(ahead, "in two days it is")
        said = in_words.calendar_day(when, now.date())
        told = said.partition(",")[0] if request.action == "clock.day" else said
        return f"{name[0].upper()}{name[1:]} {told}."
    if part == "year":
        return f"It is the year {in_words.year(now.year)}."
    if part == "month":
        return f"It is {in_words.calendar_day(now.date(), now.date()).rpartition(' ')[2]}."
    if request.action == "clock.day":
        return f"It is {in_words.calendar_day(now.date(), now.date()).partition(',')[0]}."
    return f"It is {in_words.calendar_day(now.date(), now.date())}."
