"""Timers, alarms and reminders: their words, what they do, and which of them are due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from engine.assistant import in_words
from engine.assistant.heard_words import compiled
from engine.assistant.request import Outcome, Question, Reminder, Request, State, Undo
from engine.assistant.said_times import DURATION, MOMENT, Said, duration, moment

MOST_REMINDERS = 100
MOST_NAME_LETTERS = 120
_SNOOZE = timedelta(minutes=9)
_KIND = r"(?P<kind>timer|alarm|reminder)"
_NAME = r"(?P<name>[a-z0-9'][a-z0-9' ]{0,40}?)"
_MAKE = (
    r"(?:set|start|create|make|put on|begin|run|add|give me|get me|i need|set up|start up|set me)"
)
_A = r"(?:an?|another|the|my|1|me an?|up an?)"
_OFF = (
    r"(?:cancel|stop|delete|remove|clear|kill|end|dismiss|get rid of|turn off|switch off|shut off|"
    r"turn of|disable|forget)"
)
_WHOSE = r"(?:the|my|that|this|our|a|an)"
# A moment at the end of a sentence about something else needs more than a bare number.
_AT = rf"(?P<when>(?!(?:for )?\d+(?: \d+)?$){MOMENT})"

_TIMER = compiled(
    rf"{_MAKE} (?:{_A} )?(?:{_NAME} )?timer(?: (?:for|of|to|at|on))? (?P<length>{DURATION})",
    rf"{_MAKE} (?:{_A} )?(?P<length>{DURATION})(?: long)? (?:{_NAME} )?timer",
    rf"{_MAKE} (?:{_A} )?(?P<length>{DURATION}) timer (?:for|called|named) (?:the |my )?{_NAME}",
    rf"{_MAKE} (?:{_A} )?timer (?:for|of) (?P<length>{DURATION}) (?:for|called|named) (?:the |my )?{_NAME}",
    rf"{_MAKE} (?:{_A} )?timer (?:called|named) {_NAME} (?:for|of) (?P<length>{DURATION})",
    rf"{_MAKE} (?:{_A} )?timer for (?:the |my ){_NAME} for (?P<length>{DURATION})",
    rf"(?:{_A} )?(?:{_NAME} )?timer(?: for)? (?P<length>{DURATION})",
    rf"(?:{_A} )?(?P<length>{DURATION}) (?:{_NAME} )?timer",
    # "timer" is often written "time"; the length makes it certain.
    rf"(?:set|start) (?:a |the )?time(?:rs|r's|d)?(?: for| of)? (?P<length>{DURATION})",
    rf"(?:count down|start a countdown|start counting down)(?: from| for| of)? (?P<length>{DURATION})",
    rf"(?:tell|let|warn) me (?:know )?(?:when|after) (?P<length>{DURATION})"
    r"(?: (?:are|is|have|has) (?:over|up|passed|gone(?: by)?))?",
)
_ALARM = compiled(
    rf"{_MAKE} (?:{_A} )?(?:{_NAME} )?alarm(?: clock)?(?: (?:for|at|to|on))? (?P<when>{MOMENT})",
    rf"(?P<wake>wake) me(?: up)? (?P<when>{MOMENT})",
    rf"(?:an )?alarm(?: for| at)? (?P<when>{MOMENT})",
    rf"{_MAKE} (?:{_A} )?alarm (?:called|named) {_NAME} (?:for|at) (?P<when>{MOMENT})",
    rf"{_MAKE} (?:{_A} )?alarm (?:for|at) (?P<when>{MOMENT}) (?:called|named) {_NAME}",
    rf"{_MAKE} (?:{_A} )?(?P<when>{MOMENT}) alarm",
)
_REMINDER = compiled(
    rf"remind me {_AT} (?:to|about|of|that) (?P<what>.+)",
    rf"remind me (?:to|about|of|that) (?P<what>.+?) {_AT}",
    rf"{_MAKE} (?:{_A} )?reminder {_AT} (?:to|about|for|that|of) (?P<what>.+)",
    rf"{_MAKE} (?:{_A} )?reminder (?:to|about|for|that|of) (?P<what>.+?) {_AT}",
    rf"do not let me forget (?:to|about) (?P<what>.+?) {_AT}",
    r"remind me (?:to|about) (?P<what>.+)",
    rf"{_MAKE} (?:{_A} )?reminder (?:to|about) (?P<what>.+)",
    r"do not let me forget to (?P<what>.+)",
)
_AGAIN = r"(?:every (?:day|morning|evening|night|week|hour|weekday|\d+ minutes|monday|tuesday|wednesday|" \
         r"thursday|friday|saturday|sunday)|daily|each day|on weekdays)"  # fmt: skip
_REPEATED = re.compile(
    rf"(?:{_MAKE} (?:{_A} )?(?:alarm|reminder)|remind me|wake me(?: up)?) .*{_AGAIN}.*"
    rf"|{_MAKE} (?:an? )?(?:daily|recurring) (?:alarm|reminder).*"
)
_BARE = re.compile(rf"{_MAKE} {_A} (?:{_NAME} )?{_KIND}(?: clock)?")
_ONE = re.compile(rf"{_OFF} (?:it|that|that 1|them|the last 1)")
_SNOOZED = re.compile(
    rf"snooze(?: it| that| the alarm| the timer)?(?: for (?P<length>{DURATION}))?"
)
_LEFT = compiled(
    rf"how (?:long|much(?: time| longer)?|many minutes)(?: is| do i have| have i got| are| does)?(?: still)?"
    rf" (?:left|remaining|to go)(?: (?:on|of|for|in|until) (?:{_WHOSE} )?(?:{_NAME} )?{_KIND}s?)?",
    rf"how (?:long|much time|much longer) does (?:{_WHOSE} )?(?:{_NAME} )?{_KIND} have(?: left)?",
    rf"how (?:long|much longer|much time) (?:until|till|before) (?:{_WHOSE} )?(?:{_NAME} )?{_KIND}"
    r"(?: (?:goes off|rings|is up|is over|ends|is done))?",
    rf"how is (?:{_WHOSE} )(?:{_NAME} )?{_KIND}(?: doing)?",
    rf"what is left (?:on|of) (?:{_WHOSE} )?(?:{_NAME} )?{_KIND}",
    rf"(?:check|status of) (?:{_WHOSE} )(?:{_NAME} )?{_KIND}",
    rf"(?:what|how much) time is (?:left )?on (?:{_WHOSE} )(?:{_NAME} )?{_KIND}",
    rf"when (?:is|does|will|are) (?:{_WHOSE} )(?:next )?(?:{_NAME} )?{_KIND}(?: set for| go off| ring| end| done| up)?",
    rf"what time is (?:{_WHOSE} )(?:{_NAME} )?{_KIND}(?: set)?(?: for)?",
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
    rf"{_OFF} (?:{_WHOSE} )?{_KIND} (?:for|to|at|about|called|named|of) (?:the |my )?{_NAME}",
    rf"{_OFF} (?:{_WHOSE} )?(?:(?P<last>last|latest) )?(?:{_NAME} )?{_KIND}",
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
        said = moment(found["when"], now)
        if said:
            wake = "wake" in found.groupdict() and found["wake"]
            if wake and said.open and 3 <= said.at.hour % 12 <= 11:
                said = said.settled(False, now)
            return Request("alarm.set", {"when": said, "name": _named(found)})
    for found in _matches(_REMINDER, words):
        slots: dict[str, Any] = {"name": found["what"][:MOST_NAME_LETTERS]}
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


def perform(request: Request, state: State, now: datetime) -> Outcome:
    """Do what `parse` has understood."""
    match request.action:
        case "timer.set":
            return _set_timer(request, state, now)
        case "alarm.set" | "reminder.set":
            return _set_moment(request, state, now)
        case "reminder.cancel":
            return _cancel(request, state, now)
        case "reminder.left":
            return _left(request, state, now)
        case "reminder.list":
            return _list(request, state, now)
        case "reminder.snooze":
            return _snooze(request, state, now)
        case _:
            return Outcome(
                "I can set an alarm or a reminder for one time only, not for every day. "
                "Tell me the next time for it.", state, done=False,
            )  # fmt: skip


def due(state: State, now: datetime) -> tuple[list[Reminder], State]:
    """The reminders whose time has come, earliest first, and the state without them."""
    moment_s = now.timestamp()
    ringing = sorted(
        (one for one in state.reminders if one.due_s <= moment_s), key=lambda one: one.due_s
    )
    if not ringing:
        return [], state
    left = tuple(one for one in state.reminders if one.due_s > moment_s)
    return ringing, replace(state, reminders=left, rung=ringing[-1])


def ring(one: Reminder, now: datetime, late: bool = False) -> str:
    """What is said when it rings; ``late``: it fell due while the program was closed."""
    what = {
        "timer": f"your {called(one)} is over",
        "alarm": f"this is your {called(one)}",
        "reminder": f"I was to remind you: {turned(one.name)}",
    }[one.kind]
    if not late:
        return f"{what[0].upper()}{what[1:]}."
    at = datetime.fromtimestamp(one.due_s)
    day = "" if at.date() == now.date() else f"{in_words.day(at.date(), now.date())} "
    missed = {"timer": f"your {called(one)} ended", "alarm": f"your {called(one)} was set",
              "reminder": f"I was to remind you: {turned(one.name)}. That was"}[one.kind]  # fmt: skip
    return f"While I was closed, {missed} {day}at {in_words.clock(at.time())}."


def called(one: Reminder) -> str:
    """How it is spoken of: "pasta timer", "five minute timer", "alarm", "reminder: call Ann"."""
    if one.kind == "reminder":
        return f"reminder: {turned(one.name)}"
    if one.name:
        return f"{in_words.aloud(one.name)} {one.kind}"
    return (
        f"{in_words.length_of_timer(timedelta(seconds=one.length_s))} timer"
        if one.length_s
        else one.kind
    )


def turned(name: str) -> str:
    """What the user said of himself, as it is said to him: "call my sister" is "call your sister"."""
    swapped = {"my": "your", "me": "you", "mine": "yours", "myself": "yourself"}
    words = [swapped.get(word.lower(), word) for word in name.split()]
    return in_words.aloud(" ".join(words))


def chosen(words: str, question: Question, state: State) -> tuple[Reminder, ...]:
    """The reminders that an answer to "which one?" names; none if it names none."""
    choices = [one for one in state.reminders if one.number in question.choices]
    if re.fullmatch(r"(?:all|both|every 1|all of them|both of them|everything|all 2|all 3)", words):
        return tuple(choices)
    places = {"the first": 0, "first": 0, "the second": 1, "second": 1, "the last": -1, "last": -1}
    place = places.get(re.sub(r" (?:1|timer|alarm|reminder)$", "", words))
    if place is not None and choices:
        return (choices[min(place, len(choices) - 1)],)
    name = re.sub(r"^(?:the|my) | (?:1|timer|alarm|reminder)$", "", words)
    found = [one for one in choices if _fits(one, name)]
    return (found[0],) if len(found) == 1 else ()


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


def _set_timer(request: Request, state: State, now: datetime) -> Outcome:
    length = request.slots.get("length")
    if length is None:
        return _ask("For how long?", "duration", request, state, now)
    one = Reminder(
        state.next_number, "timer", now.timestamp() + length.total_seconds(),
        request.slots.get("name", ""), length.total_seconds(),
    )  # fmt: skip
    name = f"The {one.name} timer is set for" if one.name else "Your timer is set for"
    return _added(one, f"{name} {in_words.duration(length)}.", state)


def _set_moment(request: Request, state: State, now: datetime) -> Outcome:
    said: Said | None = request.slots.get("when")
    kind: Literal["alarm", "reminder"] = "alarm" if request.action == "alarm.set" else "reminder"
    name = request.slots.get("name", "")
    if kind == "reminder" and not name:
        return _ask("Of what shall I remind you?", "text", request, state, now)
    if said is None:
        return _ask("For what time?" if kind == "alarm" else "When?", "moment", request, state, now)
    if said.open:
        open_at = said.at.time()
        hour = in_words.clock(open_at).removesuffix(" at night").rpartition(" in the ")[
            0
        ] or in_words.clock(open_at)
        return _ask(
            f"At {hour} in the morning or in the evening?", "part of day", request, state, now
        )
    due_s = now.timestamp() + said.after.total_seconds() if said.after else said.at.timestamp()
    if due_s <= now.timestamp():
        return _ask("That time has passed. For what time then?", "moment", request, state, now)
    one = Reminder(state.next_number, kind, due_s, name)
    at = in_words.moment(said.at, now)
    if kind == "alarm":
        return _added(one, f"The {called(one)} is set for {at.removeprefix('at ')}.", state)
    return _added(one, f"I will remind you {at}: {turned(name)}.", state)


def _added(one: Reminder, told: str, state: State) -> Outcome:
    if len(state.reminders) >= MOST_REMINDERS:
        return Outcome("There are too many already; cancel one first.", state, done=False)
    undo = Undo(
        f"The {called(one).partition(':')[0]} is gone.", "reminders", take_out=(one.number,)
    )
    return Outcome(told, replace(
        state, reminders=(*state.reminders, one), next_number=one.number + 1, latest=one.number,
        undo=undo, question=None,
    ))  # fmt: skip


def _ask(text: str, wants: Any, request: Request, state: State, now: datetime) -> Outcome:
    question = Question(wants, request, now.timestamp())
    return Outcome(text, replace(state, question=question), done=False)


def _fits(one: Reminder, name: str) -> bool:
    """Whether the user's words name it: by its name, its length or its time."""
    words = called(one).lower()
    length = duration(name) or duration(name + "s")
    if length and one.length_s:
        return length.total_seconds() == one.length_s
    said = moment(name, datetime.fromtimestamp(one.due_s - 1))
    if said and not one.length_s:
        return (said.at.hour - datetime.fromtimestamp(one.due_s).hour) % 12 == 0 and (
            said.at.minute == datetime.fromtimestamp(one.due_s).minute
        )
    return bool(name) and re.search(rf"\b{re.escape(name)}\b", words) is not None


