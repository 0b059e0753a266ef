"""Timers, alarms and reminders: what they do, and which of them are due. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from engine.assistant import in_words
from engine.assistant.heard_words import plain
from engine.assistant.request import Outcome, Question, Reminder, Request, State, Undo
from engine.assistant.said_times import Said, duration, moment

MOST_REMINDERS = 100


_PLACES = {
    "first": 0,
    "second": 1,
    "third": 2,
}
"""Of those that are set, in the order in which they were set."""


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


def _set_timer(request: Request, state: State, now: datetime) -> Outcome:
    length = request.slots.get("length")
    if length is None:
        return _ask("For how long?", "duration", request, state, now)
    one = Reminder(
        state.next_number, "timer", now.timestamp() + length.total_seconds(),
        request.slots.get("name", ""), length.total_seconds(),
    )  # fmt: skip
    name = (
        f"The {in_words.aloud(one.name)} timer is set for" if one.name else "Your timer is set for"
    )
    return _added(one, f"{name} {in_words.duration(length)}.", request, state, now)


def _set_moment(request: Request, state: State, now: datetime) -> Outcome:
    said: Said | None = request.slots.get("when")
    kind: Literal["alarm", "reminder"] = "alarm" if request.action == "alarm.set" else "reminder"
    name = request.slots.get("name", "")
    if kind == "reminder" and not name:
        return _ask("Of what shall I remind you?", "text", request, state, now)
    if said is None:
        return _ask("For what time?" if kind == "alarm" else "When?", "moment", request, state, now)
    if said.open:
        return _ask(_which_half(said), "part of day", request, state, now)
    due_s = now.timestamp() + said.after.total_seconds() if said.after else said.at.timestamp()
    if due_s <= now.timestamp():
        return _ask("That time has passed. For what time then?", "moment", request, state, now)
    one = Reminder(state.next_number, kind, due_s, name)
    # Told from what the clock will show: summer time may begin before it, or leave that hour out.
    at = in_words.moment(datetime.fromtimestamp(due_s), now)
    if kind == "alarm":
        told = f"The {called(one)} is set for {re.sub('^(?:at|on) ', '', at)}."
    else:
        told = f"I will remind you {at}: {turned(one.name)}."
    return _added(one, told, request, state, now)


def _which_half(said: Said) -> str:
    hour = in_words.clock(said.at.time())
    if said.at.hour % 12 == 0:
        return "At noon or at midnight?" if said.at.minute == 0 else \
            f"At {hour.partition(' at night')[0].partition(' in the')[0]} by day or at night?"  # fmt: skip
    hour = hour.removesuffix(" at night").partition(" in the ")[0]
    return f"At {hour} in the morning or in the evening?"


def _added(one: Reminder, told: str, request: Request, state: State, now: datetime) -> Outcome:
    """With ``one`` set, in place of another if the request corrects that."""
    before = [old for old in state.reminders if old.number == request.slots.get("instead")]
    if len(state.reminders) >= MOST_REMINDERS + len(before):
        return Outcome("There are too many already; cancel one first.", state, done=False)
    gone = f"The {called(one).partition(':')[0]} is gone."
    back = f"The {called(before[0]).partition(':')[0]} is set again." if before else gone
    undo = Undo(back, "reminders", tuple(before), (one.number,), request)
    kept = tuple(old for old in state.reminders if old not in before)
    return Outcome(told, replace(
        state, reminders=(*kept, one), next_number=one.number + 1, latest=one.number,
        undo=undo, question=None,
    ))  # fmt: skip


def _ask(text: str, wants: Any, request: Request, state: State, now: datetime) -> Outcome:
    question = Question(wants, request, now.timestamp())
    return Outcome(text, replace(state, question=question), done=False)


def _fits(one: Reminder, name: str) -> bool:
    """Whether the user's words name it: by its name, its length or its time."""
    name = plain(name).removesuffix("'s")
    length = duration(name) or duration(name + "s")
    if length and one.length_s:
        return length.total_seconds() == one.length_s
    due = datetime.fromtimestamp(one.due_s)
    said = moment(name, due - timedelta(seconds=1))
    if said and not one.length_s:
        hours = 12 if said.open else 24
        return (said.at.hour - due.hour) % hours == 0 and said.at.minute == due.minute
    words = f"{plain(called(one))} / {plain(one.name)}"
    return bool(name) and re.search(rf"\b{re.escape(name)}\b", words) is not None


def _meant(request: Request, state: State) -> list[Reminder]:
    """The reminders that a request may mean."""
    kind, name = request.slots.get("kind", ""), request.slots.get("name", "")
    ones = [one for one in state.reminders if not kind or one.kind == kind]
    if request.slots.get("last"):
        latest = [one for one in ones if one.number == state.latest]
        return latest or (ones[-1:] if kind else ones if len(ones) == 1 else [])
    found = [one for one in ones if _fits(one, name)] if name else ones
    if not found and _PLACES.get(name.lower(), len(ones)) < len(ones):
        return [ones[_PLACES[name.lower()]]]
    return found


def _none(request: Request, state: State) -> Outcome:
    kind = request.slots.get("kind") or "timer"
    name = in_words.aloud(plain(request.slots.get("name", ""))).replace("oclock", "o'clock")
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
    head, colon, what = called(ones[0]).partition(":")
    told = f"The {head} is cancelled{colon}{what}." if len(ones) == 1 else \
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
        when = re.sub("^(?:at|on) ", "", in_words.moment(at, now))
        return f"The {called(one)} is set for {when}."
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
    told = f"Again in {in_words.duration(length)}."
    return _added(one, told, request, replace(state, rung=None), now)
