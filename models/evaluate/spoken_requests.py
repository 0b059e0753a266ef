"""Sixty requests as people say them and as Whisper writes them, and forty questions for the mind.

They were written before the grammar was measured with them. An expectation names the action and
what has to be in its slots, as `shown` writes them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.assistant.request import Request
from engine.assistant.said_times import Said

NOON = datetime(2026, 3, 4, 12, 0)
"""A Wednesday; the present of all requests."""

REQUESTS: tuple[tuple[str, str, str, str], ...] = (
    # As it is said, as it may be written, the action, what its slots show.
    ("um what time is it now", "Um, what time is it now?", "clock.time", ""),
    ("can you tell me what time it is", "Can you tell me what time it is?", "clock.time", ""),
    ("what's the time please", "What's the time, please?", "clock.time", ""),
    ("what day is it today", "What day is it today?", "clock.day", ""),
    ("what's today's date", "What's today's date?", "clock.date", ""),
    ("set a timer for five minutes", "Set a timer for 5 minutes.", "timer.set", "0:05:00"),
    ("set a timer for half an hour please", "Set a timer for half an hour, please.", "timer.set", "0:30:00"),
    ("could you start a twenty five minute timer", "Could you start a 25-minute timer?", "timer.set", "0:25:00"),
    ("start a timer for an hour and a half", "Start a timer for an hour and a half.", "timer.set", "1:30:00"),
    ("timer ninety seconds", "Timer, 90 seconds.", "timer.set", "0:01:30"),
    ("set a ten minute timer for the eggs", "Set a 10 minute timer for the eggs.", "timer.set", "0:10:00 eggs"),
    ("set a pasta timer for nine minutes", "Set a pasta timer for nine minutes.", "timer.set", "0:09:00 pasta"),
    ("i need a timer for two and a half minutes", "I need a timer for two and a half minutes.", "timer.set", "0:02:30"),
    ("set a time for three minutes", "Set a time for three minutes.", "timer.set", "0:03:00"),
    ("okay set another timer for one hour and twenty minutes", "Okay, set another timer for 1 hour and 20 minutes.",
     "timer.set", "1:20:00"),
    ("how much time is left on my timer", "How much time is left on my timer?", "reminder.left", "timer"),
    ("how long is left on the pasta timer", "How long is left on the pasta timer?", "reminder.left", "timer pasta"),
    ("how many minutes are left", "How many minutes are left?", "reminder.left", ""),
    ("cancel the timer", "Cancel the timer.", "reminder.cancel", "timer"),
    ("please stop the egg timer", "Please stop the egg timer.", "reminder.cancel", "timer egg"),
    ("cancel all my alarms", "Cancel all my alarms.", "reminder.cancel", "all alarm"),
    ("turn off the seven o'clock alarm", "Turn off the 7 o'clock alarm.", "reminder.cancel", "alarm 7 o'clock"),
    ("delete the reminder about the dentist", "Delete the reminder about the dentist.", "reminder.cancel",
     "reminder dentist"),
    ("wake me up at half past six", "Wake me up at half past six.", "alarm.set", "03-05 06:30"),
    ("set an alarm for seven twenty five tomorrow morning", "Set an alarm for 7:25 tomorrow morning.", "alarm.set",
     "03-05 07:25"),
    ("set an alarm for quarter to eight in the evening", "Set an alarm for quarter to eight in the evening.",
     "alarm.set", "03-04 19:45"),
    ("set the alarm for six a m", "Set the alarm for 6 a.m.", "alarm.set", "03-05 06:00"),
    ("can you wake me in twenty minutes", "Can you wake me in 20 minutes?", "alarm.set", "03-04 12:20"),
    ("set an alarm for eight", "Set an alarm for 8.", "alarm.set", "open 03-04 20:00"),
    ("remind me to call my mother at six p m", "Remind me to call my mother at 6 p.m.", "reminder.set",
     "call my mother 03-04 18:00"),
    ("remind me tomorrow at eight in the morning to take out the trash",
     "Remind me tomorrow at 8 in the morning to take out the trash.", "reminder.set",
     "take out the trash 03-05 08:00"),
    ("remind me in ten minutes to check the oven", "Remind me in ten minutes to check the oven.", "reminder.set",
     "check the oven 03-04 12:10"),
    ("can you remind me on friday at noon to pay the rent", "Can you remind me on Friday at noon to pay the rent?",
     "reminder.set", "pay the rent 03-06 12:00"),
    ("remind me about the meeting at three", "Remind me about the meeting at 3.", "reminder.set",
     "the meeting 03-04 15:00"),
    ("what reminders do i have", "What reminders do I have?", "reminder.list", "reminder"),
    ("are there any alarms set", "Are there any alarms set?", "reminder.list", "alarm"),
    ("what's seventeen times twenty three", "What's 17 times 23?", "sum", "17 * 23"),
    ("what is fifteen percent of eighty", "What is 15% of 80?", "sum", "15 %of 80"),
    ("how much is one hundred and twenty divided by eight", "How much is 120 divided by 8?", "sum", "120 / 8"),
    ("what's the square root of two hundred and twenty five", "What's the square root of 225?", "sum", "sqrt 225"),
    ("what is three point five plus two point seven", "What is 3.5 plus 2.7?", "sum", "3.5 + 2.7"),
    ("how many grams are in an ounce", "How many grams are in an ounce?", "convert", "1.0 ounce grams"),
    ("convert five miles to kilometers", "Convert 5 miles to kilometers.", "convert", "5.0 miles kilometers"),
    ("what's seventy two degrees fahrenheit in celsius", "What's 72 degrees Fahrenheit in Celsius?", "convert",
     "72.0 degrees fahrenheit celsius"),
    ("how many minutes are there in a week", "How many minutes are there in a week?", "convert", "1.0 week minutes"),
    ("six feet two inches in centimeters", "6 feet 2 inches in centimeters.", "convert", "74.0 inches centimeters"),
    ("take a note the spare key is with anna", "Take a note. The spare key is with Anna.", "note.add",
     "the spare key is with anna"),
    ("make a note that the car needs oil", "Make a note that the car needs oil.", "note.add", "the car needs oil"),
    ("read me my notes", "Read me my notes.", "note.read", ""),
    ("add milk and eggs to my shopping list", "Add milk and eggs to my shopping list.", "shopping.add", "milk eggs"),
    ("put bananas on the grocery list please", "Put bananas on the grocery list, please.", "shopping.add", "bananas"),
    ("take the bread off my shopping list", "Take the bread off my shopping list.", "shopping.remove", "bread"),
    ("what's on my shopping list", "What's on my shopping list?", "shopping.read", ""),
    ("clear the shopping list", "Clear the shopping list.", "shopping.clear", ""),
    ("turn the volume up a bit", "Turn the volume up a bit.", "volume.up", ""),
    ("can you speak a little louder", "Can you speak a little louder?", "volume.up", ""),
    ("volume down please", "Volume down, please.", "volume.down", ""),
    ("sorry can you say that again", "Sorry, can you say that again?", "talk.repeat", ""),
    ("be quiet for ten minutes", "Be quiet for ten minutes.", "talk.quiet", "0:10:00"),
    ("okay end the conversation", "Okay, end the conversation.", "talk.end", ""),
)  # fmt: skip

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # A question, and words of which one is in a right answer; none where every answer will do.
    ("What is the capital of France?", ("paris",)),
    ("What is the capital of Japan?", ("tokyo",)),
    ("What is the largest planet in the solar system?", ("jupiter",)),
    ("Who wrote Romeo and Juliet?", ("shakespeare",)),
    ("How many days are in a leap year?", ("sixty six",)),
    ("What is the chemical symbol for gold?", ("au",)),
    ("What color do you get when you mix blue and yellow?", ("green",)),
    ("What is the fastest land animal?", ("cheetah",)),
    ("How many legs does a spider have?", ("eight",)),
    ("What gas do plants take in from the air?", ("carbon dioxide",)),
    ("Who painted the Mona Lisa?", ("leonardo", "da vinci")),
    ("What is the largest ocean on earth?", ("pacific",)),
    ("What language do people speak in Brazil?", ("portuguese",)),
    ("What is frozen water called?", ("ice",)),
    ("How many continents are there?", ("seven",)),
    ("What is the tallest mountain in the world?", ("everest",)),
    ("What do bees make?", ("honey",)),
    ("Which planet is known as the red planet?", ("mars",)),
    ("What is the opposite of hot?", ("cold",)),
    ("Who was the first person on the moon?", ("armstrong",)),
    ("What is the capital of Italy?", ("rome",)),
    ("Which animal is known as the king of the jungle?", ("lion",)),
    ("How many strings does a violin have?", ("four",)),
    ("What organ pumps blood through the body?", ("heart",)),
    ("What is the main ingredient of bread?", ("flour", "wheat")),
    ("In which country are the pyramids of Giza?", ("egypt",)),
    ("What is the currency of Japan?", ("yen",)),
    ("What is the largest mammal?", ("whale",)),
    ("What season comes after winter?", ("spring",)),
    ("What is the closest star to earth?", ("the sun is", "is the sun")),
    ("Why is the sky blue?", ("scatter",)),
    ("How do I boil an egg?", ("water", "boil")),
    ("Tell me a short story about a dog.", ()),
    ("What should I cook tonight?", ()),
    ("Give me a tip for sleeping better.", ()),
    ("What makes a good friend?", ()),
    ("Can you explain what gravity is?", ("force", "pull", "attract")),
    ("Why do cats purr?", ()),
    ("What can I do on a rainy day?", ()),
    ("How can I learn to play the guitar?", ()),
)


def shown(request: Request) -> str:
    """The slots of a request in one line, to compare with an expectation."""
    return " ".join(filter(None, map(_shown, request.slots.values()))).lower()


def _shown(slot: Any) -> str:
    if isinstance(slot, Said):
        return ("open " if slot.open else "") + slot.at.strftime("%m-%d %H:%M")
    if isinstance(slot, tuple):
        return " ".join(map(str, slot))
    if isinstance(slot, bool):
        return "all" if slot else ""
    return str(slot) if isinstance(slot, str | float | timedelta) else ""
