"""Divides a user's sound into stretches, each of which is transcribed as a whole.

A stretch is a turn, or a part of a long one. Voice activity tells where it begins and ends. It is
never longer than a recogniser's window. Knows no words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.sound.level import LEVEL_SAMPLES, levels_db
from engine.sound.turn_taking import IPU_SILENCE_MS
from engine.sound.voice_activity import VoiceActivityDetector
from engine.timebase import SAMPLE_RATE_HZ

_MS = SAMPLE_RATE_HZ // 1000
TURN_SILENCE_SAMPLES = 600 * _MS
"""A turn ends after so much silence."""
LONGEST_SAMPLES = 28_000 * _MS
"""A stretch that grows so long is cut where it is softest in its last seconds."""
_LONG_SAMPLES = 9_000 * _MS
"""A longer stretch ends at its next pause, so that a long turn is not transcribed over and over."""
_SEARCHED_SAMPLES = 3_000 * _MS
_SOFT_BLOCKS = 5
_BEFORE_SAMPLES = 300 * _MS
"""The detector notices a voice late, and a soft first sound not at all."""
_HELD_SAMPLES = IPU_SILENCE_MS * _MS
"""So long the detector holds on to a voice that has ended."""
_MOST_GAP_SAMPLES = SAMPLE_RATE_HZ
"""A gap ends a turn; no more of it needs to be heard as silence."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch, so far."""

    sound_N: np.ndarray
    start_sample: int
    voice_end_sample: int
    """Where the last voice in it ends."""
    voiced_samples: int
    speaking: bool
    """Whether the voice goes on; otherwise this is a pause, or the end."""
    ends_turn: bool = False

    @property
    def end_sample(self) -> int:
        """Where its sound ends."""
        return self.start_sample + len(self.sound_N)


class Stretches:
    """The stretches of a stream of sound."""

    def __init__(self) -> None:
        self.finished: list[Stretch] = []
        """Those that have ended; whoever uses them takes them out."""
        self._detector = VoiceActivityDetector()
        self._rest = self._sound = np.zeros(0, np.float32)
        self._sound_start = 0
        self._speaking = False
        self._start: int | None = None
        self._voice_end = self._voiced = 0

    @property
    def current(self) -> Stretch | None:
        """The stretch that goes on now."""
        return None if self._start is None else self._until(self._sound_start + len(self._sound))

    def push(self, sound_N: np.ndarray, start_sample: int) -> None:
        """Take the next sound, float32 of any length. What is missing before it is silence."""
        gap = start_sample - self._sound_start - len(self._sound) - len(self._rest)
        if gap > 0:
            self._take(np.zeros(min(gap, _MOST_GAP_SAMPLES), np.float32))
        if gap > _MOST_GAP_SAMPLES:
            self._sound_start += gap - _MOST_GAP_SAMPLES  # there is no stretch by now
        self._take(sound_N)

    def _take(self, sound: np.ndarray) -> None:
        sound = np.concatenate([self._rest, np.asarray(sound, np.float32)])
        whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
        sound, self._rest = sound[:whole], sound[whole:]
        if not whole:
            return
        end = self._sound_start + len(self._sound)
        self._sound = np.concatenate([self._sound, sound])
        for speaks in self._detector.push(sound).tolist():
            end += LEVEL_SAMPLES
            self._follow(speaks, end)

    def _follow(self, speaks: bool, end: int) -> None:
        began, paused = speaks and not self._speaking, self._speaking and not speaks
        self._speaking = speaks
        if began:
            self._begin_or_cut(end)
        if self._start is None:
            self._forget(end - _BEFORE_SAMPLES)
            return
        if speaks:
            self._voice_end = end
            self._voiced += LEVEL_SAMPLES
            if end - self._start >= LONGEST_SAMPLES:
                self._cut(self._softest(end))
        elif paused:
            self._voice_end -= _HELD_SAMPLES
            self._voiced -= _HELD_SAMPLES
        elif end - self._voice_end >= TURN_SILENCE_SAMPLES:
            self._finish(end, ends_turn=True)

    def _begin_or_cut(self, end: int) -> None:
        before = max(end - _BEFORE_SAMPLES, self._sound_start)
        if self._start is None:
            self._start, self._voiced = before, 0
        elif self._voice_end - self._start > _LONG_SAMPLES:
            self._cut(max(before, self._voice_end))

    def _cut(self, at: int) -> None:
        self._finish(at, ends_turn=False)
        self._start, self._voiced = at, 0

    def _finish(self, end: int, ends_turn: bool) -> None:
        stretch = self._until(end)
        voice_end = min(stretch.voice_end_sample, end)
        self.finished.append(
            replace(stretch, voice_end_sample=voice_end, speaking=False, ends_turn=ends_turn)
        )
        self._start = None
        self._forget(end)

    def _until(self, end: int) -> Stretch:
        assert self._start is not None
        sound = self._sound[self._start - self._sound_start : end - self._sound_start]
        return Stretch(sound, self._start, self._voice_end, self._voiced, self._speaking)

    def _softest(self, end: int) -> int:
        """Where the last seconds are softest: between two words, if there is such a place."""
        start = end - _SEARCHED_SAMPLES
        levels = levels_db(self._sound[start - self._sound_start : end - self._sound_start])
        around = np.convolve(levels, np.ones(_SOFT_BLOCKS), "valid")
        block = int(np.argmin(around)) + _SOFT_BLOCKS // 2
        return start + block * LEVEL_SAMPLES

    def _forget(self, before: int) -> None:
        if before > self._sound_start:
            self._sound = self._sound[before - self._sound_start :]
            self._sound_start = before
