"""The assistant's ears, thoughts and voice in a conversation, in a thread of its own.

`SpokenMind` joins three parts that do not know one another: the listener (`engine.hearing`), the
background mind (`engine.assistant`, text in and text out) and the agent's voice (`engine.voice`).
`engine.minds` asks it in the engine's thread, where nothing may wait, so it has a thread of its
own. A request of the grammar is done as soon as its words are heard, even while the language model
talks. A question with words that the language model never learnt goes to the text model as soon.
Everything else waits until the language model does not know, or says nothing to a question.
Its clock is the user's sound. Knows no card, no recording and no bundle.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from engine.assistant import mind as background
from engine.assistant.request import Effect
from engine.errors import DuologueError
from engine.hearing.words import HeardWords
from engine.minds.known_words import KnownWords
from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.minds.said_lately import SaidLately
from engine.minds.told import Activity, Done, Ears, Told
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice, SpokenSentence

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)

RECENT_S = 4.0
"""Words that ended so long before the language model did not know are its question."""
WAIT_FOR_WORDS_S = 5.0
"""After so long without words there is no answer."""
IGNORED_S = 1.2
"""A question to which the language model says nothing for so long after its words are there."""
_ANSWERING_S = 1.0
"""Who has spoken so shortly before a question's words are there is answering it already."""
_GOODBYE_S = 8.0
"""After so long a conversation ends that the user has ended, even if the goodbye was not said."""
_LOOK_SECONDS = 0.03
_MOST_WAITING = 256
_LONG_AGO_SAMPLES = 3600 * SAMPLE_RATE_HZ
_MOST_OPEN = 32
"""Replies and turns of which it is not known yet what became of them."""
_END_SECONDS = 2.0


@dataclass(frozen=True)
class _Question:
    """A turn of the user's, in words."""

    text: str
    start_sample: int
    end_sample: int
    confidence: float
    heard_at: int
    """The sample at which its words were there."""


@dataclass
class _Open:
    """A reply, or a turn that is being answered, until it is known what became of it."""

    mind_turn: int
    """The background mind's number; 0 for what nobody asked for."""
    start_sample: int
    end_sample: int
    ring: background.Reply | None = None
    effects: list[Effect] = field(default_factory=list)
    """What is to be done after it was said."""


