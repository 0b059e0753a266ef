"""The assistant in a conversation: it hears words, acts, and answers in the agent's voice.

`SpokenMind` joins three parts that do not know one another: the listener (`engine.hearing`), the
background mind (`engine.assistant`, text in and text out) and the agent's voice (`engine.voice`).
`engine.minds` asks it in the engine's thread, where nothing may wait, so it has a thread of its
own. A request of the grammar is done as soon as its words are heard, even while the language model
talks. Everything else waits until the language model does not know, or says nothing to a question.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from app.part_store import part_for
from engine.assistant import mind as background
from engine.assistant.request import Effect
from engine.errors import DuologueError
from engine.hearing.listener import Listener
from engine.hearing.words import HeardWords
from engine.minds.bundle_voice import bundle_voice
from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.minds.two_minds import TwoMinds
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.forced_chunk import ForcedChunk
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice

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
_LOOK_SECONDS = 0.03
_MOST_WAITING = 256
_END_SECONDS = 2.0
_NO_PART = (
    "The assistant needs the part for hearing; install its file with `duologue install-part`, or "
    "talk without the assistant."
)


@dataclass(frozen=True)
class _Question:
    """A turn of the user's, in words."""

    text: str
    end_sample: int
    confidence: float
    heard_at: float
    """By the monotonic clock."""


@dataclass(frozen=True)
class Activity:
    """What the assistant does just now, for a line on the screen."""

    kind: Literal["hears", "thinks", "action", "answer", "ring", "problem"]
    text: str
    """The words so far, the question, or what a reply of the background mind says."""


class SpokenMind:
    """A background mind with ears and a voice (`engine.minds.mind.Mind`)."""

    def __init__(
        self, listener: Listener, mind: background.BackgroundMind, voice: AgentVoice
    ) -> None:
        """Nothing of these may be used by another thread from now on, but for ``mind.close``."""
        self._listener, self._mind, self._voice = listener, mind, voice
        self._inbox: queue.Queue[Turn | Outcome | None] = queue.Queue(_MOST_WAITING)
        self._replies: deque[Reply] = deque(maxlen=_MOST_WAITING)
        self._effects: deque[Effect] = deque(maxlen=_MOST_WAITING)
        self._activities: deque[Activity] = deque(maxlen=_MOST_WAITING)
        self._said: list[HeardWords] = []
        """Final words of the user's turn so far."""
        self._question: _Question | None = None
        """The newest turn, if nobody has answered it."""
        self._asked: Turn | None = None
        self._asked_at = self._agent_spoke_at = 0.0
        self._turns: dict[int, int] = {}
        """The conversation's turn for each of the background mind's that is being answered."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="assistant", daemon=True)
        self._thread.start()

    # --- the engine's thread ----------------------------------------------------------------------

    def begin(self) -> None:
        """A conversation begins."""
        self._listener.reset()
        self._put(None)

    def hear(self, user_audio: np.ndarray) -> None:
        """The user's next sound, float32 (n,) at 16 kHz."""
        self._listener.push(user_audio)

    def agent_speaks(self) -> None:
        """The agent speaks in the newest chunk."""
        self._agent_spoke_at = time.monotonic()

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

    def effects(self) -> Sequence[Effect]:
        """What the conversation itself is to do, since the last call."""
        return _taken(self._effects)

    def activities(self) -> Sequence[Activity]:
        """What the assistant has heard, thought and done since the last call."""
        return _taken(self._activities)

    @property
    def problem(self) -> str:
        """Why no words are heard any more; empty while they are."""
        return self._listener.problem

    def close(self) -> None:
        """End the thread and the listener."""
        self._over.set()
        self._thread.join(_END_SECONDS)
        self._listener.close()

    # --- its own thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._look()
            except Exception:
                # A talk without an assistant is better than none.
                _LOG.exception("the assistant failed")
            self._over.wait(_LOOK_SECONDS)

    def _look(self) -> None:
        for words in self._listener.poll():
            self._heard(words)
        while not self._inbox.empty():
            match self._inbox.get_nowait():
                case Turn() as turn:
                    self._asked, self._asked_at = turn, time.monotonic()
                case Outcome() as outcome:
                    self._tell(outcome)
                case None:
                    self._said.clear()
                    self._turns.clear()
                    self._question = self._asked = None
                    self._mind.new_talk()
        self._answer_asked()
        self._answer_ignored()
        for reply in self._mind.poll():
            self._say(reply)

    def _heard(self, words: HeardWords) -> None:
        if words.text:
            so_far = " ".join(one.text for one in (*self._said, words))
            self._activities.append(Activity("hears", so_far))
        if not words.final:
            return
        if words.text:
            self._said.append(words)
        if not words.ends_turn or not self._said:
            return
        text = " ".join(one.text for one in self._said)
        confidence = min(one.confidence for one in self._said)
        self._said.clear()
        done = self._mind.turn(text, confidence, think=False)
        if done.kind == "action":
            self._turns[done.number] = self._asked.number if self._asked else UNASKED
            self._asked = self._question = None
        else:
            self._question = _Question(text, words.end_sample, confidence, time.monotonic())

    def _answer_asked(self) -> None:
        """Ask the background mind about a turn as soon as its words are there."""
        asked, question = self._asked, self._question
        if asked is None:
            return
        if question and question.end_sample > asked.end_sample - RECENT_S * SAMPLE_RATE_HZ:
            thinking = self._mind.turn(question.text, question.confidence)
            self._asked = self._question = None
            if thinking.number:
                self._activities.append(Activity("thinks", question.text))
                self._turns[thinking.number] = asked.number
                return
        elif time.monotonic() - self._asked_at < WAIT_FOR_WORDS_S:
            return
        self._asked = None
        self._replies.append(Reply(asked.number))  # nobody knows

    def _answer_ignored(self) -> None:
        """Answer a question to which the language model says nothing."""
        question = self._question
        if question is None or self._asked or not question.text.endswith("?"):
            return
        if self._agent_spoke_at > question.heard_at - _ANSWERING_S:
            self._question = None
        elif time.monotonic() - question.heard_at > IGNORED_S:
            self._question = None
            self._activities.append(Activity("thinks", question.text))
            self._mind.turn(question.text, question.confidence)

    def _say(self, reply: background.Reply) -> None:
        self._effects += reply.effects
        if reply.text:
            self._activities.append(Activity(reply.kind, reply.detail or reply.text))
        turn = self._turns.get(reply.turn, UNASKED)
        sentences = tuple(self._voice.say(reply.text)) if reply.text else ()
        unasked = turn == UNASKED
        if sentences or not unasked:
            self._replies.append(Reply(turn, sentences, reply.last or unasked, takes_over=unasked))

    def _tell(self, outcome: Outcome) -> None:
        """Tell the background mind what was said of its answer."""
        own = [number for number, turn in self._turns.items() if turn == outcome.turn]
        if own:
            self._mind.spoken(own[-1], outcome.said, outcome.whole)
        if not outcome.whole and outcome.turn != UNASKED:
            self._mind.cancel()