def _meant(request: Request, state: State) -> list[Reminder]:
    """The reminders that a request may mean."""
    kind, name = request.slots.get("kind", ""), request.slots.get("name", "")
    ones = [one for one in state.reminders if not kind or one.kind == kind]
    if request.slots.get("last"):
        latest = [one for one in ones if one.number == state.latest]
        return latest or (ones[-1:] if kind else ones if len(ones) == 1 else [])
    return [one for one in ones if _fits(one, name)] if name else ones


def _none(request: Request, state: State) -> Outcome:
    kind, name = request.slots.get("kind") or "timer", request.slots.get("name", "")
    return Outcome(f"There is no {name + ' ' if name else ''}{kind} set.", state, done=False)


def _cancel(request: Request, state: State, now: datetime) -> Outcome:
    ones = list(request.slots.get("chosen", ())) or _meant(request, state)
    if not ones:
        return _none(request, state)
    if len(ones) > 1 and not request.slots.get("all") and not request.slots.get("chosen"):
        names = in_words.listed(_told_apart(ones[:5], now), "or")
        question = Question("which", request, now.timestamp(), tuple(one.number for one in ones))
        return Outcome(f"Which one: {names}?", replace(state, question=question), done=False)
    gone = {one.number for one in ones}
    told = f"The {called(ones[0])} is cancelled." if len(ones) == 1 else \
        f"{in_words.counted(len(ones), request.slots['kind'] or 'timer').capitalize()} cancelled."  # fmt: skip
    back = (
        f"The {called(ones[0]).partition(':')[0]} is set again."
        if len(ones) == 1
        else "They are set again."
    )
    return Outcome(told, replace(
        state, reminders=tuple(one for one in state.reminders if one.number not in gone),
        undo=Undo(back, "reminders", put_back=tuple(ones)), question=None,
    ))  # fmt: skip