class SpokenMind:
    """A background mind with ears and a voice (`engine.minds.mind.Mind`)."""

    def __init__(
        self,
        listener: Ears,
        mind: background.BackgroundMind,
        voice: AgentVoice,
        known: KnownWords | None = None,
        own_thread: bool = True,
    ) -> None:
        """Nothing of these may be used by another thread from now on, but for ``mind.close``.

        ``known``: the words of the language model's texts; None where nobody knows them. Without
        ``own_thread`` the caller calls ``look`` after each chunk.
        """
        self._listener, self._mind, self._voice = listener, mind, voice
        self._known = known or KnownWords(())
        self.tell: Callable[[Told], None] = lambda told: None
        """Called in this object's thread; may be set once."""
        self._inbox: queue.Queue[Turn | Outcome | None] = queue.Queue(_MOST_WAITING)
        self._replies: deque[Reply] = deque(maxlen=_MOST_WAITING)
        self._activities: deque[Activity] = deque(maxlen=_MOST_WAITING)
        self._said: list[HeardWords] = []
        """Final words of the user's turn so far."""
        self._agents_words: deque[tuple[Sequence[str], int]] = deque(maxlen=_MOST_WAITING)
        self._lately = SaidLately()
        self._question: _Question | None = None
        """The newest turn, if nobody has answered it."""
        self._models: _Question | None = None
        """The newest question that the language model answers itself."""
        self._asked: Turn | None = None
        self._asked_at = self._agent_spoke_at = -_LONG_AGO_SAMPLES
        self._model_waits = False
        """Whether the language model waits for the end of the turn."""
        self._open: dict[int, _Open] = {}
        """By the conversation's number of the turn."""
        self._unasked = itertools.count(UNASKED - 1, -1)
        self._thinking = 0
        """The background mind's turn that the text model was asked about last."""
        self._ends_at: int | None = None
        self._told_problem = ""
        self.samples = 0
        """Of the user's sound so far."""
        self._quiet_until = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="assistant", daemon=True)
        if own_thread:
            self._thread.start()

    # --- the engine's thread ----------------------------------------------------------------------

    def begin(self) -> None:
        """A conversation begins."""
        self._listener.reset()
        self.samples = 0
        self._agent_spoke_at = -_LONG_AGO_SAMPLES
        self._put(None)

    def hear(self, user_audio: np.ndarray) -> None:
        """The user's next sound, float32 (n,) at 16 kHz."""
        self._listener.push(user_audio)
        self.samples += len(user_audio)

    def agent_says(self, speaks: bool, words: Sequence[str], sample: int) -> None:
        """What the agent says in the newest chunk, whoever thought of it."""
        if speaks:
            self._agent_spoke_at = self.samples
        if words:
            self._agents_words.append((words, sample))

    def turn(self, turn: Turn) -> None:
        self._put(turn)

    def poll(self) -> Sequence[Reply]:
        return _taken(self._replies)

    def over(self, outcome: Outcome) -> None:
        self._put(outcome)

    def _put(self, message: Turn | Outcome | None) -> None:
        try:
            self._inbox.put_nowait(message)
        except queue.Full:
            _LOG.warning("the assistant does not keep up")

    # --- any thread -------------------------------------------------------------------------------

    def activities(self) -> Sequence[Activity]:
        """What the assistant has heard, thought and done since the last call."""
        return _taken(self._activities)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be said or thought about."""
        return bool(self._open or self._asked or self._replies)

    @property
    def problem(self) -> str:
        """Why no words are heard any more; empty while they are."""
        return self._listener.problem

    def close(self) -> None:
        """End the thread and the listener; what should have rung comes from the mind again."""
        self._over.set()
        if self._thread.ident:
            self._thread.join(_END_SECONDS)
        self._listener.close()
        if not self._thread.is_alive():
            self._forget()

    # --- its own thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception:
                # A talk without an assistant is better than none.
                _LOG.exception("the assistant failed")
            self._over.wait(_LOOK_SECONDS)

    def look(self) -> None:
        """Do what is to be done now."""
        while not self._inbox.empty():
            match self._inbox.get_nowait():
                case Turn() as turn:
                    self._asked, self._asked_at = turn, self.samples
                case Outcome() as outcome:
                    self._tell_outcome(outcome)
                case None:
                    self._begin()
        for words, sample in _taken(self._agents_words):
            self._lately.add(words, sample)
        for heard in self._listener.poll():
            self._heard(heard)
        if self.problem != self._told_problem:
            self._told_problem = self.problem
            self._activities.append(Activity("problem", self.problem))
        self._answer_asked()
        self._answer_ignored()
        for reply in self._mind.poll():
            self._say(reply)
        if self._ends_at is not None and self.samples > self._ends_at:
            self._ends_at = None
            self.tell(Effect("end talk"))

    def _begin(self) -> None:
        self._said.clear()
        self._forget()
        self._lately.clear()
        self._question = self._models = self._asked = None
        self._quiet_until = 0
        self._model_waits = False
        self._ends_at = None
        self._mind.new_talk()

    def _forget(self) -> None:
        """Nothing more is said; what should have rung is given back."""
        self._mind.give_back([one.ring for one in self._open.values() if one.ring])
        self._open.clear()
        self._replies.clear()

    def _heard(self, words: HeardWords) -> None:
        self.tell(words)
        if words.text:
            so_far = " ".join(one.text for one in (*self._said, words))
            self._activities.append(Activity("hears", so_far))
            if not words.final:
                self._let_wait(self._is_minds(so_far, words.confidence))
        if not words.final:
            return
        if words.text:
            self._said.append(words)
        if not words.ends_turn or not self._said:
            return
        text = " ".join(one.text for one in self._said)
        question = _Question(
            text,
            self._said[0].start_sample,
            words.end_sample,
            min(one.confidence for one in self._said),
            self.samples,
        )
        self._said.clear()
        self._note_answered()
        said_last = self._lately.before(question.start_sample)
        done = self._mind.turn(text, question.confidence, think=False, said_last=said_last)
        if done.kind == "action":
            self._wait_for(done.number, question, self._asked)
            self._asked = self._question = None
        elif self._is_beyond(question.text):
            asked, self._asked, self._question = self._asked, None, None
            self._think(question, asked)
        else:
            self._let_wait(False)
            self._question = question

    def _is_minds(self, text: str, confidence: float) -> bool:
        """Whether a turn with these words is not the language model's to answer."""
        return self._mind.is_request(text, confidence) or self._is_beyond(text)

    def _is_beyond(self, text: str) -> bool:
        """Whether the language model cannot know the answer, and the text model may."""
        quiet = self.samples < self._quiet_until
        return self._mind.can_think and not quiet and self._known.asks_beyond(text)

    def _let_wait(self, waits: bool) -> None:
        """Let the language model wait for the end of the turn, or no longer."""
        if waits or self._model_waits:
            self._replies.append(Reply(UNASKED, last=False, model_waits=waits))
        self._model_waits = waits

    def _note_answered(self) -> None:
        """Tell the background mind what the language model answered itself."""
        if self._models and (said := self._lately.since(self._models.end_sample)):
            self._mind.note(self._models.text, said)
        self._models = None

    def _answer_asked(self) -> None:
        """Ask the background mind about a turn as soon as its words are there."""
        asked, question = self._asked, self._question
        if asked is None:
            return
        if question and question.end_sample > asked.end_sample - RECENT_S * SAMPLE_RATE_HZ:
            self._asked = self._question = None
            if self._think(question, asked):
                return
        elif self.samples - self._asked_at < WAIT_FOR_WORDS_S * SAMPLE_RATE_HZ:
            return
        self._asked = None
        self._replies.append(Reply(asked.number))  # nobody knows

    def _answer_ignored(self) -> None:
        """Answer a question to which the language model says nothing."""
        question = self._question
        if question is None or self._asked or not question.text.endswith("?"):
            return
        if self.samples < self._quiet_until:
            self._question = None
        elif self._agent_spoke_at > question.heard_at - _ANSWERING_S * SAMPLE_RATE_HZ:
            self._question, self._models = None, question
        elif self.samples - question.heard_at > IGNORED_S * SAMPLE_RATE_HZ:
            self._question = None
            self._think(question, None)

    def _think(self, question: _Question, asked: Turn | None) -> bool:
        """Ask the text model; False if there is none. ``asked``: who waits for the answer."""
        thinking = self._mind.turn(question.text, question.confidence)
        if not thinking.number:
            return False
        self._thinking = thinking.number
        self._activities.append(Activity("thinks", question.text))
        number = self._wait_for(thinking.number, question, asked)
        if asked is None:
            self._replies.append(Reply(number, last=False, begins=True))
        return True

    def _wait_for(self, mind_turn: int, question: _Question, asked: Turn | None) -> int:
        """Replies of the background mind to a turn will come; returns the conversation's number."""
        number = asked.number if asked else next(self._unasked)
        self._open[number] = _Open(mind_turn, question.start_sample, question.end_sample)
        while len(self._open) > _MOST_OPEN:
            self._open.pop(next(iter(self._open)))
        return number

    def _say(self, reply: background.Reply) -> None:
        number = next((n for n, one in self._open.items() if one.mind_turn == reply.turn), None)
        if number is None or reply.turn == 0:
            if reply.kind == "answer":
                return  # to a turn that is over
            number = next(self._unasked)
            self._open[number] = _Open(0, self.samples, self.samples)
        one = self._open[number]
        if reply.kind == "ring":
            one.ring = reply
        if reply.text:
            self._activities.append(Activity(reply.kind, reply.detail or reply.text))
        if reply.event:
            self.tell(Done(reply.event, one.start_sample, one.end_sample, self.samples))
        quiet_s = self._perform(reply.effects, one)
        sentences = self._sentences(reply.text)
        takes_over = number <= UNASKED and reply.kind != "answer"
        self._replies.append(
            Reply(number, sentences, reply.last, takes_over=takes_over, quiet_s=quiet_s)
        )
        if takes_over and not sentences:
            self._open.pop(number)

    def _sentences(self, text: str) -> tuple[SpokenSentence, ...]:
        try:
            return tuple(self._voice.say(text)) if text else ()
        except DuologueError as error:
            _LOG.warning("%s", error)
            return ()

    def _perform(self, effects: Sequence[Effect], one: _Open) -> float | None:
        """Do what the conversation is to do; returns how long the agent is to be quiet, or None."""
        quiet_s = None
        for effect in effects:
            match effect.kind:
                case "quiet" | "speak again":
                    quiet_s = effect.value
                    self._quiet_until = self.samples + round(quiet_s * SAMPLE_RATE_HZ)
                case "end talk":
                    one.effects.append(effect)  # the goodbye is said first
                    self._ends_at = self.samples + round(_GOODBYE_S * SAMPLE_RATE_HZ)
                case _:
                    self.tell(effect)
        return quiet_s

    def _tell_outcome(self, outcome: Outcome) -> None:
        """Tell the background mind what was said of its answer."""
        if self._asked and self._asked.number == outcome.turn:
            self._asked = None
        one = self._open.pop(outcome.turn, None)
        if one is None:
            return
        if one.mind_turn:
            self._mind.spoken(one.mind_turn, outcome.said, outcome.whole)
        if not outcome.whole and one.mind_turn and one.mind_turn == self._thinking:
            self._mind.cancel()
        for effect in one.effects:
            self._ends_at = None
            self.tell(effect)


def _taken(waiting: deque[_T]) -> list[_T]:
    taken = []
    while waiting:
        taken.append(waiting.popleft())
    return taken
