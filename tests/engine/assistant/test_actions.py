"""What the grammar understands, what it leaves alone, and what the actions do, in little talks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assistant import in_words, reminders
from engine.assistant.actions import ACTIONS, after_talk, parse, perform, understood
from engine.assistant.request import Effect, State
from models.evaluate.spoken_requests import NOON, REQUESTS, shown


@pytest.mark.parametrize("key", ACTIONS)
def test_each_action_is_done_by_the_words_of_its_help(key: str) -> None:
    for words in ACTIONS[key].examples:
        request = parse(words, NOON)
        assert request and request.action == key, words


@pytest.mark.parametrize(("said", "written", "action", "slots"), REQUESTS)
def test_requests_are_understood_as_said_and_as_written(
    said: str, written: str, action: str, slots: str
) -> None:
    for text in (said, written):
        request = parse(text, NOON)
        assert request and request.action == action
        assert sorted(shown(request).split()) == sorted(slots.lower().split())


OTHER_WAYS = """
    What time is it in the UK? | clock.elsewhere
    What's the day today? | clock.day
    What day is it tomorrow? | clock.day | 1
    What was the date yesterday? | clock.date | -1
    What day of the month is it? | clock.date
    Um, set a, set a timer for, uh, 10 minutes. | timer.set | 0:10:00
    Set a timer for for minutes. | timer.set | 0:04:00
    Set a timer 4 5 minutes. | timer.set | 0:05:00
    Set a timer for 1 hr 20. | timer.set | 1:20:00
    Set a timer for 1h 20. | timer.set | 1:20:00
    Set a half-hour timer. | timer.set | 0:30:00
    Set a timer for two hours and a quarter. | timer.set | 2:15:00
    I'd like to set a timer for a couple of minutes. | timer.set | 0:02:00
    Set a timer for five minutes. No, ten minutes. | timer.set | 0:10:00
    Set a timer for five, no, ten minutes. | timer.set | 0:10:00
    Set a timer for five minutes, I mean seven. | timer.set | 0:07:00
    Set a timer called oven 2 for 20 minutes. | timer.set | 0:20:00 oven 2
    Set a timer for the rice for ten minutes. | timer.set | 0:10:00 rice
    Set a timer for 5. | timer.set
    Set a timer until 3 p.m. | alarm.set | 03-04 15:00
    Set an alarm for half seven. | alarm.set | open 03-04 19:30
    Set an alarm for quarter of seven in the morning. | alarm.set | 03-05 06:45
    Set an alarm for quarter to one. | alarm.set | open 03-04 12:45
    Set an alarm for ten to noon tomorrow. | alarm.set | 03-05 11:50
    Set an alarm for midnight tonight. | alarm.set | 03-05 00:00
    Set an alarm for tonight at 12. | alarm.set | 03-05 00:00
    Set an alarm for tomorrow night at one. | alarm.set | 03-06 01:00
    Set an alarm for eighteen hundred hours. | alarm.set | 03-04 18:00
    Set an alarm for 7 a.m., no, 8 a.m. | alarm.set | 03-05 08:00
    Set an alarm for six, I mean seven, in the morning. | alarm.set | 03-05 07:00
    Set an alarm for 7 tomorrow morning, no, Friday, no, 8. | alarm.set | 03-06 08:00
    Set an alarm for next Friday at 9 a.m. | alarm.set | 03-13 09:00
    Set an alarm for this Wednesday at 6 p.m. | alarm.set | 03-04 18:00
    Set an alarm for Monday morning at 7. | alarm.set | 03-09 07:00
    Set an alarm for March 31 2027 at noon. | alarm.set | 03-31 12:00
    Set an alarm for 7a.m. | alarm.set | 03-05 07:00
    Set an alarm for ten minutes. | alarm.set | 03-04 12:10
    In twenty minutes wake me up. | alarm.set | 03-04 12:20
    Set an alarm for weekdays at 7. | reminder.repeated
    Remind me on Mondays to take out the bins. | reminder.repeated
    In twenty minutes, remind me to turn off the oven. | reminder.set | turn off the oven 03-04 12:20
    Remind me in a month to renew my passport. | reminder.set | renew my passport 04-04 09:00
    Remind me to call Ann in the morning. | reminder.set | call ann 03-05 08:00
    Remind me to call Ann at five, no, at six p.m. | reminder.set | call ann 03-04 18:00
    Remind me to say no at five. | reminder.set | say no 03-04 17:00
    Remind me to pay on the 31st of April at noon. | reminder.set | pay on the 31st of april at noon
    Remind me at 6 p.m. to add milk and cancel the order. | reminder.set | add milk and cancel the order 03-04 18:00
    Set a reminder for tomorrow. | reminder.set | 03-05 09:00
    How much longer on the pasta timer? | reminder.left | timer pasta
    Is my timer still running? | reminder.left | timer
    Put a timer on for half an hour. | timer.set | 0:30:00
    Set a timer for like ten minutes. | timer.set | 0:10:00
    Set an alarm for two hours from now. | alarm.set | 03-04 14:00
    You're too loud. | volume.down
    Add coffee to our shopping list as well. | shopping.add | coffee
    What's 12 take away 5? | sum | 12 - 5
    What's negative three times four? | sum | - 3 * 4
    What's two thirds of 90? | sum | 2 / 3 * 90
    What's 20 percent off 50? | sum | 50 - 20 %
    What's 2 to the 10th power? | sum | 2 ^ 10
    What is double 45? | sum | 2 * 45
    What's for times to? | sum | 4 * 2
    What is the difference between 3 and 10? | sum | 10 - 3
    What is 5 foot 10 in centimeters? | convert | 70.0 inches centimeters
    What's 5'10" in centimeters? | convert | 70.0 inches centimeters
    What is 11 stone 4 in kilos? | convert | 158.0 pounds kilos
    What is 350 degrees in Celsius? | convert | 350.0 degrees fahrenheit celsius
    How many tablespoons are in a quarter cup? | convert | 0.25 cup tablespoons
    How many grams are in a pound and a half? | convert | 1.5 pound grams
    Do I have eggs on my list? | shopping.has | eggs
    Clear my list. | shopping.clear
    Take everything off my list. | shopping.clear
    I need milk and bread on my shopping list. | shopping.add | milk bread
    Make a note that it is my turn. | note.add | it is my turn
    Can you be a bit quieter? | volume.down
    Volume 50 percent. | volume.set
    Be quiet until 3 p.m. | talk.quiet | 3:00:00
    Goodbye for now. | talk.end
