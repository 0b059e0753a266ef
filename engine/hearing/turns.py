"""Hears turn by turn, and while the user still speaks: decides what is transcribed when.

A stretch that grows is transcribed again at even intervals and in each pause. As none is longer
than a recogniser's window, that takes a bounded share of a core. What was heard in the pause that
becomes the end of a turn is final without another transcription.

A plain object without threads and clocks: `push` takes sound and is quick, `listen` transcribes at
most once. Whoever calls it hands over all the sound there is before each `listen`, so a machine
that is late leaves out words in between, and no final ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.hearing.belief import is_believed
from engine.hearing.recogniser import Recognised
from engine.hearing.stretches import Stretch, Stretches
from engine.hearing.words import HeardWords
from engine.timebase import SAMPLE_RATE_HZ

INTERVAL_SAMPLES = SAMPLE_RATE_HZ
"""Between two transcriptions while the user speaks; each takes about a tenth of a second."""
_MOST_WAITING = 4
"""Stretches of up to half a minute each."""


class Recognising(Protocol):
    """What is needed of a recogniser."""

    def recognise(self, sound_N: np.ndarray, careful: bool) -> Recognised:
        """See `engine.hearing.recogniser.Recogniser`."""


@dataclass(frozen=True)
class _Heard:
    """What was heard of a stretch last."""

    start_sample: int
    end_sample: int
    voice_end_sample: int | None
    """Set in a pause: where the voice before it ended."""
    text: str
    confidence: float


class Turns:
    """The words of one stream of sound."""

    def __init__(self, recogniser: Recognising) -> None:
        self.interval_samples = INTERVAL_SAMPLES
        """May be set to more, where a transcription takes long."""
        self.dropped = 0
        """Stretches without final words, because too many waited."""
        self._recogniser = recogniser
        self._stretches = Stretches()
        self._heard: _Heard | None = None
        self._goes_on = False
        """Whether the last final words belong to a turn that has not ended."""

    def push(self, sound_N: np.ndarray, start_sample: int) -> None:
        """Take the next sound, float32 of any length. What is missing before it is silence."""
        self._stretches.push(sound_N, start_sample)
        waiting = self._stretches.finished
        if len(waiting) > _MOST_WAITING:
            self.dropped += len(waiting) - _MOST_WAITING
            del waiting[:-_MOST_WAITING]

    @property
    def is_due(self) -> bool:
        """Whether `listen` has something to do now."""
        current = self._stretches.current
        return bool(self._stretches.finished) or bool(current and self._wants(current))

    def listen(self) -> HeardWords | None:
        """Transcribe what is due, if anything is; returns words if there are new ones."""
        if self._stretches.finished:
            return self._end(self._stretches.finished.pop(0))
        current = self._stretches.current
        if current is None or not self._wants(current):
            return None
        before = self._heard_of(current)
        self._heard = heard = self._hear(current, careful=not current.speaking)
        if heard.text == (before.text if before else ""):
            return None
        return HeardWords(heard.text, heard.start_sample, heard.end_sample, False, heard.confidence)

    def _heard_of(self, stretch: Stretch) -> _Heard | None:
        heard = self._heard
        return heard if heard and heard.start_sample == stretch.start_sample else None

    def _wants(self, current: Stretch) -> bool:
        heard = self._heard_of(current)
        if not current.speaking:
            return heard is None or heard.voice_end_sample != current.voice_end_sample
        since = heard.end_sample if heard else current.start_sample
        return current.end_sample - since >= self.interval_samples

    def _hear(self, stretch: Stretch, careful: bool) -> _Heard:
        found = self._recogniser.recognise(stretch.sound_N, careful)
        believed = is_believed(found, stretch.voiced_samples / SAMPLE_RATE_HZ)
        return _Heard(
            stretch.start_sample,
            stretch.end_sample,
            None if stretch.speaking else stretch.voice_end_sample,
            found.text if believed else "",
            found.piece_probability if believed else 0.0,
        )

    def _end(self, stretch: Stretch) -> HeardWords | None:
        before = self._heard_of(stretch)
        heard = before
        if heard is None or heard.voice_end_sample != stretch.voice_end_sample:
            heard = self._hear(stretch, careful=True)
        self._heard = None
        shown = bool(before and before.text) or (self._goes_on and stretch.ends_turn)
        self._goes_on = not stretch.ends_turn and (self._goes_on or bool(heard.text))
        if not heard.text and not shown:
            return None
        end_sample = stretch.voice_end_sample
        return HeardWords(
            heard.text, heard.start_sample, end_sample, True, heard.confidence, stretch.ends_turn
        )
