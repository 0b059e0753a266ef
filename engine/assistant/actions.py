"""The table of actions, and the two functions that the front calls: `parse` and `perform`.

An action is told by a grammar from the whole transcript: a request that is not understood wholly is
none, because a wrong action is worse than a missed one. What is ambiguous is asked about. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.assistant import (
    measures,
    notebook,
    reminder_words,
    reminders,
    sums,
    talk_control,
    undo,
    user_name,
)
from engine.assistant.corrections import corrected, corrects, withdrawn
from engine.assistant.heard_words import as_written, asked, plain, sentences, without_repeats
from engine.assistant.request import (
    CORRECTION_SECONDS,
    QUESTION_SECONDS,
    Outcome,
    Question,
    Request,
    State,
)
from engine.assistant.said_times import duration, moment, part_of_day
from engine.assistant.several import parts

Perform = Callable[[Request, State, datetime], Outcome]


@dataclass(frozen=True)
class Action:
    """One action: what the help says of it, words that do it, and the function."""

    purpose: str
    examples: tuple[str, ...]
    """What one can say; tests say all of them."""
    perform: Perform


def _sum(request: Request, state: State, now: datetime) -> Outcome:
    return Outcome(sums.answer(request.slots["sum"]), state)


def _convert(request: Request, state: State, now: datetime) -> Outcome:
    slots = request.slots
    return Outcome(measures.answer(slots["value"], slots["unit"], slots["to"]), state)


def _name(request: Request, state: State, now: datetime) -> Outcome:
    return user_name.perform(request, state)


def _help(request: Request, state: State, now: datetime) -> Outcome:
    return Outcome(
        "I can set timers, alarms and reminders, calculate and convert, keep notes and a shopping "
        "list, tell the time, and be louder or quiet. The help has the words for each.", state,
    )  # fmt: skip


ACTIONS: dict[str, Action] = {
    "clock.time": Action("the time", ("What time is it?",), talk_control.perform),
    "clock.day": Action("the day of the week", ("What day is it?",), talk_control.perform),
    "clock.date": Action("the date", ("What is today's date?",), talk_control.perform),
    "clock.elsewhere": Action("the time elsewhere is not known", ("What time is it in Tokyo?",),
                              talk_control.perform),
    "timer.set": Action("a timer", ("Set a timer for five minutes.", "Set a timer.",
                                    "Start a ten minute pasta timer."), reminders.perform),
    "alarm.set": Action("an alarm", ("Set an alarm for seven thirty in the morning.",
                                     "Wake me up at six."), reminders.perform),
    "reminder.set": Action("a reminder", ("Remind me to call Ann at five.",
                                          "Remind me in an hour to feed the cat."),
                           reminders.perform),
    "reminder.repeated": Action("alarms for every day are not there",
                                ("Set an alarm for seven every day.",), reminders.perform),
    "reminder.left": Action("how long is left", ("How long is left on the pasta timer?",
                                                 "How long is left?"), reminders.perform),
    "reminder.list": Action("what is set", ("What timers do I have?", "List my reminders."),
                            reminders.perform),
    "reminder.cancel": Action("cancel one", ("Cancel the pasta timer.", "Cancel it.",
                                             "Cancel all timers."), reminders.perform),
    "reminder.snooze": Action("ring again later", ("Snooze.", "Snooze for five minutes."),
                              reminders.perform),
    "sum": Action("arithmetic", ("What is seventeen times twenty three?",
                                 "What is 15 percent of 80?", "What is the square root of 144?"),
                  _sum),
    "convert": Action("units of measure", ("How many ounces are in a pound?",
                                           "What is five miles in kilometers?"), _convert),
    "note.add": Action("a note", ("Take a note: the key is under the mat.", "Make a note."),
                       notebook.perform),
    "note.read": Action("read the notes", ("Read my notes.",), notebook.perform),
    "note.remove": Action("delete the last note", ("Delete the last note.",), notebook.perform),
    "note.clear": Action("delete all notes, after a question", ("Delete all my notes.",),
                         notebook.perform),
    "shopping.add": Action("put something on the shopping list",
                           ("Add milk, eggs and bread to my shopping list.",), notebook.perform),
    "shopping.remove": Action("take something off it", ("Take the milk off my shopping list.",
                                                        "Remove milk."), notebook.perform),
    "shopping.has": Action("ask for one thing", ("Is milk on my shopping list?",),
                            notebook.perform),
    "shopping.read": Action("read the shopping list", ("What is on my shopping list?",),
                            notebook.perform),
    "shopping.clear": Action("empty it, after a question", ("Clear my shopping list.",),
                             notebook.perform),
    "volume.up": Action("louder", ("Turn the volume up.", "Louder."), talk_control.perform),
    "volume.down": Action("quieter", ("Turn the volume down.", "You are too loud."),
                          talk_control.perform),
    "volume.set": Action("a volume in percent", ("Set the volume to 50 percent.",),
                         talk_control.perform),
    "talk.repeat": Action("say it again", ("Repeat that.", "Say that again."),
                          talk_control.perform),
    "talk.quiet": Action("be quiet for a while", ("Be quiet for ten minutes.",),
                         talk_control.perform),
    "talk.speak": Action("speak again", ("You can speak again.",), talk_control.perform),
    "talk.end": Action("end the conversation", ("End the conversation.", "Goodbye."),
                       talk_control.perform),
    "name.tell": Action("your name", ("My name is Peter.",), _name),
    "name.ask": Action("what your name is", ("What is my name?",), _name),
    "limit.news": Action("weather and news are not known", ("What is the weather like?",),
                         talk_control.perform),
    "undo": Action("take back the last change", ("Undo that.",), undo.perform),
    "help": Action("what can be said", ("What can you do for me?",), _help),
}  # fmt: skip
"""All actions, by their keys; the help is made of it."""

_NEVER_LAST = ("help", "talk.repeat")
"""Requests that are not told from a last sentence: they end many a talk about something else."""
_LEAST_WORDS = 3
"""Of a request that is only the last sentence of a turn."""
_UNDO = re.compile(
    r"undo(?: that| it| the last (?:1|thing|change))?|take (?:that|it) back|put (?:it|that) back"
)
_HELP = re.compile(r"what can (?:you do|i say to you|i ask you)|what are you able to do")
_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|of course|okay|do it|go ahead|do that|certainly|right|absolutely|"
    r"definitely|that is right|correct|please|please do|i am sure|"
    r"(?:delete|clear) (?:it|them|all)(?: all)?|all of (?:it|them))(?: |$))+"
)
_NO = re.compile(
    r"(?!(?:(?:wait|oh|thanks|thank you|please)(?: |$))+$)"
    r"(?:(?:no|nope|nah|never mind|nevermind|forget it|cancel|cancel (?:that|it)|stop|wait|do not|"
    r"do not (?:do (?:it|that)|delete (?:it|them)|clear it)|oh|thanks|thank you|please|"
    r"leave (?:it|them)|keep (?:it|them)|not now|better not)(?: |$))+"
)
_FEW = re.compile(r"[1-9]\d?")
"""A number alone is one of minutes; what was understood is said."""
_NOT = re.compile(r"^(?:no|sorry|wait|i mean|i meant|i said) (?:at )?")
_ANSWERING = re.compile(
    r"^(?:(?:for|make it|say|maybe|let us say|i think|about|how about|i would like|i want) )+"
)


def parse(text: str, now: datetime) -> Request | None:
    """The request that a turn of the user's is, with a second one in ``then``; None if it is talk.

    ``text``: the transcript as the recogniser writes it. A last sentence may be the request after
    small talk ("That was nice. What time is it?").
    """
    if withdrawn(plain(text)):
        return None
    whole = _request(text, now)
    if whole and not _asks(whole):
        return whole
    both = _both(text, now)
    if both or whole:
        return both or whole
    last = (sentences(text) or [text])[-1]
    if last == text or len(asked(last).split()) < _LEAST_WORDS:
        return None  # "Live. Die. Repeat."
    found = _request(last, now)
    return None if found and (found.weak or found.action in _NEVER_LAST) else found


def _request(text: str, now: datetime) -> Request | None:
    """The one request that all the words are."""
    words = asked(text)
    meant = corrected(words)
    found = _parse_words(meant, text, now, meant) if meant else None
    if found is None and words:
        found = _parse_words(words, text, now, asked(text, comma=" and "))
        once = without_repeats(words)
        if found is None and once != words:
            found = _parse_words(once, text, now, once)
    if found is None:
        return None
    return replace(found, slots=_own_words(found.slots, text), said=text)


def _both(text: str, now: datetime) -> Request | None:
    """Two requests or three, each of them whole; only the last may need a question."""
    for first, rest in parts(text):
        one = _request(first, now)
        if one is None or one.weak or _asks(one) or one.action in _NEVER_LAST:
            continue
        other = _request(rest, now)
        if other is None or _asks(other):
            other = _both(rest, now) or other
        if other and not other.weak and other.action not in _NEVER_LAST:
            same = (one.action, one.slots) == (other.action, other.slots)
            return other if same else replace(one, then=other)
    return None


def _asks(request: Request) -> bool:
    """Whether it is done only after a question, or ends what could come after it."""
    slots = request.slots
    match request.action:
        case "timer.set":
            return "length" not in slots
        case "alarm.set" | "reminder.set":
            named = request.action == "alarm.set" or bool(slots.get("name"))
            return "when" not in slots or slots["when"].open or not named
        case "note.add":
            return "text" not in slots
        case "reminder.cancel":
            return not slots.get("all")
        case action:
            return action in ("shopping.clear", "note.clear", "talk.end", "undo")


def _own_words(slots: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Names, notes and things keep the user's capitals; a unit is a key of the grammar's own."""
    return {
        key: _written(slot, text) if key in ("name", "text", "items") else slot
        for key, slot in slots.items()
    }


