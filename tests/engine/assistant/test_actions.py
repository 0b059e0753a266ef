"""What the grammar understands, what it leaves alone, and what the actions do, in little talks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assistant import reminders
from engine.assistant.actions import ACTIONS, parse, perform, understood
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


@pytest.mark.parametrize(
    "text",
    """I have no time.
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
    assert talk.say("The key is under the mat.") == "Noted: the key is under the mat."
    assert talk.say("Read my notes.").startswith("You have two notes: call Dr. Smith")
    assert talk.say("Delete the last note.") == "Deleted the note: the key is under the mat."
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
