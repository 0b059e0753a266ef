"""What is asked of the assistant in its evaluation: requests, questions with answers, nonsense.

Written before any of it was heard by the assistant. Knows no sound.
"""

from __future__ import annotations

import random

from engine.assistant.actions import parse
from models import script
from models.evaluate.spoken_requests import NOON, QUESTIONS

ACTIONS: tuple[tuple[str, str, str], ...] = (
    # What is said, the action, and what has to be said before it in writing, if anything.
    ("What time is it, please?", "clock.time", ""),
    ("Tell me the time.", "clock.time", ""),
    ("What day of the week is it?", "clock.day", ""),
    ("What is the date today?", "clock.date", ""),
    ("Set a timer for twelve minutes.", "timer.set", ""),
    ("Please set a timer for forty five seconds.", "timer.set", ""),
    ("Start a twenty minute timer for the laundry.", "timer.set", ""),
    ("Set a timer for an hour and ten minutes.", "timer.set", ""),
    ("How long is left on the timer?", "reminder.left", "Set a timer for nine minutes."),
    ("Cancel the timer.", "reminder.cancel", "Set a timer for nine minutes."),
    ("Wake me up at a quarter past seven in the morning.", "alarm.set", ""),
    ("Set an alarm for half past nine in the evening.", "alarm.set", ""),
    ("Remind me in half an hour to call the office.", "reminder.set", ""),
    ("Remind me to water the plants tomorrow at ten in the morning.", "reminder.set", ""),
    ("What reminders do I have?", "reminder.list", "Remind me at noon to eat."),
    ("What is nineteen times six?", "sum", ""),
    ("How much is two hundred and fifty minus eighty?", "sum", ""),
    ("What is twenty percent of ninety?", "sum", ""),
    ("How many inches are in a foot?", "convert", ""),
    ("What is ten kilometers in miles?", "convert", ""),
    ("Take a note: the garage code has changed.", "note.add", ""),
    ("Read my notes.", "note.read", "Take a note: buy stamps."),
    ("Add tomatoes and rice to my shopping list.", "shopping.add", ""),
    ("Put coffee on the shopping list.", "shopping.add", ""),
    ("What is on my shopping list?", "shopping.read", "Add milk to my shopping list."),
    ("Turn the volume down a little.", "volume.down", ""),
    ("Please speak louder.", "volume.up", ""),
    ("Set the volume to forty percent.", "volume.set", ""),
    ("Be quiet for five minutes.", "talk.quiet", ""),
    ("End the conversation, please.", "talk.end", ""),
)

NONSENSE: tuple[str, ...] = (
    "The yellow seven walks under every second cheese.",
    "Purple ideas sleep when the carpet sings loudly.",
    "My elbow tasted like a Tuesday afternoon.",
    "Between the spoons there was a very tall silence.",
    "He timed her on the stairs for a minute or so.",
    "She said that the list was longer than the alarm.",
    "They reminded each other of two old umbrellas.",
    "Nobody noted the volume of the quiet river.",
    "Ten apples times a long summer makes a story.",
    "I woke up at seven and it was raining on the notes.",
    "We were at the shop in the list of places to see.",
    "The clock on the wall has been silent for years.",
)
"""Some of it has words of requests in it, and is none."""

OWN_WORDS: tuple[str, ...] = (
    "Set a timer for five minutes.",
    "What time is it?",
    "Turn the volume up.",
    "Add milk to my shopping list.",
    "End the conversation.",
    "Cancel all timers.",
)
"""Said by the agent's own voice, as the echo canceller leaves it."""


def facts(count: int) -> list[tuple[str, tuple[str, ...]]]:
    """Questions with words of which one is in a right answer."""
    return [(text, words) for text, words in QUESTIONS if words][:count]


def script_questions(count: int, seed: int) -> list[tuple[str, str]]:
    """(question, answer) of single turns of the script, spread over its intents.

    What the grammar does itself, such as sums, is left out.
    """
    rng = random.Random(f"{seed} script")
    single = {
        intent: [scene for scene in some if _is_one_question(scene)]
        for intent, some in script.scenes().items()
        if intent != "unknown"
    }
    intents = sorted(intent for intent, some in single.items() if some)
    drawn = rng.sample(intents, min(count, len(intents)))
    turns = [rng.choice(single[intent]).turns[0] for intent in drawn]
    return [(rng.choice(turn.users), turn.agent) for turn in turns]


def _is_one_question(scene: script.Scene) -> bool:
    if len(scene.turns) != 1 or scene.facts:
        return False
    return not any(parse(text, NOON) for text in scene.turns[0].users)