def _written(slot: Any, text: str) -> Any:
    if isinstance(slot, tuple):
        return tuple(_written(one, text) for one in slot)
    return as_written(slot, text) if isinstance(slot, str) else slot


def _parse_words(words: str, text: str, now: datetime, items: str) -> Request | None:
    """``items``: the words with "and" for every comma."""
    if _UNDO.fullmatch(words):
        return Request("undo", weak=True)
    if _HELP.fullmatch(words):
        return Request("help")
    found = (
        user_name.parse(words, text)
        or talk_control.parse(words, now)
        or reminder_words.parse(words, now)
    )
    if found:
        return found
    if tokens := sums.sum_in(words):
        return Request("sum", {"sum": tokens})
    if conversion := measures.conversion_in(words):
        return Request("convert", dict(zip(("value", "unit", "to"), conversion, strict=True)))
    return notebook.parse(words, items)


def understood(text: str, state: State, now: datetime) -> Request | None:
    """As `parse`, with the state: answers to our question; weak requests only where they fit."""
    question = state.question
    if question and now.timestamp() - question.asked_s <= QUESTION_SECONDS:
        answered = _answer(text, question, state, now)
        if answered:
            # So that it can be corrected: "remind me to call Ann" and "in ten minutes" are one.
            return replace(answered, said=f"{answered.said.rstrip('.?! ')} {asked(text)}")
    request = parse(text, now) or _correction(text, state, now)
    if request is None or not request.weak:
        return request
    done = state.undo
    if (
        request.action == "reminder.cancel"
        and done is not None
        and done.part != "reminders"
        and now.timestamp() - done.done_s <= QUESTION_SECONDS
    ):
        return replace(request, action="undo")  # "cancel that" is what was done last
    fits = {
        "undo": state.undo is not None,
        "reminder.cancel": any(one.number == state.latest for one in state.reminders)
        or len(state.reminders) == 1,
        "reminder.left": bool(state.reminders),
        "shopping.remove": notebook.on_list(request.slots.get("items", ()), state),
    }
    return request if fits[request.action] else None


