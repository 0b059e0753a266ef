"""Composes dialogues from a store of utterances in units: who says what, and when.

Times are frames of 40 ms. The user's units already have the tokenizer's delay. Offsets are counted
from what the agent can know, so it learns to answer as soon as it can. Numpy only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from engine.syncllm.tokens import KNOWN_AFTER_CHUNKS
from engine.timebase import FRAME_MS
from models import script
from models.dialogue.concatenation import in_others_words
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_augmentation import augmented_utterance
from models.dialogue.unit_store import MARGIN_FRAMES, UnitStore, UnitUtterance
from models.dialogue.unit_streams import Dialogue, Placement, add_residual_echo, lay_stream
from models.script.scene import Memory

# Shares of the situations in a conversation.
_SITUATION_SHARES = {
    "scene": 0.6,
    "real_order": 0.08,
    "concatenated_order": 0.08,
    "out_of_domain": 0.1,
    "long_talk": 0.04,
    "real_talk": 0.1,
}
_BARGE_IN_SHARE = 0.2
_PAUSE_INSIDE = 0.2
_PAUSE_INSIDE_ORDER = 0.4
_END_POINTING_FRAMES = (4, 8)
"""An order may go on, so its answer comes later by this."""
_FREE_ANSWER_SHARE = 0.6
"""Of the answers into which the user speaks: what a text model wrote. There it is interrupted in
any sentence, not only in those that the script has."""
_UNLEARNED_FRAMES = 25
"""The beginning of a free answer, which is masked in training: to begin one is not the language
model's part."""
_THINKING_FRAMES = (5, 75)
_QUESTION_INTO_STORY = 0.5
_UNINTERRUPTED_SHARE = 0.5
_BACKCHANNEL_SHARE, _NOISE_SHARE = 0.5, 0.4
"""Shares of the uninterrupted stories. Neither the user's "mm hmm" nor a noise is a barge-in."""
_HEARD_BEFORE_YIELDING, _YIELDS_AT_MOST = 4, 11
"""Frames of a barge-in that the agent knows when it yields, and the latest frame at which it
yields, both counted from where the barge-in can be recognised. The agent's sound ends about a frame
later, and the tokenizer's delay is two frames. So it takes 440 to 560 ms."""
_LATE_YIELD_SHARE = 0.5
"""Of the barge-ins: the agent talks on for some chunks. These are masked in training, but what
follows is not: otherwise a network that has missed the moment would never yield."""
_LATE_YIELD_CHUNKS = 5
_NOISE_BETWEEN = 0.08
"""Share of the pauses between two situations with a noise, which the agent must not answer."""
_USER_BACKCHANNEL_SHARE = 0.2
_LASTING_FRAMES = 30
"""Least length of an answer over which the user says "mm hmm"; over a shorter one it could overlap
the user's next turn."""
_LONG_REST = 0.1
_IN_OTHERS_WORDS = 0.3
"""Share of the user's sentences with words of other speakers: synthetic voices are few, and unlike
people."""
_BACKCHANNEL_INTERVAL_FRAMES = 150
"""Least time between two backchannels. With the rest of the sentence it is about nine seconds, and
some do not come: people give 4.8 in a minute of somebody's speech (ICSI meetings, A. Janin et al.
2003)."""
_LONG_TURN_END_FRAMES = (44, 56)
"""The agent's offset after a long turn, longer than any pause within the turn."""
_LONG_WORDS = 10
_LONG_ANSWERS = [
    *((prompt, story) for prompt in script.STORY_PROMPTS for story in script.STORIES),
    *((e.user, e.agent) for e in script.EXCHANGES if len(e.agent.split()) >= _LONG_WORDS),
]
"""(what the user asks, an answer long enough to be interrupted)."""


