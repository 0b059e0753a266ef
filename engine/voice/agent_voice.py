"""Text to the agent's units: what the agent says although its language model did not think of it.

A bundle whose agent has the units of `engine.voice.agent_units` gets them from the synthesiser's
phone lengths; of any other bundle the tokenizer hears the synthesiser's sound. About 10 ms of one
core for a second of speech, so it belongs in a worker's thread or process, not in the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr

from engine.errors import DuologueError
from engine.timebase import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from engine.voice.agent_units import (
    AGENT_UNITS,
    SILENCE_UNIT,
    phone_units,
    spoken_span,
    timed_phones,
    word_times,
)
from engine.voice.hibari_network import PITCH_STEP_MS, RATE_HZ, HibariNetwork

MOST_LETTERS = 200
"""Of a piece that the synthesiser gets at once: some 14 s; what is longer is cut at a comma or a
space."""
_LONG_NUMBER = re.compile(r"\d(?:[,.]?\d){15,}")
"""hibari's reader has names for numbers up to a hundred digits and fails beyond; nobody follows
such a name anyway, so the digits are said one by one."""
_PEAK = 0.6
_MARGIN_FRAMES = 6
"""Silence around a sound that the tokenizer hears."""

Encode = Callable[[np.ndarray], np.ndarray]
"""Gives the units of a sound, (frames,) of float32 (n,): a tokenizer."""


@dataclass(frozen=True)
class SpokenWord:
    """A word and the frames in which it is said, [start, end)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class SpokenSentence:
    """A sentence as the agent says it."""

    text: str
    frames: tuple[int, ...]
    """The agent's units, one for each frame of 40 ms, without silence at either end."""
    words: tuple[SpokenWord, ...]
    """The words of the text, in order."""

    def said_by(self, frames: int) -> str:
        """The words that have ended within the first ``frames``."""
        return " ".join(word.text for word in self.words if word.end <= frames)


class AgentVoice:
    """Says texts in the agent's units; opened once. One thread at a time."""

    def __init__(
        self,
        encode: Encode | None = None,
        silence_unit: int = SILENCE_UNIT,
        part: Path | None = None,
    ) -> None:
        """Open the synthesiser; about a second.

        ``encode`` and ``silence_unit`` are the tokenizer and the silence of a bundle whose agent
        has no such units of its own; ``part`` as for `HibariNetwork`. Raises DuologueError where
        the synthesiser is missing or damaged.
        """
        self._network = HibariNetwork(part)
        self._encode, self._silence_unit = encode, silence_unit

    def say(self, text: str) -> list[SpokenSentence]:
        """The sentences of a text, long ones in pieces; none where there is nothing to say.

        Raises DuologueError for text that the synthesiser cannot read.
        """
        readable = _LONG_NUMBER.sub(lambda number: " ".join(re.findall(r"\d", number[0])), text)
        spoken = []
        for sentence in self._network.sentences(readable):
            for piece in pieces(sentence):
                said = self._say(piece)
                if said:
                    spoken.append(said)
        return spoken

    def _say(self, text: str) -> SpokenSentence | None:
        try:
            phones = self._network.phones(text if text[-1] in ".?!,;:" else text + ".")
        except Exception as error:  # the front end names no errors of its own
            raise DuologueError(f"The agent cannot read {text!r} aloud.") from error
        if not phones:
            return None
        parts, lengths_ms = self._network.run(phones)
        if self._encode is None:
            units = phone_units(timed_phones(phones, lengths_ms), parts[-1], PITCH_STEP_MS)
            delay_frames = 0
        else:
            units = self._encode(_sound(self._network.sound(parts, 0)))
            delay_frames = _MARGIN_FRAMES
        words = _words(text, phones, lengths_ms)
        return _trimmed(text, units, words, delay_frames, self._silence_unit)


@lru_cache(maxsize=1)
def _voice() -> AgentVoice:
    return AgentVoice()


def agent_units(text: str) -> list[int]:
    """The agent's own units of a text, one for each frame; sentences follow one another at once.

    Opens the synthesiser at the first call. Raises DuologueError as `AgentVoice` does.
    """
    return [unit for sentence in _voice().say(text) for unit in sentence.frames]


def has_these_units(count: int | None) -> bool:
    """Whether an agent's table of ``count`` units is the one made here; None: it has none."""
    return count == len(AGENT_UNITS)


def pieces(sentence: str) -> list[str]:
    """A sentence in pieces of at most ``MOST_LETTERS``, cut behind a comma or else at a space."""
    found = []
    rest = " ".join(sentence.split())
    while len(rest) > MOST_LETTERS:
        room = rest[: MOST_LETTERS + 1]
        cut = max((room.rfind(mark) + 1 for mark in (", ", "; ", ": ")), default=0)
        cut = cut or room.rfind(" ") or MOST_LETTERS
        cut = cut if cut > 0 else MOST_LETTERS
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [piece for piece in (*found, rest) if piece]


def _words(text: str, phones: str, lengths_ms: Sequence[float]) -> list[tuple[str, float, float]]:
    """(word, beginning, end) in ms; shared out by letters where words are read as others."""
    times = word_times(text, phones, lengths_ms)
    if times is not None:
        return times
    start, end = spoken_span(phones, lengths_ms)
    words = text.split()
    edges = start + (end - start) * np.cumsum([0, *map(len, words)]) / sum(map(len, words))
    return list(zip(words, edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _sound(audio: np.ndarray) -> np.ndarray:
    """Whole frames of the synthesiser's sound at 16 kHz, with silence around it."""
    audio = soxr.resample(audio, RATE_HZ, SAMPLE_RATE_HZ).astype(np.float32)
    audio *= _PEAK / max(float(np.abs(audio).max(initial=0)), 1e-3)
    margin = _MARGIN_FRAMES * FRAME_SAMPLES
    return np.pad(audio, (margin, margin + -len(audio) % FRAME_SAMPLES))


def _trimmed(
    text: str,
    units: np.ndarray,
    words: list[tuple[str, float, float]],
    delay_frames: int,
    silence_unit: int,
) -> SpokenSentence | None:
    """A sentence from its first frame that is not silent to its last."""
    spoken = np.flatnonzero(units != silence_unit)
    if not len(spoken):
        return None
    first, last = int(spoken[0]), int(spoken[-1]) + 1

    def frame(ms: float) -> int:
        return min(max(round(ms / FRAME_MS) + delay_frames - first, 0), last - first)

    return SpokenSentence(
        text,
        tuple(units[first:last].tolist()),
        tuple(SpokenWord(word, frame(start), frame(end)) for word, start, end in words),
    )