def _correction(text: str, state: State, now: datetime) -> Request | None:
    """What the user wants in place of the reminder just set, after "no, ten minutes"."""
    done = state.undo
    if done is None or done.request is None or not corrects(plain(text)):
        return None
    if now.timestamp() - done.done_s > CORRECTION_SECONDS:
        return None
    both = f"{done.request.said.rstrip('.?! ')}, {text}"
    meant = corrected(asked(both))
    found = _parse_words(meant, both, now, meant) if meant else None
    if meant is None or found is None or found.action != done.request.action:
        return None
    slots = _own_words(found.slots, both)
    if (_asks(found) and "when" not in slots) or plain(slots.get("name", "")) != plain(
        done.request.slots.get("name", "")
    ):
        return None
    if done.take_out:
        slots |= {"name": done.request.slots.get("name", ""), "instead": done.take_out[0]}
    return replace(found, slots=slots, said=meant)


def perform(request: Request, state: State, now: datetime) -> Outcome:
    """Do what was understood; never raises for a request of `parse` or `understood`."""
    if request.action == "dropped":
        return Outcome("All right.", replace(state, question=None), done=False)
    fresh = replace(state, question=None)
    outcome = ACTIONS[request.action].perform(request, fresh, now)
    if outcome.state.undo and outcome.state.undo is not fresh.undo:
        stamped = replace(outcome.state.undo, done_s=now.timestamp())
        outcome = replace(outcome, state=replace(outcome.state, undo=stamped))
    if request.then is None:
        return outcome
    more = perform(request.then, outcome.state, now)
    undone_last, undone_first = more.state.undo, outcome.state.undo
    if undone_last and undone_first not in (None, undone_last, fresh.undo):
        undone_last = replace(undone_last, also=undone_first)
    return Outcome(
        f"{outcome.spoken} {more.spoken}".strip(),
        replace(more.state, undo=undone_last),
        outcome.effects + more.effects,
        outcome.done and more.done,
    )


