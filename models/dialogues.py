"""Composes dialogues in unit space: who says what, when, over a store of spoken units.

Times are frames of 40 ms. The user's units already carry the tokenizer's delay; gaps are counted
from what a listener knows, so the agent learns to answer as soon as it can tell. Numpy only.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from engine.tokens import FRAME_MS
from models import script
from models.encode_speech import MARGIN_FRAMES, NEIGHBOURS, SpeechStore, UnitSpeech

# Shares of the situations that a conversation is made of.
_SITUATIONS = {"question": 0.80, "interrupted": 0.10, "long_talk": 0.06, "real_talk": 0.04}
_PAUSE_INSIDE = 0.12
_QUESTION_INTO_STORY = 0.3
_HEARD_TO_THE_END = 0.2
_OWN_NOISE_OF_USER = 0.1
_MISHEARD = 0.06
_LONG_WORDS = 10
_LONG_ANSWERS = [
    *((prompt, story) for prompt in script.STORY_PROMPTS for story in script.STORIES),
    *((e.user, e.agent) for e in script.EXCHANGES if len(e.agent.split()) >= _LONG_WORDS),
]
"""(what the user asks, what is worth interrupting)."""


@dataclass(frozen=True)
class Said:
    """One utterance as placed in a dialogue."""

    side: int
    """0 the agent, 1 the user."""
    text: str
    onset: int
    offset: int


@dataclass
class Dialogue:
    """Two unit streams of equal length and what happens in them."""

    own: np.ndarray
    user: np.ndarray
    events: list[Said] = field(default_factory=list)


def hold_out(store: SpeechStore) -> tuple[SpeechStore, SpeechStore]:
    """A store to train on, and one with the last utterance of each of the user's sentences.

    A sentence that was spoken only once is in both.
    """
    training = {text: spoken[:-1] or spoken for text, spoken in store.user.items()}
    held_out = {text: spoken[-1:] for text, spoken in store.user.items()}
    return replace(store, user=training), replace(store, user=held_out)


class Composer:
    """Endless random dialogues of one speech store."""

    def __init__(self, store: SpeechStore, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)
        self._draw = np.random.default_rng(seed)
        # Nearly half of all exchanges are sums: by the root of its exchanges each topic has its
        # say and the large ones still get most.
        topics = Counter(exchange.intent for exchange in script.EXCHANGES)
        self._weights = [topics[exchange.intent] ** -0.5 for exchange in script.EXCHANGES]

    def compose(self, frames: int) -> Dialogue:
        """A dialogue of ``frames`` frames."""
        self._placed: list[tuple[int, UnitSpeech, int, int, str]] = []
        plays = {
            "question": self._question,
            "interrupted": self._interrupted,
            "long_talk": self._long_talk,
            "real_talk": self._real_talk,
        }
        now = self._random.randint(5, 40)
        while now < frames:
            situation = self._random.choices(list(plays), list(_SITUATIONS.values()))[0]
            now = plays[situation](now) + self._rest()
        own = self._lay(0, self._store.agent_silence, frames)
        user = self._lay(1, self._store.user_silence, frames)
        events = [
            Said(side, text, place + speech.onset, place + stop)
            for side, speech, place, stop, text in self._placed
        ]
        return Dialogue(own, user, events)

    # --- situations: each starts at frame ``now`` and returns when it is over -------------------

    def _question(self, now: int) -> int:
        exchange = self._random.choices(script.EXCHANGES, self._weights)[0]
        return self._answer(exchange, now)

    def _answer(self, exchange: script.Exchange, now: int) -> int:
        end = self._user_says(exchange.user, now)
        start = end + self._gap()
        end = self._agent_says(exchange.agent, start)
        if self._random.random() < _OWN_NOISE_OF_USER:
            # The user's own "mm hmm" over the answer: the agent talks on.
            self._user_says(self._random.choice(script.BACKCHANNELS), start + 6)
        return end

    def _interrupted(self, now: int) -> int:
        prompt, story = self._random.choice(_LONG_ANSWERS)
        end = self._user_says(prompt, now)
        start = end + self._gap()
        if self._random.random() < _HEARD_TO_THE_END:
            return self._agent_says(story, start)
        length = self._agent_length(story)
        onset = start + self._random.randint(12, length - 12)
        stop = onset + self._random.randint(9, 13)
        self._agent_says(story, start, stop - start)
        if self._random.random() < _QUESTION_INTO_STORY:
            exchange = self._random.choices(script.EXCHANGES, self._weights)[0]
            return self._answer(exchange, onset)
        end = self._user_says(self._random.choice(script.STOPS), onset)
        return self._agent_says(script.STOPPED, max(end + self._gap(), stop + 5))

    def _long_talk(self, now: int) -> int:
        end = self._user_says(self._random.choice(script.LONG_TALK_PROMPTS), now)
        end = self._agent_says(script.LONG_TALK_INVITATION, end + self._gap())
        for text in self._random.sample(script.LONG_TALK, self._random.randint(1, 4)):
            end = self._user_says(text, end + self._random.randint(8, 20))
            self._backchannel(end)
        return self._agent_says(script.LONG_TALK_END, end + self._random.randint(38, 48))

    def _real_talk(self, now: int) -> int:
        end = self._user_says(self._random.choice(script.LONG_TALK_PROMPTS), now)
        end = self._agent_says(script.LONG_TALK_INVITATION, end + self._gap())
        for _ in range(self._random.randint(1, 2)):
            speech = self._random.choice(self._store.long_talk)
            end = self._place(1, speech, end + self._random.randint(8, 20), "")
            self._backchannel(end)
        return self._agent_says(script.LONG_TALK_END, end + self._random.randint(38, 48))

    def _backchannel(self, end: int) -> None:
        if self._random.random() < 0.85:
            text = self._random.choice(script.BACKCHANNELS)
            self._agent_says(text, end + self._random.randint(2, 6))

    # --- times ----------------------------------------------------------------------------------

    def _gap(self) -> int:
        """The agent's reaction: soon after what it heard tells that the user is done."""
        gap_ms = min(max(self._random.gauss(160, 80), 40), 360)
        return round(gap_ms / FRAME_MS)

    def _rest(self) -> int:
        if self._random.random() < 0.1:
            return self._random.randint(50, 150)
        return self._random.randint(8, 50)

    # --- placing --------------------------------------------------------------------------------

    def _user_says(self, text: str, onset: int) -> int:
        speech = self._random.choice(self._store.user[text])
        words = speech.offset - speech.onset
        if words > 20 and self._random.random() < _PAUSE_INSIDE:
            cut = speech.onset + self._random.randint(8, words - 8)
            pause = self._random.randint(8, 25)
            silence = self._random.choice(self._store.user_silence)[:pause]
            units = np.concatenate([speech.units[:cut], silence, speech.units[cut:]])
            speech = UnitSpeech(speech.voice, units, speech.onset, speech.offset + pause)
        return self._place(1, self._vary(speech), onset, text)

    def _vary(self, speech: UnitSpeech) -> UnitSpeech:
        """Another tempo, and a few units misheard."""
        tempo = self._random.uniform(0.88, 1.14)
        count = max(1, round(len(speech.units) * tempo))
        units = speech.units[np.arange(count) * len(speech.units) // count]
        misheard = self._store.neighbours[units, self._draw.integers(0, NEIGHBOURS, count)]
        units = np.where(self._draw.random(count) < _MISHEARD, misheard, units)
        onset, offset = int(speech.onset * tempo), int(speech.offset * tempo)
        return UnitSpeech(speech.voice, units, onset, offset)

    def _agent_length(self, text: str) -> int:
        speech = self._store.agent[text]
        return speech.offset - speech.onset

    def _agent_says(self, text: str, onset: int, length: int | None = None) -> int:
        return self._place(0, self._store.agent[text], onset, text, length)

    def _place(
        self, side: int, speech: UnitSpeech, onset: int, text: str, length: int | None = None
    ) -> int:
        """Put an utterance where its first voiced frame is ``onset``; returns its end."""
        stop = speech.offset if length is None else min(speech.offset, speech.onset + length)
        self._placed.append((side, speech, onset - speech.onset, stop, text))
        return onset + stop - speech.onset

    def _lay(self, side: int, silences: list[np.ndarray], frames: int) -> np.ndarray:
        silence = self._random.choice(silences)
        phase = self._random.randrange(len(silence))
        stream = np.resize(np.roll(silence, -phase), frames).astype(np.int16)
        for where, speech, place, stop, _ in self._placed:
            if where != side:
                continue
            first = max(speech.onset - MARGIN_FRAMES // 2, 0)
            last = min(
                stop + (MARGIN_FRAMES // 2 if stop == speech.offset else 0), len(speech.units)
            )
            start = place + first
            units = speech.units[first:last]
            lead = max(-start, 0)
            room = max(frames - start - lead, 0)
            units = units[lead : lead + room]
            stream[start + lead : start + lead + len(units)] = units
        return stream
