"""Two minds, one voice: what the agent says when its language model does not know.

The model talks as ever until it is about to say that it does not know. In that place comes a short
filler, and the background mind is asked. Until its answer comes the agent is silent; the answer is
said chunk by chunk, unless the user interrupts. If the user begins a new turn first, the answer is
dropped. One object for one `Duplex`, in its thread.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from enum import Enum

import numpy as np

from engine.minds.interruption import Interruption
from engine.minds.mind import UNASKED, Mind, Outcome, Reply, Turn
from engine.minds.openings import Lines
from engine.minds.spoken_answer import SpokenAnswer
from engine.syncllm.duplex import Step
from engine.syncllm.forced_chunk import ForcedChunk
from engine.syncllm.tokens import TokenFormat
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import SpokenSentence

_LOG = logging.getLogger(__name__)

NEW_TURN_S = 0.7
"""A voice of this length while the agent thinks is a new turn; a shorter one ("mm hmm") is not."""
_QUIET_S = 0.25
"""An answer begins when the user has been silent for so long."""
_ENDLESS_S = 3.0
"""Who goes on for so long after the model wanted to answer has not asked yet."""
NEXT_FILLER_S = 5.0
LONGEST_WAIT_S = 25.0
"""After so long the agent says that it does not know."""
_MOST_HELD = 4
"""Replies that nobody asked for and that wait until they can be said."""
MODEL_WAITS_S = 1.2
"""The language model waits so long after the user's voice for the end of a turn that the mind is to
answer: its last words are there 0.9 s after it at most, unless the machine is too slow."""
_MOST_HEARD = 400
"""Letters of the user's words that a turn tells."""


class _State(Enum):
    MODEL = "the language model talks"
    FILLS = "a filler is said"
    THINKS = "the mind thinks, and the agent is silent"
    ANSWERS = "an answer is said"


