"""Notes and the shopping list: their words and what they do. Pure.

A line of the user's file is an item, and the user may edit the file as well; so a change touches
single lines, and so does taking it back. Clearing asks first.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from engine.assistant import in_words
from engine.assistant.heard_words import compiled, first_match
from engine.assistant.request import Outcome, Question, Request, State, Undo

MOST_LINES = 1000
MOST_SPOKEN = 12
"""Of a list that is read out; the rest is counted."""
_LIST = r"(?:(?:my|the|our|a) )?(?:shopping|grocery|groceries) list"
_ANY_LIST = r"(?:my|the|our) (?:(?:shopping|grocery|groceries) )?list"
_WHOLE = (
    "macaroni and cheese",
    "mac and cheese",
    "half and half",
    "fish and chips",
    "ham and eggs",
)
"""One thing each, although "and" stands in it."""
_PRONOUNS = {"it", "this", "that", "them", "these", "those"}

_ADD = compiled(
    rf"(?:add|put|write|get|include) (?P<what>.+?) (?:to|on|onto|in|into) (?:{_LIST}|{_ANY_LIST})",
    rf"(?:add|put|write) (?:to|on|onto|in) {_LIST} (?P<what>.+)",
    rf"(?:put|write) down (?P<what>.+?) (?:on|to) {_LIST}",
    rf"{_LIST} add (?P<what>.+)",
    rf"(?:i|we) need (?P<what>.+) on {_LIST}",
)
_REMOVE = compiled(
    rf"(?:remove|take|delete|cross|strike|erase|get) (?:off )?(?P<what>.+?)(?: off| out)? "
    rf"(?:from|off|of|off of) (?:{_LIST}|{_ANY_LIST})",
)
_READ = compiled(
    rf"(?:what is|what do i have|what have i got|what is there|what is still|tell me what is) on {_LIST}",
    rf"(?:read|tell me|show|show me|list|read out|read me|check|open) (?:out )?{_LIST}",
    rf"what (?:is|does) {_LIST}(?: say)?",
    r"what do i (?:need|have) to buy",
    r"what is on (?:my|our) list",
)
_HAS = compiled(
    rf"(?:is there|is|do i have|have i got|did i put|are there|are) (?:any )?(?P<what>.+?) on (?:{_LIST}|{_ANY_LIST})",
)
_CLEAR = compiled(
    rf"(?:clear|empty|delete|erase|wipe|remove|reset|throw away) (?:out )?(?:(?:everything|all) (?:from|on|off) )?"
    rf"(?:{_LIST}|{_ANY_LIST})",
    rf"(?:take|cross|strike|get) (?:everything|all)(?: off)? (?:off|from|of)(?: of)? (?:{_LIST}|{_ANY_LIST})",
)
_NO_TEXT = r"(?!(?:of |about )?(?:it|this|that|them|these|those)$|from |down (?:your|these|those) )"
"""How talk goes on after "make a note of" and "write down"."""
_NOTE = compiled(
    r"(?:take|make|write|add|create|save|leave)(?: me)?(?: down)? (?:a|another|1) (?:new )?note"
    rf"(?: down)?(?: that says| saying| that| to myself that| to| about| of)? (?P<what>{_NO_TEXT}.+)",
    rf"note down(?: that)? (?P<what>{_NO_TEXT}.+)",
    rf"(?:write|jot) (?:this |that )?{_NO_TEXT}down(?: that)? (?P<what>{_NO_TEXT}.+)",
    r"add (?P<what>.+) to my notes",
)
_NOTES = r"(?:my |the |all my |all the |all of my )?notes"
_READ_NOTES = compiled(
    rf"(?:read|tell me|show|show me|list|read out|read me|check)(?: out)?(?: to me)? {_NOTES}(?: to me| out| out loud)?",
    r"what (?:are|is in|is on|do i have in|did i write in|does it say in) my notes",
    r"what notes (?:do i have|have i (?:got|made|taken)|are there)",
    r"(?:do i have|have i got|are there) any notes",
)
_LAST_NOTE = compiled(
    r"(?:delete|remove|erase|forget|scratch|cancel) (?:that|my|the) (?:last |latest )?note",
)
_CLEAR_NOTES = compiled(
    rf"(?:clear|delete|erase|remove|wipe|empty|throw away) {_NOTES}",
)


def parse(words: str, items: str) -> Request | None:
    """The request about notes or the list that the words are; else None.

    ``items``: the same words with "and" for every comma, because a list loses its items otherwise.
    """
    if found := first_match(_CLEAR, words):
        return Request("shopping.clear")
    if found := first_match(_ADD, items):
        things = _items(found["what"])
        return Request("shopping.add", {"items": things}) if set(things) - _PRONOUNS else None
    if found := first_match(_REMOVE, items):
        return Request("shopping.remove", {"items": _items(found["what"])})
    if first_match(_READ, words):
        return Request("shopping.read")
    if found := first_match(_HAS, words):
        return Request("shopping.has", {"items": _items(found["what"])})
    if first_match(_READ_NOTES, words):
        return Request("note.read")
    if first_match(_CLEAR_NOTES, words):
        return Request("note.clear")
    if first_match(_LAST_NOTE, words):
        return Request("note.remove")
    if found := first_match(_NOTE, words):
        return Request("note.add", {"text": found["what"]})
    if re.fullmatch(r"(?:take|make|write|add|create|save) (?:a|another|1) (?:new )?note", words):
        return Request("note.add")
    if found := re.fullmatch(
        r"(?:remove|cross off|take off|delete) (?P<what>(?:\w+ ?){1,6})", items
    ):
        return Request("shopping.remove", {"items": _items(found["what"])}, weak=True)
    return None


def on_list(items: tuple[str, ...], state: State) -> bool:
    """Whether every item is on the list, so that "remove milk" can only mean the list."""
    return all(_places(item, state.shopping) for item in items)


def perform(request: Request, state: State, now: datetime) -> Outcome:
    """Do what `parse` has understood."""
    items: tuple[str, ...] = request.slots.get("items", ())
    match request.action:
        case "shopping.add":
            return _add(items, state)
        case "shopping.remove":
            return _remove(items, state)
        case "shopping.has":
            there = [item for item in items if _places(item, state.shopping)]
            told = "Yes" if len(there) == len(items) else "No"
            said = in_words.listed(there if there else items)
            verb = "is" if told == "Yes" or there else "is not"
            return Outcome(f"{told}, {in_words.aloud(said)} {verb} on your list.", state)
        case "shopping.read":
            return Outcome(_read(state.shopping, "Your shopping list is empty.",
                                 "On your shopping list:"), state)  # fmt: skip
        case "note.read":
            head = f"You have {in_words.counted(len(state.notes), 'note')}:"
            return Outcome(_read(state.notes, "You have no notes.", head, ". "), state)
        case "note.add":
            return _note(request, state, now)
        case "note.remove":
            return _remove_note(state)
        case _:
            return _clear(request, state, now)


def _items(what: str) -> tuple[str, ...]:
    kept = what
    for index, phrase in enumerate(_WHOLE):
        kept = kept.replace(phrase, f"#{index}")
    parts = re.split(r"\s+(?:and|as well as|plus)\s+", f" {kept} ".replace(" and and ", " and "))
    items = []
    for part in parts:
        item = re.sub(r"^(?:and |some |a |an |the |more |also )+", "", part.strip() + " ").strip()
        for index, phrase in enumerate(_WHOLE):
            item = item.replace(f"#{index}", phrase)
        if item and item != "and":
            items.append(item)
    return tuple(items)


def _places(item: str, lines: tuple[str, ...]) -> list[int]:
    """Where an item stands: as it is, with or without its plural, or as one word of a line."""

    def key(text: str) -> str:
        return re.sub(r"(?:es|s)$", "", text.strip().lower())

    exact = [place for place, line in enumerate(lines) if key(line) == key(item)]
    if exact:
        return exact
    word = re.compile(rf"\b{re.escape(key(item))}(?:es|s)?\b")
    return [place for place, line in enumerate(lines) if word.search(line.lower())]


def _add(items: tuple[str, ...], state: State) -> Outcome:
    fresh = [
        item for item in items if item.lower() not in {line.lower() for line in state.shopping}
    ]
    if not fresh:
        return Outcome(
            f"{_begun(in_words.listed(items))} is on your list already.", state, done=False
        )
    if len(state.shopping) + len(fresh) > MOST_LINES:
        return Outcome("Your shopping list is full.", state, done=False)
    said = in_words.listed(fresh)
    undo = Undo(
        f"{_begun(said)} {_is(fresh)} off your list again.", "shopping", take_out=tuple(fresh)
    )
    return Outcome(f"{_begun(said)} {_is(fresh)} on your shopping list.", replace(
        state, shopping=(*state.shopping, *fresh), undo=undo, question=None,
    ))  # fmt: skip


def _remove(items: tuple[str, ...], state: State) -> Outcome:
    places = [(item, _places(item, state.shopping)) for item in items]
    missing = [item for item, found in places if not found]
    if missing:
        return Outcome(
            f"{_begun(in_words.listed(missing))} {_is(missing)} not on your list.",
            state,
            done=False,
        )
    unclear = [item for item, found in places if len(found) > 1]
    if unclear:
        return Outcome(
            f"There are several lines with {in_words.aloud(unclear[0])}; say the whole line.",
            state,
            done=False,
        )
    gone = sorted(found[0] for _, found in places)
    lines = [state.shopping[place] for place in gone]
    undo = Undo(f"{_begun(in_words.listed(lines))} {_is(lines)} on your list again.", "shopping",
                put_back=tuple(zip(gone, lines, strict=True)))  # fmt: skip
    kept = tuple(line for place, line in enumerate(state.shopping) if place not in gone)
    told = f"{_begun(in_words.listed(lines))} {_is(lines)} off your list."
    return Outcome(told, replace(state, shopping=kept, undo=undo, question=None))


def _note(request: Request, state: State, now: datetime) -> Outcome:
    text = request.slots.get("text", "")
    if not text:
        question = Question("text", request, now.timestamp())
        return Outcome("What shall I write down?", replace(state, question=question), done=False)
    if len(state.notes) >= MOST_LINES:
        return Outcome("There are too many notes; delete some first.", state, done=False)
    undo = Undo("The note is gone.", "notes", take_out=(text,))
    return Outcome(f"Noted: {in_words.aloud(text)}.", replace(
        state, notes=(*state.notes, text), undo=undo, question=None,
    ))  # fmt: skip


def _remove_note(state: State) -> Outcome:
    if not state.notes:
        return Outcome("You have no notes.", state, done=False)
    *kept, last = state.notes
    undo = Undo("The note is back.", "notes", put_back=((len(kept), last),))
    return Outcome(
        f"Deleted the note: {in_words.aloud(last)}.", replace(state, notes=tuple(kept), undo=undo)
    )


def _clear(request: Request, state: State, now: datetime) -> Outcome:
    notes = request.action == "note.clear"
    lines = state.notes if notes else state.shopping
    name = "notes" if notes else "shopping list"
    if not lines:
        told = "You have no notes." if notes else "Your shopping list is empty."
        return Outcome(told, state, done=False)
    if not request.slots.get("sure"):
        what = in_words.counted(len(lines), "note" if notes else "thing")
        text = f"You have {what}. Shall I delete {'all of them' if len(lines) > 1 else 'it'}?" if notes else \
            f"There {'is' if len(lines) == 1 else 'are'} {what} on your shopping list. Shall I clear it?"  # fmt: skip
        question = Question("yes", request, now.timestamp())
        return Outcome(text, replace(state, question=question), done=False)
    undo = Undo(f"Your {name} {'are' if notes else 'is'} as before.", "notes" if notes else "shopping",
                put_back=tuple(enumerate(lines)))  # fmt: skip
    told = "Your notes are deleted." if notes else "Your shopping list is empty now."
    empty: dict[str, tuple[str, ...]] = {"notes" if notes else "shopping": ()}
    return Outcome(told, replace(state, undo=undo, question=None, **empty))  # type: ignore[arg-type]


def _read(lines: tuple[str, ...], empty: str, head: str, joint: str = "") -> str:
    if not lines:
        return empty
    shown = [in_words.aloud(line) for line in lines[:MOST_SPOKEN]]
    said = joint.join(shown) if joint else in_words.listed(shown)
    more = len(lines) - len(shown)
    return f"{head} {said}." + (f" And {in_words.number(more)} more." if more else "")


def _is(things: list[str]) -> str:
    return "is" if len(things) == 1 else "are"


def _begun(text: str) -> str:
    said = in_words.aloud(text)
    return said[:1].upper() + said[1:]
