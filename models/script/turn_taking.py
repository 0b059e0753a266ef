"""Speech around the questions: stories, stop words, long turns of the user, backchannels, repeats,
and speech out of domain."""

from __future__ import annotations

from collections.abc import Sequence

STORY_PROMPTS = ("tell me a story", "please read me a story", "do you know a story")
STORIES = (
    "once upon a time there was a little fox who lived in the woods and every night she looked "
    "at the moon and wondered how it got so high",
    "there was an old man who had a donkey that sang and each morning the people of the village "
    "came to the fence and asked for one more song",
    "far away in the north lived a bear who wanted to fly so he climbed the tallest tree and "
    "waited for the wind to take him along",
)
STOPS = ("stop", "okay stop", "wait", "stop it please", "that is enough")
STOPPED = "okay"

LONG_TALK_PROMPTS = (
    "let me tell you about my day", "i want to tell you something", "listen to this",
)  # fmt: skip
LONG_TALK_INVITATION = "sure go ahead"
LONG_TALK = (
    "well today i went to the market and bought some apples",
    "then i met my sister and we had lunch by the river",
    "after that we walked home and it started to rain",
    "in the evening i cooked some soup and read a book",
    "my brother called and told me about his new car",
    "the train was late again so i missed the meeting",
    "we played cards with the neighbours until ten",
    "and then the dog ran away with my shoe",
)
LONG_TALK_END = "that sounds like a nice day"
BACKCHANNELS = ("mm hmm", "uh huh", "right", "yeah", "okay", "i see")
"""Starter 0.2.0 says only the first three. They follow the backchannels that are most frequent in
the ICSI meetings (CC BY 4.0; A. Janin et al. 2003)."""


def leading_backchannel(words: Sequence[str]) -> int:
    """How many leading words are a backchannel before other words: 1 in "okay stop"."""
    signs = [count for count in range(1, len(words)) if " ".join(words[:count]) in BACKCHANNELS]
    return max(signs, default=0)


REPEATS = (
    "sorry say that again", "can you repeat that", "what did you say", "i did not get that",
    "pardon", "say it again please",
)  # fmt: skip
"""The agent then repeats its last sentence."""

FALLBACK_REPLY = "sorry i do not know that"
"""The answer to speech that no scene covers, such as recordings on other topics."""
OUT_OF_DOMAIN = (
    "how do i repair my bicycle", "who won the game last night", "what is the price of gold",
    "can you book a flight to boston", "the meeting was moved to the second floor",
    "my neighbour painted his fence", "how tall is the president", "where did i park my car",
    "what should i wear to the party", "tell me about quantum physics", "who wrote that song",
    "is the library open on sundays", "how far is it to the station", "when does the bus leave",
    "the old bridge was closed for years", "which shares should i buy", "what is on television",
    "can you translate this letter", "who is the king of sweden", "how do i grow tomatoes",
    "what rhymes with silver", "the children are playing in the yard", "how do planes stay up",
    "why is my internet so slow", "what is the meaning of life", "can you fix the printer",
    "how many people live in india", "what did the doctor say", "she sells shells by the shore",
    "where can i get a haircut", "how do i tie a tie", "who painted that picture",
    "the captain looked across the water", "what is the best phone", "open the garage door",
    "send a message to my boss", "when was the castle built", "how heavy is an elephant",
    "who invented the telephone", "could you water the plants",
)  # fmt: skip