"""


@pytest.mark.parametrize("line", OTHER_WAYS.strip().splitlines())
def test_requests_in_other_words(line: str) -> None:
    text, action, *slots = (part.strip() for part in line.split("|"))
    request = parse(text, NOON)
    assert request and request.action == action and request.then is None
    given = [str(request.slots["ahead"])] if "ahead" in request.slots else shown(request).split()
    assert sorted(given) == sorted(" ".join(slots).split())
    assert not any(letter in "0123456789" for letter in perform(request, State(), NOON).spoken)


@pytest.mark.parametrize(
    "text",
    """I have no time.
I set a timer for five minutes.
Don't set a timer for five minutes.
Did you set a timer for five minutes?
Set a timer for five minutes. Actually no.
Set an alarm for seven, never mind.
Add five minutes to the timer.
You set an alarm for six, I mean seven.
Mom told me to set a timer for five minutes and take the cake out.
In five minutes he will remind me to go.
No, ten minutes.
What is 9/11?
Make a note of it.
Take a note from my book.
Write down your thoughts every day.
Then write down these band names too.
Sleep for eight hours.
Add it to the list.
Note to self: never do that again.
Double trouble.
We need a plan on our list.
I would like to set a good example.
Can you be serious?
She set a good example.
Time flies when you are having fun.
We set a timer and forgot about it.
My alarm went off at seven.
I need to set aside some time for this.
You remind me of my brother.
That reminds me to call my mother.
He added milk to his coffee.
I wrote a note to my teacher.
Take note of what I said.
What a time to be alive!
The score was 7-5.
I would give it 9/10.
From 2002-2007 he lived there.
I have two cats and three dogs.
Stop it.
Do you have time?
How long is the movie?
Can you remind me what we talked about?
I want to end this relationship.
Turn it up!
I can't hear myself think.
Cancel my subscription to the newspaper.
Volume one is better than volume two.
It takes five minutes.
Five minutes.
I'll be quiet now.
Remove the lid and stir.
What is the time limit?
What is the difference between them?
What is two of them worth?
Add some salt to the water.
Nothing can be divided forever.
My notes are a mess.
We were at the shop with our list.
Note that this is important.
The weather is nice today.
My name is on the list.
My name is not important.
What is your name?
Her name is Anna.
Yes.
No.
Forget about it.""".splitlines(),
)
def test_talk_is_no_request(text: str) -> None:
    assert understood(text, State(), NOON) is None


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(
    "set a timer for 5 minutes and at to remind me the my half past of add list 7:25 pm two hundred "
    "point . , % / - ° one cancel all what is times".split()
), max_size=25).map(" ".join))  # fmt: skip
def test_any_text_is_a_request_that_can_be_done_or_none(text: str) -> None:
    request = parse(text, NOON)
    if request:
        outcome = perform(request, State(), NOON)
        assert not any(letter.isdigit() for letter in outcome.spoken if letter.isascii())


class Talk:
    """A talk with the actions alone, on a clock of its own."""

    def __init__(self) -> None:
        self.state, self.now, self.effects = State(), NOON, ()

    def say(self, text: str, after_s: float = 2) -> str:
        self.now += timedelta(seconds=after_s)
        request = understood(text, self.state, self.now)
        if request is None:
            return "(talk)"
        outcome = perform(request, self.state, self.now)
        self.state, self.effects = outcome.state, outcome.effects
        return outcome.spoken


def test_a_timer_is_asked_about_set_told_cancelled_and_put_back() -> None:
    talk = Talk()
    assert talk.say("Set a timer.") == "For how long?"
    assert talk.say("Five minutes.") == "Your timer is set for five minutes."
    assert talk.say("Start a ten minute pasta timer.") == "The pasta timer is set for ten minutes."
    assert talk.say("How long is left on the pasta timer?", 60) == (
        "Nine minutes left on the pasta timer."
    )
    assert talk.say("Cancel the timer.") == "Which one: the five minute timer or the pasta timer?"
    assert talk.say("The pasta one.") == "The pasta timer is cancelled."
    assert len(talk.state.reminders) == 1
    assert talk.say("Undo that.") == "The pasta timer is set again."
    assert talk.say("Cancel it.") == "The pasta timer is cancelled."
    assert talk.say("Cancel all timers.") == "The five minute timer is cancelled."
    assert talk.say("Cancel the timer.") == "There is no timer set."


def test_equal_timers_are_told_apart_by_what_is_left() -> None:
    talk = Talk()
    talk.say("Set a timer for five minutes.")
    talk.say("Set a timer for five minutes.", 60)
    asked = talk.say("Cancel the timer.", 60)
    assert asked == (
        "Which one: the five minute timer with three minutes left or the five minute timer with "
        "four minutes left?"
    )
    talk.say("The second one.", 0)
    assert [round(one.due_s - talk.now.timestamp()) for one in talk.state.reminders] == [180]


def test_a_time_that_could_be_morning_or_evening_is_asked_about() -> None:
    talk = Talk()
    assert talk.say("Set an alarm for seven.").endswith("in the morning or in the evening?")
    assert talk.say("Purple.") == "(talk)"
    assert talk.say("In the morning.") == (
        "The alarm is set for tomorrow at seven o'clock in the morning."
    )
    talk.say("Set an alarm for seven.")
    assert talk.say("Seven p.m.") == "The alarm is set for seven o'clock in the evening."
    talk.say("Set an alarm for eight.")
    assert talk.say("Never mind.") == "All right."
    assert len(talk.state.reminders) == 2


def test_a_correction_takes_the_place_of_what_was_just_set() -> None:
    talk = Talk()
    talk.say("Set an alarm for seven tomorrow morning.")
    talk.say("Remind me to call Ann at five.")
    assert talk.say("No, that's fine.") == "(talk)" and talk.say("No.") == "(talk)"
    assert talk.say("Make it six p.m.") == (
        "I will remind you at six o'clock in the evening: call Ann."
    )
    assert talk.say("I mean on Friday.").startswith("(talk)")
    assert talk.say("Sorry, half past six in the evening.").startswith(
        "I will remind you at six th"
    )
    assert [one.kind for one in talk.state.reminders] == ["alarm", "reminder"]
    assert talk.say("Undo that.") == "The reminder is set again."
    talk.say("Set a timer for five minutes.")
    assert talk.say("No, ten.", after_s=60) == "(talk)"
    talk.say("Remind me to call Bob.")
    talk.say("In ten minutes, please.")
    assert talk.say("No, in twenty minutes.").endswith("in the afternoon: call Bob.")
    assert talk.state.reminders[-1].due_s - talk.now.timestamp() == 1200
    talk.say("Set the volume to 20 percent.")
    assert talk.say("No, thirty.") == "The volume is at thirty percent."


def test_cancel_that_means_what_was_done_last_and_stop_it_the_talk() -> None:
    talk = Talk()
    talk.say("Set a timer for five minutes.")
    assert talk.say("Stop it.") == "(talk)" and talk.say("Forget it.") == "(talk)"
    talk.say("Take a note: buy stamps.")
    assert talk.say("Delete that.") == "The note is gone." and talk.state.reminders
    assert talk.say("Cancel it.") == "The five minute timer is cancelled."


def test_a_turn_may_hold_two_requests_and_undo_takes_both_back() -> None:
    talk = Talk()
    assert talk.say("Set a timer for five minutes and add milk to my list.") == (
        "Your timer is set for five minutes. Milk is on your shopping list."
    )
    assert talk.say("Undo that.") == "Milk is off your list again. The five minute timer is gone."
    talk.say("Set a timer for 5 minutes. Set a timer for 5 minutes.")
    talk.say("Set an alarm for seven p.m. and another one for eight p.m.")
    talk.say("Set a pasta timer for nine minutes, and remind me to call Ann at five.")
    kinds = [one.kind for one in talk.state.reminders]
    assert kinds == ["timer", "alarm", "alarm", "timer", "reminder"]
    assert talk.say("Cancel the first timer.") == "The five minute timer is cancelled."
    assert talk.say("Cancel the reminder to call Ann.") == "The reminder is cancelled: call Ann."
    assert talk.say("Cancel my 7 a.m. alarm.") == "There is no seven am alarm set."


def test_a_day_that_was_said_stays_when_the_part_of_the_day_is_asked_for() -> None:
    talk = Talk()
    talk.say("Set an alarm for seven tomorrow.")
    assert talk.say("7 p.m.") == "The alarm is set for tomorrow at seven o'clock in the evening."
    assert talk.say("Set an alarm for twelve tomorrow.") == "At noon or at midnight?"
    assert talk.say("Noon, please.") == "The alarm is set for tomorrow at noon."
    talk.say("Set an alarm for 7.")
    assert talk.say("No, eight.") == "At eight o'clock in the morning or in the evening?"
    talk.say("Set a timer for 5.")
    assert talk.say("Five.") == "Your timer is set for five minutes."


def test_a_question_that_deletes_is_over_when_the_user_talks_of_something_else() -> None:
    talk = Talk()
    talk.say("Add milk to my shopping list.")
    talk.say("Clear my list.")
    assert talk.say("Thank you.") == "(talk)" and talk.state.question
    text = "I was talking to my wife."
    assert talk.say(text) == "(talk)"
    talk.state = after_talk(text, talk.state)
    assert talk.say("Right.") == "(talk)" and talk.state.shopping == ("milk",)
    talk.say("Clear my list.")
    assert talk.say("Yeah, please do.") == "Your shopping list is empty now."


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system has one time zone")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "text", "said"),
    [
        # On the 29th of March 2026 the hour from two to three is left out.
        ((3, 29, 1, 30), "Remind me in two hours to sleep.", "at four thirty in the morning"),
        ((3, 28, 20, 0), "Wake me at 2:30 a.m.", "for tomorrow at three thirty at night"),
        ((3, 25, 12, 0), "Remind me in a week to pay.", "the first of April at noon"),
        ((3, 25, 12, 0), "Remind me in 168 hours to pay.", "at one o'clock in the afternoon"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_what_is_said_is_what_the_clock_will_show(now, text: str, said: str) -> None:
    at = datetime(2026, *now)
    request = parse(text, at)
    assert request
    outcome = perform(request, State(), at)
    shows = datetime.fromtimestamp(outcome.state.reminders[0].due_s)
    assert said in outcome.spoken
    assert in_words.clock(shows.time()) in outcome.spoken


def test_an_answer_that_comes_late_is_talk() -> None:
    talk = Talk()
    talk.say("Set a timer.")
    assert talk.say("Five minutes.", 60) == "(talk)"


def test_reminders_are_said_to_the_user_in_his_words_turned_round() -> None:
    talk = Talk()
    assert talk.say("Remind me to call my sister Ann in 2 hours.") == (
        "I will remind you at two o'clock in the afternoon: call your sister Ann."
    )
    assert talk.state.reminders[0].name == "call my sister Ann"
    ringing, state = reminders.due(talk.state, talk.now + timedelta(hours=2))
    assert reminders.ring(ringing[0], talk.now) == "I was to remind you: call your sister Ann."
    assert state.reminders == () and reminders.due(talk.state, talk.now)[0] == []
    talk.say("Remind me to feed the cat.")
    assert talk.say("At half past five.").startswith("At five thirty in the morning")


def test_what_rang_can_ring_again() -> None:
    talk = Talk()
    assert talk.say("Snooze.") == "Nothing has rung."
    talk.say("Set a timer for one minute.")
    talk.now += timedelta(minutes=1)
    talk.state = reminders.due(talk.state, talk.now)[1]
    assert talk.say("Snooze for five minutes.") == "Again in five minutes."
    assert len(talk.state.reminders) == 1


def test_what_fell_due_while_closed_is_told_with_its_time() -> None:
    talk = Talk()
    talk.say("Remind me at three p.m. to pay the rent.")
    one = talk.state.reminders[0]
    assert reminders.ring(one, NOON + timedelta(days=1), late=True) == (
        "While I was closed, I was to remind you: pay the rent. That was yesterday at three o'clock "
        "in the afternoon."
    )


def test_a_timer_is_a_length_also_when_the_clock_is_put_back() -> None:
    # The night of the change, in whatever zone the tests run: lengths are counted in seconds.
    now = datetime(2026, 10, 25, 2, 55, fold=0)
    request = parse("Set a timer for ten minutes.", now)
    assert request
    state = perform(request, State(), now).state
    assert state.reminders[0].due_s - now.timestamp() == 600


def test_the_list_is_added_to_asked_about_and_cleared_after_a_question() -> None:
    talk = Talk()
    assert talk.say("Add milk, eggs and two lemons to my shopping list.") == (
        "Milk, eggs and two lemons are on your shopping list."
    )
    assert talk.say("Add milk to the list.") == "Milk is on your list already."
    assert talk.say("Remove milk.") == "Milk is off your list."
    assert talk.say("Remove the lid.") == "(talk)"
    assert talk.say("Undo.") == "Milk is on your list again."
    assert talk.state.shopping == ("milk", "eggs", "2 lemons")
    assert talk.say("Is the egg on my shopping list?").startswith("Yes")
    assert talk.say("Take cheese off my shopping list.") == "Cheese is not on your list."
    assert talk.say("Clear my shopping list.").endswith("Shall I clear it?")
    assert talk.say("No.") == "All right." and len(talk.state.shopping) == 3
    talk.say("Clear my shopping list.")
    assert talk.say("Yes, please.") == "Your shopping list is empty now."
    assert talk.say("Undo that.") == "Your shopping list is as before."
    assert talk.say("What's on my shopping list?").endswith("milk, eggs and two lemons.")


def test_undo_leaves_what_was_written_into_the_file_meanwhile() -> None:
    talk = Talk()
    talk.say("Add milk to my shopping list.")
    talk.state = replace(talk.state, shopping=("tea", *talk.state.shopping, "rice"))
    talk.say("Undo that.")
    assert talk.state.shopping == ("tea", "rice")


def test_notes_keep_the_words_as_they_were_written() -> None:
    talk = Talk()
    assert (
        talk.say("Take a note: call Dr. Smith, room 12.") == "Noted: call Dr. Smith, room twelve."
    )
    assert talk.say("Make a note.") == "What shall I write down?"
    assert talk.say("The key is under the mat.") == "Noted: The key is under the mat."
    assert talk.say("Read my notes.").startswith("You have two notes: call Dr. Smith")
    talk.say("Make a note.")
    assert talk.say("No, never mind.") == "All right." and len(talk.state.notes) == 2
    assert talk.say("Delete the last note.") == "Deleted the note: The key is under the mat."
    talk.say("Delete all my notes.")
    talk.say("Yes.")
    assert talk.state.notes == ()
    talk.say("Undo that.")
    assert talk.state.notes == ("call Dr. Smith, room 12",)


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("Turn the volume up.", Effect("volume", 85)),
        ("You are too loud.", Effect("volume", 55)),
        ("Set the volume to half.", Effect("volume", 50)),
        ("Be quiet for ten minutes.", Effect("quiet", 600)),
        ("You can speak again.", Effect("speak again")),
        ("End the conversation.", Effect("end talk")),
        ("Okay, goodbye.", Effect("end talk")),
    ],
)
def test_the_conversation_is_told_what_to_do(text: str, effect: Effect) -> None:
    talk = Talk()
    talk.say(text)
    assert talk.effects == (effect,)


def test_the_volume_has_bounds_and_an_undo() -> None:
    talk = Talk()
    talk.say("Set the volume to 5 percent.")
    assert talk.state.volume == 10
    assert talk.say("Quieter.") == "I cannot speak any quieter." and not talk.effects
    assert talk.say("Undo that.") == "The volume is at seventy percent again."
    assert talk.effects == (Effect("volume", 70),) and talk.state.volume == 70
    for _ in range(2):
        talk.say("Turn the volume up.")
    assert talk.state.volume == 100
    assert talk.say("Louder.") == "I cannot speak any louder."


def test_a_name_is_remembered_and_can_be_corrected() -> None:
    talk = Talk()
    assert talk.say("What's my name?") == "You have not told me your name."
    assert talk.say("My name is Ann Marie.") == "Nice to meet you, Ann Marie."
    assert talk.say("No, my name is Annemarie.") == "Nice to meet you, Annemarie."
    assert talk.say("Do you remember what my name is?") == "Your name is Annemarie."


def test_quiet_can_be_taken_back() -> None:
    talk = Talk()
    talk.say("Set a timer for five minutes.")
    talk.say("Be quiet for ten minutes.")
    assert talk.say("Undo that.") == "I am here." and talk.effects == (Effect("speak again"),)
    assert len(talk.state.reminders) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("What time is it?", "It is noon."),
        ("What day is it?", "It is Wednesday."),
        ("What's the date?", "It is Wednesday, the fourth of March."),
        ("What year is it?", "It is the year twenty twenty six."),
        ("Set an alarm for seven every day.", "I can set an alarm or a reminder for one time only, "
         "not for every day. Tell me the next time for it."),
        ("What is ten divided by zero?", "Nothing can be divided by zero."),
        ("Undo that.", "(talk)"),
    ],
)  # fmt: skip
def test_plain_answers(text: str, said: str) -> None:
    assert Talk().say(text, 0) == said


def test_a_hundred_reminders_are_enough() -> None:
    talk = Talk()
    for _ in range(reminders.MOST_REMINDERS):
        talk.say("Set a timer for one hour.")
    assert talk.say("Set a timer for one hour.") == "There are too many already; cancel one first."