class TwoMinds:
    """The prompter of a conversation (`engine.syncllm.forced_chunk.Prompter`)."""

    def __init__(self, fmt: TokenFormat, silence_unit: int, mind: Mind, lines: Lines) -> None:
        """``silence_unit`` is the agent's; ``lines`` are in its units."""
        self._fmt, self._silence_unit = fmt, silence_unit
        self._mind, self._lines = mind, lines
        self._turn = 0
        self._begin()

    # --- the prompter -----------------------------------------------------------------------------

    def reset(self) -> None:
        """A conversation begins; an answer of the one before is dropped."""
        if self._state is not _State.MODEL:
            self._close(whole=False)
        self._begin()

    def _begin(self) -> None:
        self._state = _State.MODEL
        self._quiet_samples = 0
        """Of the user's sound, until the language model may speak again."""
        self._wait_samples = 0
        """The same, while the turn of the user's that the mind is to answer has not ended."""
        self._user = Interruption()
        self._answer = self._new_answer()
        self._answers_turn: int | None = None
        """Whose answer is said or awaited; None: nobody's."""
        self._came_by_itself = False
        """Whether that is a reply for which nobody waited."""
        self._filler = self._new_answer()
        self._fillers_said = 0
        self._waited_chunks = 0
        self._held: list[Reply] = []
        self._heard = ""
        self._heard_samples = 0
        self._speaks = False
        """Whether the agent's newest chunk ended in speech."""
        self._was_answer = self._was_filler = self._was_quiet = False
        """Whether the newest chunk was to be the next of the answer or of the filler, or silence in
        place of the language model."""
        self._asked = False
        """Whether the mind has been asked about the turn."""

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        """What to say in the next chunk."""
        self._hear(user_audio)
        for reply in self._mind.poll():
            self._take(reply)
        self._move_on()
        waits = self._quiet_samples > 0 or self._wait_samples > 0
        self._was_quiet = self._state is _State.MODEL and waits
        if self._was_quiet:
            return self._silence(cuts=self._speaks)
        if self._state is _State.MODEL:
            return self._in_place_of_unknown()
        if self._state in (_State.FILLS, _State.THINKS):
            fills = self._state is _State.FILLS and self._may_fill
            if self._speaks and not self._filler.begun:
                return self._silence(cuts=True)  # the model was speaking
            return self._forced(self._filler) if fills else self._silence()
        if self._speaks and not self._answer.begun:
            return self._silence(cuts=True)  # the model was speaking
        chunk = self._forced(self._answer)
        pause = chunk.frames[0] == self._silence_unit or not self._speaks
        return replace(chunk, yields_above=self._user.yields_above(pause))

    def spoke(self, step: Step) -> None:
        """Note what was said."""
        self._speaks = step.own_frames[-1] != self._silence_unit
        if step.speak:
            self._follow(step)
        self._heard = (self._heard + "".join(step.heard_text))[-_MOST_HEARD:]

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        """Chunks passed in silence; what was to be said in them comes after them."""
        self._hear(user_audio)
        self._speaks = False
        if self._state is _State.THINKS:
            self._waited_chunks += chunks

    # --- states -----------------------------------------------------------------------------------

    def _follow(self, step: Step) -> None:
        """Move on by what a chunk became."""
        forced = step.forced_frames is not None
        if self._state is _State.MODEL:
            if forced and not self._was_quiet:
                self._begin_turn()
            elif self._speaks:
                self._heard = ""
        elif self._state is _State.FILLS and self._was_filler:
            self._filler.advance()
        elif self._state is _State.THINKS:
            self._waited_chunks += 1
        elif self._state is _State.ANSWERS and step.yields:
            _LOG.info("the user interrupts the answer to turn %s", self._answers_turn)
            self._close(whole=False)
        elif self._state is _State.ANSWERS and self._was_answer:
            self._answer.advance()

    def _begin_turn(self) -> None:
        """The filler has begun in place of the model's sentence."""
        self._turn += 1
        self._begin_filling(self._turn, asked=False)
        if self._was_filler:
            self._filler.advance()
        self._ask()

    def _begin_unprompted(self, turn: int) -> None:
        """The mind has begun to think, and the language model does not know of it."""
        if self._state in (_State.FILLS, _State.THINKS) and not self._answer.begun:
            self._tell("", whole=False)  # the model knows that it does not know: one filler will do
            self._answers_turn, self._asked = turn, True
            return
        if self._state is not _State.MODEL:
            self._close(whole=False)
        self._filler = self._answer_of(self._lines.fillers[0])
        self._begin_filling(turn, asked=True)

    def _begin_filling(self, turn: int, asked: bool) -> None:
        self._answers_turn, self._came_by_itself = turn, False
        self._answer = self._new_answer()
        self._fillers_said, self._waited_chunks = 1, 0
        self._asked = asked
        self._state = _State.FILLS

    def _ask(self) -> None:
        """Ask the mind, as soon as the user has ended."""
        if self._asked or not self._user.quiet_s:
            return
        self._asked = True
        self._mind.turn(Turn(self._turn, self._heard_samples, self._heard.strip()))
        self._heard = ""

    def _move_on(self) -> None:
        """Change the state before a chunk, where time or the user says so."""
        if self._state in (_State.FILLS, _State.THINKS):
            self._ask()
            if not self._asked and self._user.voice_s >= _ENDLESS_S:
                self._close(whole=False)
        if self._state is _State.FILLS and self._filler.waits:
            self._state = _State.THINKS
        if self._state is _State.THINKS:
            self._think()
        elif self._state is _State.ANSWERS and self._answer.waits and self._answer.complete:
            self._close(whole=True)
        if self._state is _State.MODEL and self._held and self._user.quiet_s >= _QUIET_S:
            self._begin_unasked(self._held.pop(0))

    def _think(self) -> None:
        chunk_s = self._fmt.chunk_samples / SAMPLE_RATE_HZ
        if self._asked and self._user.voice_s >= NEW_TURN_S:
            self._close(whole=False)
        elif not self._answer.waits and self._user.quiet_s >= _QUIET_S:
            self._state = _State.ANSWERS
        elif self._answer.waits and self._answer.complete:
            self._say_unknown()
        elif self._waited_chunks * chunk_s >= LONGEST_WAIT_S:
            self._tell("", whole=False)
            self._answers_turn = None
            self._say_unknown()
        elif (
            self._waited_chunks * chunk_s >= NEXT_FILLER_S * self._fillers_said
            and self._fillers_said < len(self._lines.fillers)
            and self._user.quiet_s >= _QUIET_S
        ):
            self._filler = self._answer_of(self._lines.fillers[self._fillers_said])
            self._fillers_said += 1
            self._state = _State.FILLS

    def _say_unknown(self) -> None:
        """The mind does not know either."""
        self._answer.add(self._lines.unknown)
        self._answer.complete = True
        if self._user.quiet_s >= _QUIET_S:
            self._state = _State.ANSWERS

    def _close(self, whole: bool) -> None:
        """An answer is over, and the language model talks again."""
        self._tell(self._answer.said(), whole)
        self._state = _State.MODEL
        self._wait_samples = 0
        self._answer = self._new_answer()
        self._answers_turn, self._came_by_itself = None, False

    def _tell(self, said: str, whole: bool) -> None:
        """Tell the mind what became of its answer."""
        if self._answers_turn is not None and (self._asked or self._answers_turn <= UNASKED):
            self._mind.over(Outcome(self._answers_turn, said, whole))

    # --- replies ----------------------------------------------------------------------------------

    def _take(self, reply: Reply) -> None:
        if reply.quiet_s is not None:
            self._quiet_samples = round(reply.quiet_s * SAMPLE_RATE_HZ)
        if reply.model_waits is not None:
            self._wait_samples = round(MODEL_WAITS_S * SAMPLE_RATE_HZ) if reply.model_waits else 0
            return
        if reply.begins:
            self._begin_unprompted(reply.turn)
            return
        expected = self._state is not _State.MODEL and reply.turn == self._answers_turn
        if reply.takes_over:
            follows = self._came_by_itself and reply.turn <= UNASKED
            if self._state is not _State.MODEL and not expected and not follows:
                self._close(whole=False)
            if expected and not self._answer.begun:
                self._fill(reply)
            else:
                self._hold(reply)
        elif expected and not self._answer.complete:
            self._fill(reply)
        elif reply.turn == UNASKED and reply.sentences:
            self._hold(reply)
        elif reply.last:
            self._mind.over(Outcome(reply.turn, "", False))

    def _fill(self, reply: Reply) -> None:
        for sentence in reply.sentences:
            self._answer.add(sentence)
        self._answer.complete = reply.last

    def _hold(self, reply: Reply) -> None:
        if len(self._held) < _MOST_HELD:
            self._held.append(reply)
        else:
            self._mind.over(Outcome(reply.turn, "", False))

    def _begin_unasked(self, reply: Reply) -> None:
        self._answer = self._new_answer()
        self._answers_turn, self._came_by_itself = reply.turn, True
        self._fill(reply)
        self._answer.complete = True
        self._state = _State.ANSWERS

    # --- chunks -----------------------------------------------------------------------------------

    def _in_place_of_unknown(self) -> ForcedChunk:
        self._filler = self._answer_of(self._lines.fillers[0])
        chunk = self._forced(self._filler) if self._may_fill else self._silence()
        return replace(chunk, instead_of=self._lines.opening)

    @property
    def _may_fill(self) -> bool:
        """Whether the filler goes on, or may begin: not while the user speaks."""
        return self._filler.begun or self._user.quiet_s > 0

    def _forced(self, answer: SpokenAnswer) -> ForcedChunk:
        self._was_answer, self._was_filler = answer is self._answer, answer is self._filler
        chunk = answer.chunk()
        return ForcedChunk(chunk.frames, chunk.words)

    def _silence(self, cuts: bool = False) -> ForcedChunk:
        self._was_answer = self._was_filler = False
        return ForcedChunk((self._silence_unit,) * self._fmt.chunk_frames, cuts=cuts)

    def _new_answer(self) -> SpokenAnswer:
        return SpokenAnswer(self._fmt.chunk_frames, self._silence_unit)

    def _answer_of(self, sentence: SpokenSentence) -> SpokenAnswer:
        answer = self._new_answer()
        answer.add(sentence)
        answer.complete = True
        return answer

    def _hear(self, user_audio: np.ndarray) -> None:
        self._user.hear(user_audio)
        self._heard_samples += len(user_audio)
        self._quiet_samples = max(self._quiet_samples - len(user_audio), 0)
        if self._user.quiet_s > 0:
            self._wait_samples = max(self._wait_samples - len(user_audio), 0)
