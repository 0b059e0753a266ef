"""The playout buffer: holds the agent's sound until the card plays it, each chunk at its time.

The engine's thread puts chunks in, the card's callback takes blocks out; the lock is held no longer
than a copy takes. Sound that starts or breaks off is faded. Positions are samples at 16 kHz since
the object was made. Knows no card and no model.
"""

from __future__ import annotations

import threading

import numpy as np

from engine.sound.fade import FADE_IN, FADE_OUT, FADE_SAMPLES


class Playout:
    """The agent's sound that the card has not taken yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending = np.zeros(0, np.float32)
        self._start = 0
        self._position = 0
        self._muted = self._rises = False
        self._gain = self._wanted_gain = np.float32(1)
        # The last sample taken: in a gap it fades out, so that there is no click.
        self._last = np.float32(0)

    @property
    def position(self) -> int:
        """Where the next block begins; the card has taken everything before it."""
        return self._position

    @property
    def ahead_samples(self) -> int:
        """How much sound waits for the card."""
        with self._lock:
            return max(self._start + len(self._pending) - self._position, 0)

    def put(self, start: int, audio: np.ndarray) -> int:
        """Queue float32 sound (n,) to be played from position ``start`` on.

        Returns how many of its samples came too late and are dropped.
        """
        with self._lock:
            end = self._start + len(self._pending)
            first = max(self._position, end) if len(self._pending) else self._position
            late = min(max(first - start, 0), len(audio))
            rest = audio[late:].copy()
            if late or start > end or not len(self._pending):
                head = rest[:FADE_SAMPLES]
                head *= FADE_IN[: len(head)]
            if len(self._pending):
                gap = np.zeros(max(start - end, 0), np.float32)
                gap[:FADE_SAMPLES] += self._pending[-1] * FADE_OUT[: len(gap)]
                self._pending = np.concatenate([self._pending, gap, rest])
            elif len(rest):
                self._pending, self._start = rest, start + late
            return late

    def take(self, count: int) -> np.ndarray:
        """The next samples for the card, float32 (count,); silence where nothing is queued."""
        with self._lock:
            block = np.zeros(count, np.float32)
            if not len(self._pending) and not self._last:  # most of the time
                self._rises = False
                self._position += count
                self._start = max(self._start, self._position)
                return block
            begin = max(self._start - self._position, 0)
            skipped = max(self._position - self._start, 0)
            part = self._pending[skipped : skipped + max(count - begin, 0)]
            if self._muted:
                part = part[:0]
            if self._gain != 1 or self._wanted_gain != 1:
                part = self._amplified(part)
            block[begin : begin + len(part)] = part
            if self._rises:
                block[:FADE_SAMPLES] *= FADE_IN[:count]
                self._rises = False
            silent_from = 0 if begin or not len(part) else len(part)
            self._fade_from(block, silent_from)
            self._position += count
            self._pending = self._pending[skipped + max(count - begin, 0) :]
            self._start = max(self._start, self._position)
            self._last = block[-1]
            return block

    def stop(self) -> None:
        """Drop what waits; playing sound fades out over the first 5 ms of the next block."""
        with self._lock:
            playing = self._start <= self._position
            tail = self._pending[: FADE_SAMPLES if playing else 0].copy()
            tail *= np.linspace(1, 0, len(tail), dtype=np.float32)
            self._pending = tail
            self._start = self._position

    def mute(self, muted: bool) -> None:
        """Play silence in place of the sound, or the sound again."""
        with self._lock:
            self._rises = self._muted and not muted
            self._muted = muted

    def amplify(self, gain: float) -> None:
        """Play everything louder or softer from the next block on; what is too loud is clipped."""
        with self._lock:
            self._wanted_gain = np.float32(gain)

    def _amplified(self, part: np.ndarray) -> np.ndarray:
        """Sound at the wanted gain, to which it changes within 5 ms."""
        gains = np.full(len(part), self._wanted_gain)
        head = gains[:FADE_SAMPLES]
        head += (self._gain - self._wanted_gain) * FADE_OUT[: len(head)]
        self._gain = self._wanted_gain
        louder: np.ndarray = np.clip(part * gains, -1, 1)
        return louder

    def _fade_from(self, block: np.ndarray, silent_from: int) -> None:
        """Fade out the last sample from where the block becomes silent."""
        if silent_from >= len(block):
            return
        value = block[silent_from - 1] if silent_from else self._last
        decay = block[silent_from : silent_from + FADE_SAMPLES]
        decay += value * FADE_OUT[: len(decay)]