class AssistedTalk:
    """The prompter of a conversation with the assistant."""

    def __init__(self, minds: TwoMinds, spoken: SpokenMind, silence_unit: int) -> None:
        """``silence_unit`` is the agent's."""
        self._minds, self.spoken, self._silence_unit = minds, spoken, silence_unit

    def reset(self) -> None:
        self.spoken.begin()
        self._minds.reset()

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        self.spoken.hear(user_audio)
        return self._minds.prompt(user_audio)

    def spoke(self, step: Step) -> None:
        if any(unit != self._silence_unit for unit in step.own_frames):
            self.spoken.agent_speaks()
        self._minds.spoke(step)

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        self.spoken.hear(user_audio)
        self._minds.miss(user_audio, chunks)


def attach_assistant(duplex: Duplex, mind: background.BackgroundMind) -> AssistedTalk:
    """Let the assistant into the conversations of ``duplex``; close ``spoken`` after them.

    Raises DuologueError where the part for hearing or the voice is missing.
    """
    part = part_for("hearing")
    if part is None:
        raise DuologueError(_NO_PART)
    voice, lines, remark = bundle_voice(duplex.bundle, part_for("voice"))
    if remark:
        _LOG.warning(remark)
    spoken = SpokenMind(Listener(part), mind, voice)
    silence = duplex.bundle.manifest.own_silence_unit
    talk = AssistedTalk(TwoMinds(duplex.format, silence, spoken, lines), spoken, silence)
    duplex.attach(talk)
    return talk


def _taken(waiting: deque[_T]) -> list[_T]:
    taken = []
    while waiting:
        taken.append(waiting.popleft())
    return taken
