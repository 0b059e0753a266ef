"""Examples of what one can say, from what is really there. Knows no Qt.

The words are English in every language of the window, since the agent speaks English.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from app.abilities import Abilities
from engine.assistant.actions import ACTIONS
from engine.assistant.own_action import OwnAction

SCRIPT = (
    "What is the capital of France?",
    "What day comes after Friday?",
    "Good morning.",
    "Tell me a story.",
    "May I have a cappuccino?",
    "What does a cow say?",
    "Do you ever sleep?",
    "What should I have for breakfast?",
)
"""Of the starter's script; tests look them up there."""
OPEN_QUESTIONS = (
    "How does a refrigerator work?",
    "Why is the sky blue?",
    "Who wrote Romeo and Juliet?",
    "What is a good name for a cat?",
)
"""No requests and not in the script, so a text model answers them."""
_SHOWN_ACTIONS = (
    "timer.set", "clock.time", "convert", "shopping.add", "reminder.set", "sum", "note.add",
    "alarm.set", "shopping.read", "volume.down", "clock.date", "talk.quiet", "note.read",
    "reminder.list", "talk.end", "help",
)  # fmt: skip
"""Actions whose first words need nothing to be set before."""


def examples(able: Abilities, own_actions: Iterable[OwnAction] = ()) -> tuple[str, ...]:
    """What one can say now, in an order in which the kinds alternate."""
    kinds: list[Sequence[str]] = [SCRIPT] if able.script else []
    if able.assistant:
        kinds.append([ACTIONS[key].examples[0] for key in _SHOWN_ACTIONS])
        kinds.append([own.words[0] for own in own_actions if "{" not in own.words[0]])
    if able.text_model:
        kinds.append(OPEN_QUESTIONS)
    return tuple(one for one in chain(*zip_longest(*kinds)) if one is not None)


def requests() -> list[tuple[str, tuple[str, ...]]]:
    """All requests, for the help: what each does, and words that do it."""
    return [(action.purpose, action.examples) for action in ACTIONS.values()]
