"""The script of starter 0.2.0: every sentence of the user and the agent's answer.

Each sentence has exactly one answer, whatever was said before. The later script contains all of
this; the module is kept for bundles that know no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.script.turn_taking import (
    BACKCHANNELS,
    LONG_TALK_END,
    LONG_TALK_INVITATION,
    STOPPED,
    STORIES,
)


@dataclass(frozen=True)
class Exchange:
    """A sentence of the user with the agent's answer."""

    intent: str
    user: str
    agent: str


NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen"
).split()
NAMES = "anna tom maria john lucy peter sarah david emma james".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
CAPITALS = {
    "france": "paris", "italy": "rome", "spain": "madrid", "germany": "berlin", "japan": "tokyo",
    "england": "london", "egypt": "cairo", "china": "beijing", "russia": "moscow",
    "greece": "athens",
}  # fmt: skip
SOUNDS = {
    "cow": "moo", "dog": "woof", "cat": "meow", "duck": "quack", "sheep": "baa", "lion": "roar",
}  # fmt: skip
COLOURS = {
    "the sky": "blue", "grass": "green", "snow": "white", "the sun": "yellow",
    "a tomato": "red", "coal": "black", "an orange": "orange",
}  # fmt: skip
OPPOSITES = {
    "hot": "cold", "big": "small", "day": "night", "happy": "sad", "fast": "slow", "up": "down",
}  # fmt: skip
FOODS = {
    "a rabbit": "carrots", "a monkey": "bananas", "a mouse": "cheese", "a horse": "hay",
}  # fmt: skip
BABIES = {"a dog": "puppy", "a cat": "kitten", "a cow": "calf", "a sheep": "lamb"}

SIMPLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("greeting", "hello there how are you",
     ("hello", "hi there", "hello computer", "hey good to see you")),
    ("good morning", "good morning to you", ("good morning", "a very good morning")),
    ("good night", "good night sleep well", ("good night", "i am going to bed now")),
    ("i am well", "that is good to hear",
     ("i am fine thank you", "i am feeling great today", "i am very well thanks")),
    ("i am sad", "oh i am sorry to hear that",
     ("i feel sad today", "not so good today", "i had a terrible day")),
    ("i am tired", "you should take a rest", ("i am so tired", "i feel very sleepy")),
    ("i am hungry", "how about a sandwich", ("i am hungry", "i want something to eat")),
    ("i am thirsty", "have a glass of water", ("i am thirsty", "i need something to drink")),
    ("i am bored", "we could play a game", ("i am bored", "there is nothing to do")),
    ("how are you", "i am very well thank you", ("how are you doing", "how do you feel today")),
    ("who are you", "my name is sam", ("what is your name", "who are you", "tell me your name")),
    ("age", "i was born this year", ("how old are you", "when were you born")),
    ("home", "i live inside your computer", ("where do you live", "where is your home")),
    ("human", "no i am only a program", ("are you a human", "are you a real person")),
    ("skills", "i can listen while i speak", ("what can you do", "how can you help me")),
    ("maker", "some friendly people made me", ("who made you", "who built you")),
    ("thanks", "you are welcome", ("thank you", "thanks a lot", "thank you very much")),
    ("goodbye", "goodbye talk to you soon", ("goodbye", "see you later", "bye bye")),
    ("joke", "why did the chicken cross the road to get to the other side",
     ("tell me a joke", "do you know a joke", "make me laugh")),
    ("song", "la la la i am not a good singer", ("sing me a song", "can you sing")),
    ("music", "yes i love piano music", ("do you like music", "what music do you like")),
    ("colour", "my favourite colour is purple",
     ("what is your favourite colour", "which colour do you like best")),
    ("cats", "cats are lovely animals", ("do you like cats", "what do you think about cats")),
    ("tea", "i like tea with lemon", ("do you drink tea", "do you like tea or coffee")),
    ("sport", "i like to watch tennis", ("do you like sport", "what is your favourite sport")),
    ("rain", "take an umbrella with you", ("it is raining outside", "look at all this rain")),
    ("sunshine", "then go out and enjoy it",
     ("the sun is shining", "the weather is beautiful today")),
    ("cold", "put on a warm coat", ("it is very cold today", "i am freezing")),
    ("love", "that is very sweet of you", ("i love you", "you are wonderful")),
    ("insult", "i will try to do better", ("you are stupid", "that was a bad answer")),
    ("secret", "your secret is safe with me", ("can you keep a secret", "i have a secret")),
    ("birthday", "happy birthday to you", ("today is my birthday", "it is my birthday")),
    ("luck", "i wish you good luck", ("i have an exam tomorrow", "wish me luck")),
    ("count", "one two three four five", ("count to five", "can you count to five")),
    ("alphabet", "a b c d e f g", ("say the alphabet", "do you know the alphabet")),
    ("week", "a week has seven days", ("how many days are in a week", "how long is a week")),
    ("year", "a year has twelve months", ("how many months are in a year", "how long is a year")),
    ("hour", "an hour has sixty minutes",
     ("how many minutes are in an hour", "how long is an hour")),
    ("spider", "a spider has eight legs",
     ("how many legs does a spider have", "how many legs has a spider")),
    ("moon", "the moon goes around the earth", ("what is the moon", "tell me about the moon")),
    ("ocean", "the pacific is the largest ocean",
     ("what is the largest ocean", "which ocean is the biggest")),
    ("mountain", "mount everest is the highest",
     ("what is the highest mountain", "which mountain is the highest")),
    ("animal", "the blue whale is the largest",
     ("what is the largest animal", "which animal is the biggest")),
    ("fast animal", "nothing runs like a cheetah",
     ("what is the fastest animal", "which animal is the fastest")),
    ("triangle", "a triangle has three sides",
     ("how many sides has a triangle", "what is a triangle")),
    ("summer", "after spring comes summer", ("what comes after spring",)),
    ("autumn", "after summer comes autumn", ("what comes after summer",)),
    ("sorry", "never mind it is all right", ("i am sorry", "please forgive me")),
    ("test", "yes i can hear you", ("can you hear me", "are you there", "is this thing on")),
)  # fmt: skip


