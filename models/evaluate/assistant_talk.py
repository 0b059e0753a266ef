"""A simulated user's talk with the assistant, faster or slower than time, but on its clock.

All parts are those of a conversation: `Duplex` with `AssistedTalk`, the recogniser, the actions and
the text model. Only the processes are missing: recogniser and text model run here, and what they
give comes as much later on the conversation's clock as it took of the processor. So other
programs on the machine change little. Knows no figures.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.assistant.chat_model import ChatModel
from engine.assistant.mind import BackgroundMind, MindOptions
from engine.assistant.text_mind import ANSWER_TOKENS, Message, Piece, Tell
from engine.errors import DuologueError
from engine.hearing.recogniser import Recogniser
from engine.hearing.turns import Turns
from engine.hearing.words import HeardWords
from engine.minds.assisted_talk import AssistedTalk
from engine.minds.bundle_voice import bundle_voice
from engine.minds.known_words import KnownWords
from engine.minds.openings import FILLERS, Lines
from engine.minds.spoken_mind import SpokenMind
from engine.minds.told import Done, Told
from engine.minds.two_minds import TwoMinds
from engine.syncllm.duplex import Duplex, Step
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice
from models.evaluate.simulated_user import AcousticConditions, SimulatedUser

_CONTEXT_TOKENS = 2048
_SETTLE_SECONDS = 600.0
_LEAST_S, _MOST_S = 3.0, 25.0
"""How long the user waits for an answer."""


class _Ears:
    """See `engine.minds.told.Ears`."""

    problem = ""

    def __init__(self, part: Path) -> None:
        self._recogniser = _recogniser(part)
        self.reset()

    def reset(self) -> None:
        self._turns = Turns(self._recogniser)
        self._position = self._busy_until = 0
        self._words: deque[tuple[int, HeardWords]] = deque()

    def push(self, sound_N: np.ndarray) -> None:
        self._turns.push(sound_N, self._position)
        self._position += len(sound_N)
        while self._turns.is_due and self._busy_until <= self._position:
            begin = time.process_time()
            words = self._turns.listen()
            took = round((time.process_time() - begin) * SAMPLE_RATE_HZ)
            self._busy_until = self._position + took
            if words:
                self._words.append((self._busy_until, words))

    def poll(self) -> list[HeardWords]:
        ready = []
        while self._words and self._words[0][0] <= self._position:
            ready.append(self._words.popleft()[1])
        return ready

    def close(self) -> None:
        """Nothing is open."""


class _TextMind:
    """See `engine.assistant.text_mind.TextMind`."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._model, self._tell = _chat_model(path), tell
        self.now_s = 0.0
        self._pieces: deque[tuple[float, Piece]] = deque()

    def warm(self, messages: Sequence[Message]) -> None:
        self._model.feed(self._model.prompt(messages, 1))

    def ask(self, turn: int, messages: Sequence[Message], temperature: float) -> None:
        self._pieces.clear()
        begin = time.process_time()

        def due_s() -> float:
            return self.now_s + time.process_time() - begin

        self._model.feed(self._model.prompt(messages, ANSWER_TOKENS))
        for text in self._model.answer(ANSWER_TOKENS, temperature, turn):
            self._pieces.append((due_s(), Piece(turn, text)))
        self._pieces.append((due_s(), Piece(turn, end=True, whole=self._model.ended)))

    def go_on(self, now_s: float) -> None:
        """Tell the pieces that are written by now."""
        self.now_s = now_s
        ready = []
        while self._pieces and self._pieces[0][0] <= now_s:
            ready.append(self._pieces.popleft()[1])
        for piece in ready:  # whoever takes them may stop the rest
            self._tell(piece)

    def stop(self, turn: int) -> None:
        self._pieces.clear()
        self._tell(Piece(turn, end=True, whole=False))

    def check(self) -> None:
        """Nothing can hang."""

    def close(self) -> None:
        """The model stays for the next talk."""


@lru_cache(maxsize=1)
def _recogniser(part: Path) -> Recogniser:
    return Recogniser(part)


@lru_cache(maxsize=1)
def _chat_model(path: Path) -> ChatModel:
    return ChatModel(path, _CONTEXT_TOKENS, 1, 0)


@lru_cache(maxsize=1)
def _voice(duplex: Duplex) -> tuple[AgentVoice, Lines]:
    voice, lines, _ = bundle_voice(duplex.bundle)
    return voice, lines


@dataclass
class Heard:
    """What came of a request; times in samples of the talk."""

    said: str = ""
    """All that the agent said from the request on, fillers left out."""
    words: str = ""
    """What the recogniser understood of the request."""
    done: list[Done] = field(default_factory=list)
    thought: bool = False
    """Whether the text model was asked."""
    end_sample: int = 0
    """Where the request ended."""
    filler_sample: int | None = None
    answer_sample: int | None = None
    """Where the first word of the answer that the language model did not think of ends."""
    steps_ms: list[float] = field(default_factory=list)
    chunk_ms: int = 0


