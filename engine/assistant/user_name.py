"""The user's name: told, corrected and asked for. Pure.

The language model knows the names of its script and takes others for one of these. The recogniser
writes any name, so it is told from the transcript. Nothing of it is kept in a file.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.assistant.request import Outcome, Request, State

_TOLD = re.compile(
    r"(?:no )?(?:my (?:first )?name is|my name's|you can call me|i am called) "
    r"(?P<name>[a-z']+(?: [a-z']+)?)"
)
_ASKED = re.compile(
    r"(?:do you (?:know|remember) |tell me |say )?what (?:is my name|my name is)|what am i called|"
    r"do you (?:know|remember) my name"
)


def parse(words: str, text: str) -> Request | None:
    """The request that the plain ``words`` are; ``text`` is the transcript as it was written."""
    if _ASKED.fullmatch(words):
        return Request("name.ask")
    found = _TOLD.fullmatch(words)
    if found is None:
        return None
    name = found["name"]
    # Recognisers write names with capitals: "my name is on the list" tells none.
    written = re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    if written is None or not all(part[0].isupper() for part in written[0].split()):
        return None
    return Request("name.tell", {"name": written[0]})


def perform(request: Request, state: State) -> Outcome:
    """Remember the name, or say it."""
    if request.action == "name.tell":
        name = request.slots["name"]
        return Outcome(f"Nice to meet you, {name}.", replace(state, user_name=name))
    if state.user_name:
        return Outcome(f"Your name is {state.user_name}.", state)
    return Outcome("You have not told me your name.", state)