class Composer:
    """Composes endless random dialogues from one store."""

    def __init__(
        self,
        store: UnitStore,
        seed: int,
        timing: Timing = HUMAN,
        chunk_frames: int = 4,
        waits_for_words: bool = False,
    ) -> None:
        """The agent learns what was said in chunks of ``chunk_frames``, counted from the dialogue's
        beginning. With ``waits_for_words`` it answers in the second chunk after the user's last one
        at the earliest, when it can have written what it heard."""
        self._store = store
        self._timing = timing
        self._chunk_frames = chunk_frames
        self._waits_for_words = waits_for_words
        self._random = random.Random(seed)
        self._draw = np.random.default_rng(seed)
        plays: dict[str, Callable[[int], int]] = {
            "scene": self._scene,
            "long_talk": self._long_talk,
            "real_order": partial(self._order, store.orders),
            "concatenated_order": partial(self._order, store.concatenated_orders),
            "out_of_domain": self._out_of_domain if store.out_of_domain else self._scene,
            "real_talk": self._real_talk if store.long_talk else self._long_talk,
        }
        self._plays = [plays[name] for name in _SITUATION_SHARES]

    def compose(self, frames: int) -> Dialogue:
        """A dialogue of ``frames`` frames."""
        self._placed: list[Placement] = []
        self._masked: list[tuple[int, int]] = []
        self._free: list[tuple[int, int]] = []
        self._memory = Memory()
        self._agent_end = -MARGIN_FRAMES
        now = self._random.randint(5, 40)
        while now < frames:
            if self._timing.overlap and self._random.random() < _BARGE_IN_SHARE:
                now = self._barge_in(now)
            else:
                play = self._random.choices(self._plays, list(_SITUATION_SHARES.values()))[0]
                now = play(now)
            if self._timing.overlap and self._random.random() < _NOISE_BETWEEN:
                now = self._noise(now + self._rest())
            now += self._rest()
        store, rng = self._store, self._random
        own = lay_stream(self._placed, 0, store.agent_silence, frames, rng)
        user = lay_stream(self._placed, 1, store.user_silence, frames, rng)
        if self._timing.overlap:
            add_residual_echo(user, self._placed, store.confusable_units, rng, self._draw)
        events = [placed.event(placed.text) for placed in self._placed if placed.text is not None]
        return Dialogue(own, user, events, self._masked, self._free)

    # --- situations: each begins at frame ``now`` and returns its end ---------------------------

    def _scene(self, now: int) -> int:
        scene = script.draw_scene(self._random, self._memory)
        self._memory = self._memory.after(scene)
        for index, turn in enumerate(scene.turns):
            if index:
                now += self._follow()
            now = self._answer(self._random.choice(turn.users), turn.agent, now)
        return now

    def _answer(self, user: str, agent: str, now: int) -> int:
        ordered = script.coffee.parse_order(agent) is not None
        share = _PAUSE_INSIDE_ORDER if ordered else _PAUSE_INSIDE
        start = self._reply(self._user_says(user, now, share) + self._end_pointing_delay(ordered))
        end = self._agent_says(agent, start)
        lasting = self._timing.overlap and end - start > _LASTING_FRAMES
        if lasting and self._random.random() < _USER_BACKCHANNEL_SHARE:
            # A backchannel of the user: the agent talks on.
            self._user_says(self._random.choice(script.BACKCHANNELS), start + 6)
        return end

    def _order(self, orders: Sequence[tuple[UnitUtterance, str]], now: int) -> int:
        if not orders:
            return self._scene(now)
        speech, reply = self._random.choice(orders)
        speech = self._with_pause(speech, _PAUSE_INSIDE_ORDER)
        end = self._place(1, self._augmented(speech), now, reply)
        return self._agent_says(reply, self._reply(end + self._end_pointing_delay(True)))

    def _out_of_domain(self, now: int) -> int:
        speech = self._random.choice(self._store.out_of_domain)
        end = self._place(1, self._augmented(speech), now, "")
        return self._agent_says(script.FALLBACK_REPLY, self._reply(end))

    def _barge_in(self, now: int) -> int:
        if self._store.free_answers and self._random.random() < _FREE_ANSWER_SHARE:
            start = self._unknown_question(now)
            story, text = self._random.choice(self._store.free_answers), ""
            self._masked.append((start, start + _UNLEARNED_FRAMES))
        else:
            prompt, text = self._random.choice(_LONG_ANSWERS)
            start = self._reply(self._user_says(prompt, now))
            story = self._store.agent[text]
        onset = start + self._random.randint(12, story.offset - story.onset - 12)
        if self._random.random() < _UNINTERRUPTED_SHARE:
            self._false_barge_in(onset)
            return self._agent_speaks(story, text, start)
        if self._random.random() < _QUESTION_INTO_STORY:
            self._tell_until_yield(story, text, start, onset)
            return self._scene(onset)
        end = self._user_says(self._random.choice(script.STOPS), onset)
        stop = self._tell_until_yield(story, text, start, self._content_onset())
        return self._agent_says(script.STOPPED, max(self._reply(end), stop + 5))

    def _unknown_question(self, now: int) -> int:
        """The user asks what the script does not know, and the agent says a filler; where the text
        model's answer begins.

        In training the agent's "I do not know" is what the filler replaces, so it is masked.
        """
        if self._store.out_of_domain:
            question = self._random.choice(self._store.out_of_domain)
            now = self._place(1, self._augmented(question), now, "")
        start = self._reply(now)
        end = self._agent_speaks(self._random.choice(self._store.fillers), "", start)
        self._masked.append((start, end))
        return end + self._random.randint(*_THINKING_FRAMES)

    def _false_barge_in(self, onset: int) -> None:
        """A backchannel, a noise or nothing: the agent talks on."""
        kind = self._random.random()
        if kind < _BACKCHANNEL_SHARE:
            self._user_says(self._random.choice(script.BACKCHANNELS), onset)
        elif kind < _BACKCHANNEL_SHARE + _NOISE_SHARE:
            self._noise(onset)

    def _noise(self, onset: int) -> int:
        """Place a sound of the user's side that is not speech, if the store has any; its end."""
        if not self._store.noises:
            return onset
        noise = self._augmented(self._random.choice(self._store.noises))
        return self._place(1, noise, onset, None)

    def _tell_until_yield(self, story: UnitUtterance, text: str, start: int, told: int) -> int:
        """Place a story up to where the agent yields to a barge-in that can be recognised from
        frame ``told`` on; its end."""
        chunk = self._chunk_frames
        known = (told + _HEARD_BEFORE_YIELDING - 1) // chunk + KNOWN_AFTER_CHUNKS
        stop = min(known * chunk, told + _YIELDS_AT_MOST)
        last = stop
        if self._random.random() < _LATE_YIELD_SHARE:
            last = (known + self._random.randint(1, _LATE_YIELD_CHUNKS)) * chunk
        end = self._agent_speaks(story, text, start, last - start)
        if end > stop:
            self._masked.append((stop, end))
        return end

    def _content_onset(self) -> int:
        """Where the last utterance becomes more than a backchannel."""
        last = self._placed[-1]
        words = last.speech.words
        skipped = script.leading_backchannel([word for word, _, _ in words])
        return last.start + (words[skipped][1] if skipped else last.speech.onset)

    def _long_talk(self, now: int) -> int:
        end = self._user_says(self._random.choice(script.LONG_TALK_PROMPTS), now)
        end = self._agent_says(script.LONG_TALK_INVITATION, self._reply(end))
        listened = end
        for text in self._random.sample(script.LONG_TALK, self._random.randint(1, 6)):
            end = self._user_says(text, end + self._pause())
            listened = self._backchannel(listened, end)
        return self._end_long_turn(end)

    def _real_talk(self, now: int) -> int:
        end = self._user_says(self._random.choice(script.LONG_TALK_PROMPTS), now)
        end = self._agent_says(script.LONG_TALK_INVITATION, self._reply(end))
        listened = end
        for _ in range(self._random.randint(1, 3)):
            for phrase in self._random.choice(self._store.long_talk):
                end = self._place(1, self._augmented(phrase), end + self._pause(), "")
                listened = self._backchannel(listened, end)
        return self._end_long_turn(end)

    def _end_long_turn(self, end: int) -> int:
        return self._agent_says(
            script.LONG_TALK_END, end + self._random.randint(*_LONG_TURN_END_FRAMES)
        )

    def _backchannel(self, listened: int, end: int) -> int:
        """Place a backchannel at the sentence's end if the last one is long ago; returns when the
        last one was.

        It comes by the clock, not by chance. A random one would be unlikely in every single chunk,
        and sampling at run time, which cuts off unlikely tokens, would never give it.
        """
        if not self._timing.overlap or end - listened < _BACKCHANNEL_INTERVAL_FRAMES:
            return listened
        self._agent_says(self._random.choice(script.BACKCHANNELS), end + self._random.randint(2, 4))
        return end

    # --- times ----------------------------------------------------------------------------------

    def _reply(self, end: int) -> int:
        """When the agent answers: soon after it can know that the user's turn is over."""
        start = end + max(
            1, _frames(self._timing.floor_transfer.draw(self._random, *self._timing.agent_offset))
        )
        if not self._waits_for_words:
            return start
        chunk = (end - 1) // self._chunk_frames
        return max(start, (chunk + KNOWN_AFTER_CHUNKS) * self._chunk_frames)

    def _end_pointing_delay(self, ordered: bool) -> int:
        return self._random.randint(*_END_POINTING_FRAMES) if ordered else 0

    def _follow(self) -> int:
        """The user's offset, which may be negative."""
        return _frames(self._timing.floor_transfer.draw(self._random, *self._timing.user_offset))

    def _pause(self) -> int:
        return _frames(self._timing.pause.draw(self._random, *self._timing.pauses))

    def _rest(self) -> int:
        if self._random.random() < _LONG_REST:
            return self._random.randint(50, 150)
        return self._follow()

    # --- placing --------------------------------------------------------------------------------

    def _user_says(self, text: str, onset: int, pause_share: float = _PAUSE_INSIDE) -> int:
        speech = self._random.choice(self._store.user[text])
        if self._random.random() < _IN_OTHERS_WORDS:
            speech = in_others_words(speech, self._store.real_words, self._draw)
        speech = self._with_pause(speech, pause_share)
        return self._place(1, self._augmented(speech), onset, text)

    def _with_pause(self, speech: UnitUtterance, share: float) -> UnitUtterance:
        """Sometimes with a pause between two words, after which the user goes on."""
        between = [onset for _, onset, _ in speech.words[1:]]
        lasting = speech.offset - speech.onset > 20
        if not (self._timing.overlap and lasting and between):
            return speech
        if self._random.random() >= share:
            return speech
        cut = self._random.choice(between)
        pause = self._pause()
        silence = self._random.choice(self._store.user_silence)[:pause]
        units = np.concatenate([speech.units[:cut], silence, speech.units[cut:]])
        words = tuple(
            (word, first + pause * (first >= cut), last + pause * (last > cut))
            for word, first, last in speech.words
        )
        return replace(speech, units=units, offset=speech.offset + pause, words=words)

    def _augmented(self, speech: UnitUtterance) -> UnitUtterance:
        return augmented_utterance(speech, self._store.confusable_units, self._draw)

    def _agent_says(self, text: str, onset: int) -> int:
        return self._agent_speaks(self._store.agent[text], text, onset)

    def _agent_speaks(
        self, speech: UnitUtterance, text: str, onset: int, length: int | None = None
    ) -> int:
        # A user who speaks early may end before the agent does.
        onset = max(onset, self._agent_end + MARGIN_FRAMES // 2)
        self._agent_end = self._place(0, speech, onset, text, length)
        if not text:
            self._free.append((onset, self._agent_end))
        return self._agent_end

    def _place(
        self,
        side: int,
        speech: UnitUtterance,
        onset: int,
        text: str | None,
        length: int | None = None,
    ) -> int:
        """Place an utterance so that its speech begins at frame ``onset``; returns its end.
        ``text`` is None where it is not speech."""
        stop = speech.offset if length is None else min(speech.offset, speech.onset + length)
        self._placed.append(Placement(side, speech, onset - speech.onset, stop, text))
        return onset + stop - speech.onset


def _frames(seconds: float) -> int:
    return round(seconds * 1000 / FRAME_MS)
