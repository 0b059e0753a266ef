"""Corrections of a time or a number in a request: "for five minutes, no, ten". Pure.

Works on words in the plain form of `heard_words`: what was said after "no" or "I mean" takes the
place of the last thing of its kind before it. Knows no action; the grammar judges the result.
"""

from __future__ import annotations

import re

from engine.assistant.heard_words import compiled
from engine.assistant.said_times import CLOCK, DAY, DURATION, PART_OF_DAY

_MARK = (
    r"(?:oh )?(?:no|nope|wait|sorry|actually|i mean|i meant|i said|or rather|rather|correction|"
    r"scratch that|i am sorry|make (?:it|that)|"
    r"(?:change|set) (?:it|that|(?:the |my )?(?:timer|alarm|reminder)) "
    r"(?:to|for))"
)
_MARKS = re.compile(rf" (?:{_MARK} )+")
_BEGINS = re.compile(rf"{_MARK} .+")
_WITHDRAWN = re.compile(
    r".* (?:never mind|nevermind|forget (?:it|that|about it)|scratch that|cancel that|"
    r"no do not|actually do not|actually no|no wait|do not do (?:it|that))"
)
_TIMED = rf"(?:{CLOCK})(?: {PART_OF_DAY})"
_KINDS = (
    # What was said anew, and what it takes the place of: the last such thing.
    (rf"in {DURATION}", rf"in {DURATION}|(?:at |for )?(?:{CLOCK})(?: {PART_OF_DAY})?"),
    (DURATION, DURATION),
    (DURATION, r"\d+"),
    (rf"{DAY}(?: at)? {_TIMED}", rf"{DAY}(?: (?:at|for))? {CLOCK}(?: {PART_OF_DAY})?"),
    (_TIMED, rf"{CLOCK}(?: {PART_OF_DAY})?"),
    (CLOCK, CLOCK),
    (PART_OF_DAY, PART_OF_DAY),
    (DAY, DAY),
    (r"\d+(?:\.\d+)?", r"\d+(?:\.\d+)?"),
)
_NEW = compiled(*(rf"(?:(?:for|at|to|on) )?(?P<new>{new})(?P<tail> .+)?" for new, _ in _KINDS))
_OLD = compiled(*(rf"(?<![\w.])(?:{old})(?![\w.])" for _, old in _KINDS))


def corrected(words: str) -> str | None:
    """The request as it was meant; None if it is not corrected, or not in a time or a number."""
    said, *again = _MARKS.split(words)
    if not again:
        return None
    for new in again:
        meant = _put(said, new)
        if meant is None:
            return None
        said = meant
    return said


def _put(before: str, after: str) -> str | None:
    """``before`` with what ``after`` begins with in the place of its last thing of that kind."""
    for new, old in zip(_NEW, _OLD, strict=True):
        said = new.fullmatch(after)
        places = list(old.finditer(before)) if said else []
        if said is None or not places:
            continue
        place, tail = places[-1], said["tail"] or ""
        if not tail or place.end() == len(before):
            return f"{before[: place.start()]}{said['new']}{before[place.end() :]}{tail}"
    return None


def corrects(words: str) -> bool:
    """Whether the words begin as a correction of what was said before: "no, ten minutes"."""
    return _BEGINS.fullmatch(words) is not None


def withdrawn(words: str) -> bool:
    """Whether a request is taken back in the same breath: "..., no, never mind"."""
    return _WITHDRAWN.fullmatch(words) is not None