class TalkWithAssistant:
    """One talk: prepare, ask, and see what came of it."""

    def __init__(
        self,
        duplex: Duplex,
        part: Path,
        model: Path | None,
        folder: Path,
        conditions: AcousticConditions,
        rule: bool = True,
    ) -> None:
        """``folder`` takes notes and reminders; ``rule``: questions with strange words go to the
        text model at once."""
        self._duplex, self._texts = duplex, list[_TextMind]()
        voice, lines = _voice(duplex)

        def make(tell: Tell) -> _TextMind:
            assert model
            self._texts.append(_TextMind(model, tell))
            return self._texts[-1]

        self.mind = BackgroundMind(
            folder, make if model else None, None, MindOptions(temperature=0.0)
        )
        known = KnownWords(duplex.bundle.pieces) if rule and duplex.bundle.reader else None
        self._spoken = SpokenMind(_Ears(part), self.mind, voice, known, own_thread=False)
        self._told: list[Told] = []
        self._spoken.tell = self._told.append
        silence = duplex.bundle.manifest.own_silence_unit
        minds = TwoMinds(duplex.format, silence, self._spoken, lines)
        self._silence = silence
        self._steps: list[Step] = []
        talk = _Followed(minds, self._spoken, silence, duplex.format.chunk_samples)
        talk.followed = self._after
        duplex.attach(talk)
        self.mind.new_talk()
        self._settle()
        self.user = SimulatedUser(duplex, conditions)

    def _settle(self) -> None:
        if not self.mind.settle(_SETTLE_SECONDS):
            raise DuologueError("The assistant hangs; start the evaluation again.")

    def _after(self, step: Step) -> None:
        self._steps.append(step)
        for text in self._texts:
            text.go_on(self._spoken.samples / SAMPLE_RATE_HZ)
        self._settle()
        self._spoken.look()
        self._settle()
        self._spoken.look()

    def prepare(self, text: str) -> None:
        """Let something be done that the request needs."""
        self.mind.turn(text)
        self._settle()
        self.mind.poll()

    def ask(self, sound: np.ndarray, level_db: float) -> Heard:
        """Play a request, float32 (n,), and wait for what comes of it."""
        self.user.wait(1.0)
        start = self.user.now
        self.user.play(sound, level_db)
        end = self.user.now
        self.user.wait(_LEAST_S)
        while self.user.now < end + _MOST_S * SAMPLE_RATE_HZ and (
            self._spoken.is_busy or self.user.agent_is_speaking(1.0)
        ):
            self.user.wait(0.2)
        return self._heard(start, end)

    def _heard(self, start: int, end: int) -> Heard:
        chunk = self._duplex.format.chunk_samples
        found = Heard(end_sample=end, chunk_ms=self._duplex.format.chunk_ms)
        final = [one for one in self._told if isinstance(one, HeardWords) and one.final]
        found.words = " ".join(one.text for one in final if one.text)
        found.done = [one for one in self._told if isinstance(one, Done)]
        activities = self._spoken.activities()
        found.thought = any(one.kind == "thinks" for one in activities)
        spoken: list[str] = []
        forced_words = ""
        for step in self._steps:
            found.steps_ms.append(step.timings_ms["total"])
            sample = (step.index + 1) * chunk
            if sample < start:
                continue
            spoken += step.own_text
            if step.forced_frames is None or step.yields:
                continue
            sounds = any(unit != self._silence for unit in step.own_frames)
            if sounds and found.filler_sample is None:
                found.filler_sample = sample
            forced_words += "".join(step.own_text)
            if found.answer_sample is None and without_fillers(forced_words):
                found.answer_sample = sample + chunk
        found.said = without_fillers("".join(spoken))
        return found

    def in_writing(self, text: str) -> str:
        """What the text model answers to a question that it gets in writing."""
        self.mind.turn(text)
        self._settle()
        for model in self._texts:
            model.go_on(float("inf"))
        self._settle()
        return " ".join(reply.text for reply in self.mind.poll() if reply.kind == "answer")

    def close(self) -> None:
        """The talk is over."""
        self._duplex.attach(None)
        self._spoken.close()
        self.mind.close()


class _Followed(AssistedTalk):
    """An assisted talk that tells each step."""

    followed: Callable[[Step], None]

    def spoke(self, step: Step) -> None:
        super().spoke(step)
        self.followed(step)


def without_fillers(text: str) -> str:
    """What was said but for fillers, also one that is not said to its end."""
    said = " ".join(text.split())
    for filler in FILLERS:
        said = said.replace(filler, "")
    said = " ".join(said.split())
    begun = any(filler.startswith(said) for filler in FILLERS)
    return "" if begun else said