def _told_apart(ones: list[Reminder], now: datetime) -> list[str]:
    """Their names, with the time left where names are equal."""
    names = [f"the {called(one)}" for one in ones]
    if len(set(names)) == len(names):
        return names
    lefts = [timedelta(seconds=max(1, one.due_s - now.timestamp())) for one in ones]
    return [
        f"{name} with {in_words.duration(left)} left"
        for name, left in zip(names, lefts, strict=True)
    ]


def _left(request: Request, state: State, now: datetime) -> Outcome:
    ones = _meant(request, state)
    if not ones:
        return _none(request, state)
    told = [_status(one, now) for one in sorted(ones, key=lambda one: one.due_s)[:3]]
    return Outcome(
        " ".join(told), replace(state, latest=ones[0].number if len(ones) == 1 else state.latest)
    )


def _status(one: Reminder, now: datetime) -> str:
    at = datetime.fromtimestamp(one.due_s)
    if one.kind == "timer":
        left = timedelta(seconds=max(1, one.due_s - now.timestamp()))
        return f"{in_words.duration(left).capitalize()} left on the {called(one)}."
    if one.kind == "alarm":
        return f"The {called(one)} is set for {in_words.moment(at, now).removeprefix('at ')}."
    return f"I will remind you {in_words.moment(at, now)}: {turned(one.name)}."


def _list(request: Request, state: State, now: datetime) -> Outcome:
    kind = request.slots["kind"]
    ones = sorted((one for one in state.reminders if one.kind == kind), key=lambda one: one.due_s)
    if not ones:
        return Outcome(f"You have no {kind}s.", state)
    more = f" And {in_words.counted(len(ones) - 4, 'more', 'more')}." if len(ones) > 4 else ""
    head = f"You have {in_words.counted(len(ones), kind)}. "
    return Outcome(head + " ".join(_status(one, now) for one in ones[:4]) + more, state)


def _snooze(request: Request, state: State, now: datetime) -> Outcome:
    if state.rung is None:
        return Outcome("Nothing has rung.", state, done=False)
    length: timedelta = request.slots["length"]
    due_s = now.timestamp() + length.total_seconds()
    one = replace(state.rung, number=state.next_number, due_s=due_s)
    return _added(one, f"Again in {in_words.duration(length)}.", replace(state, rung=None))