def _compose() -> tuple[Exchange, ...]:
    exchanges = [Exchange(intent, user, agent) for intent, agent, users in SIMPLE for user in users]

    def add(intent: str, agent: str, *users: str) -> None:
        exchanges.extend(Exchange(intent, user, agent) for user in users)

    for name in NAMES:
        users = (f"my name is {name}", f"you can call me {name}")
        add("name", f"nice to meet you {name}", *users)
    for first in range(1, 10):
        for second in range(1, 10):
            a, b = NUMBERS[first], NUMBERS[second]
            answer = f"that makes {NUMBERS[first + second]}"
            add("sum", answer, f"what is {a} plus {b}", f"how much is {a} plus {b}")
    for index, day in enumerate(DAYS):
        add("day after", f"after it comes {DAYS[(index + 1) % 7]}", f"what day comes after {day}")
        add("day before", f"before it comes {DAYS[index - 1]}", f"what day comes before {day}")
    for country, city in CAPITALS.items():
        add("capital", f"the capital is {city}", f"what is the capital of {country}")
    for animal, sound in SOUNDS.items():
        add("sound", f"a {animal} says {sound}", f"what does a {animal} say")
    for thing, colour in COLOURS.items():
        add("colour of", f"i think it is {colour}", f"what colour is {thing}")
    for word, opposite in OPPOSITES.items():
        add("opposite", f"the opposite is {opposite}", f"what is the opposite of {word}")
    for animal, food in FOODS.items():
        add("food", f"it likes to eat {food}", f"what does {animal} eat")
    for animal, baby in BABIES.items():
        add("baby", f"it is called a {baby}", f"what do you call the baby of {animal}")
    return tuple(exchanges)


EXCHANGES = _compose()


def first_agent_sentences() -> list[str]:
    """All sentences of starter 0.2.0's agent, sorted."""
    answers = {exchange.agent for exchange in EXCHANGES}
    others = {STOPPED, LONG_TALK_INVITATION, LONG_TALK_END, STORIES[0], *BACKCHANNELS[:3]}
    return sorted(answers | others)