def after_talk(text: str, state: State) -> State:
    """The state after a turn that was no request and no answer.

    A "yes" to something else must not delete anything, so the question whether to is over; a cough
    that was taken for a word is no such turn.
    """
    question = state.question
    over = question and question.wants == "yes" and len(plain(text).split()) >= _LEAST_WORDS
    return replace(state, question=None) if over else state


def _answer(text: str, question: Question, state: State, now: datetime) -> Request | None:
    """The request with what was asked for; None if the words are no answer."""
    request, words = question.request, asked(text)
    agreed, refused = _YES.fullmatch(plain(text)), _NO.fullmatch(plain(text))
    slots = dict(request.slots)
    if request.action == "own":  # a user's own action, which asks first
        return request if agreed else Request("dropped") if refused else None
    if refused or words in ("never mind", "forget it", "nothing"):
        return Request("dropped")
    match question.wants:
        case "yes":
            return replace(request, slots={**slots, "sure": True}) if agreed else None
        case "duration":
            said = _ANSWERING.sub("", words)
            length = duration(f"{said} minutes" if _FEW.fullmatch(said) else said)
            return replace(request, slots={**slots, "length": length}) if length else None
        case "moment":
            when = moment(_ANSWERING.sub("", words), now)
            return replace(request, slots={**slots, "when": when}) if when else None
        case "part of day":
            return _with_part(words, request, now)
        case "which":
            ones = reminders.chosen(words, question, state)
            return replace(request, slots={**slots, "chosen": ones}) if ones else None
        case "text":
            if parse(words, now) is not None:
                return None
            key = "text" if request.action == "note.add" else "name"
            said = as_written(re.sub(r"^(?:to|about|that) ", "", words), text)
            return replace(request, slots={**slots, key: said}) if said else None


def _with_part(words: str, request: Request, now: datetime) -> Request | None:
    words = re.sub(r"^(?:by day|(?:in|during) the day(?:time)?)$", "pm", words)
    said = re.sub(r"^(?:at|the|in|on) (?:the )?", "", words)
    part = part_of_day(words) or part_of_day(said) or part_of_day(f"in the {said}")
    when = request.slots["when"]
    if part is None:
        again = moment(_NOT.sub("", words), now)  # "seven pm", "nineteen thirty", "no, eight"
        if again is None or (again.open and words == _NOT.sub("", words)):
            return None
        if when.given_day and not again.given_day:  # the day was said before
            at = datetime.combine(when.at.date(), again.at.time())
            again = replace(again, at=at, given_day=True)
        return replace(request, slots={**request.slots, "when": again})
    evening = part == "pm" or when.at.hour % 12 >= {"night": 6, "late": 5}.get(part, 12)
    return replace(request, slots={**request.slots, "when": when.settled(evening, now)})
