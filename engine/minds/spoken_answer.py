"""An answer on its way to the voice: sentences in, chunks of units out.

Sentences may come while earlier ones are said. A pure object on units; knows no time.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.voice.agent_voice import SpokenSentence

_PAUSE_FRAMES = 8
"""Between two sentences: 320 ms; pauses inside a sentence are up to 200 ms long."""


@dataclass(frozen=True)
class AnswerChunk:
    """A chunk of an answer."""

    frames: tuple[int, ...]
    words: tuple[str, ...]
    """The words that end in it, as pieces for the captions."""


class SpokenAnswer:
    """The units of an answer, and how far it has been said."""

    def __init__(self, chunk_frames: int, silence_unit: int) -> None:
        self._chunk_frames, self._silence_unit = chunk_frames, silence_unit
        self._frames: list[int] = []
        self._words: list[tuple[str, int]] = []
        """Each word, and the frame at which it ends."""
        self._position = 0
        self.complete = False
        """Whether no more sentences will come."""

    def add(self, sentence: SpokenSentence) -> None:
        """Append a sentence."""
        if self._position < len(self._frames):
            self._frames += [self._silence_unit] * _PAUSE_FRAMES
        start = max(len(self._frames), self._position)
        self._frames += [self._silence_unit] * (start - len(self._frames))
        self._frames += sentence.frames
        self._words += [(word.text, start + word.end) for word in sentence.words]

    @property
    def waits(self) -> bool:
        """Whether all sentences so far have been said."""
        return self._position >= len(self._frames)

    @property
    def begun(self) -> bool:
        """Whether anything has been said."""
        return self._position > 0

    def chunk(self) -> AnswerChunk:
        """The next chunk; silence where there is none."""
        end = self._position + self._chunk_frames
        frames = self._frames[self._position : end]
        frames += [self._silence_unit] * (self._chunk_frames - len(frames))
        words = [word for word, last in self._words if self._position < last <= end]
        return AnswerChunk(tuple(frames), tuple(f" {word}" for word in words))

    def advance(self) -> None:
        """The next chunk has been said."""
        self._position += self._chunk_frames

    def said(self) -> str:
        """The words that have been said to their end."""
        return " ".join(word for word, last in self._words if last <= self._position)
