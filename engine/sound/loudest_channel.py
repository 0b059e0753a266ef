"""Picks one channel of a microphone with several: the one on which the user's voice is loudest.

The microphone may be on any input of an audio interface, and the mean of eight inputs is 18 dB
quieter. At first the choice may change with each block, so that the first word is not lost. After
half a second of voice it is fixed; then it changes only if the voice is far louder on another
channel for two seconds. Sound that arrives during playback does not count, because many interfaces
loop it back into an input. Runs in PortAudio's thread; knows no devices.
"""

from __future__ import annotations

import numpy as np

from engine.sound.level import ACTIVE_POWER

_VOICE_POWER = 10 ** (-50 / 10)
_LOUDER, _FAR_LOUDER = 10 ** (6 / 10), 10 ** (10 / 10)
_KEPT = 0.8  # share of the running power kept from block to block: about 50 ms
_VOICED_BLOCKS, _MOVING_BLOCKS = 50, 200
# Played sound may be heard this long after it was written: cards delay up to 500 ms, rooms echo.
_PLAYED_BLOCKS = 100


class LoudestChannel:
    """Chooses for one open microphone; blocks are 10 ms."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.chosen = 0
        """The channel that is used, counted from 0."""
        self._heard = 0
        self._power = np.zeros(channels)
        self._voice = np.zeros(channels)
        self._votes = np.zeros(channels, int)
        self._voiced_blocks = self._played_blocks = 0

    def played(self, far: np.ndarray) -> None:
        """Note sound (n,) that was just written to the speaker."""
        if self.channels > 1 and float(np.dot(far, far)) > ACTIVE_POWER * len(far):
            self._played_blocks = _PLAYED_BLOCKS

    def process(self, sound: np.ndarray) -> np.ndarray:
        """The chosen channel, float32 (n,), of the next block (n, channels); changes cross-fade."""
        if sound.shape[1] > 1 and len(sound):
            self._choose(np.square(sound, dtype=np.float64).mean(axis=0))
        before, self._heard = self._heard, self.chosen
        if before == self.chosen:
            return sound[:, self.chosen]
        share = np.linspace(0, 1, len(sound), dtype=np.float32)
        faded: np.ndarray = (1 - share) * sound[:, before] + share * sound[:, self.chosen]
        return faded

    def _choose(self, power: np.ndarray) -> None:
        self._power = _KEPT * self._power + (1 - _KEPT) * power
        self._played_blocks = max(self._played_blocks - 1, 0)
        if not self._power[self.chosen]:
            self._move(int(self._power.argmax()))  # this one is digital silence
        elif self._played_blocks:
            return
        elif self._voiced_blocks < _VOICED_BLOCKS:
            self._find(power)
        else:
            self._watch(power)

    def _find(self, power: np.ndarray) -> None:
        """No voice is known yet: move at once to a clearly louder channel."""
        best = int(self._power.argmax())
        if self._power[best] > _LOUDER * self._power[self.chosen]:
            self._move(best)
        if power.max() > _VOICE_POWER:
            self._voice += power
            self._voiced_blocks += 1
            if self._voiced_blocks == _VOICED_BLOCKS:
                best = int(self._voice.argmax())
                if self._voice[best] > _LOUDER * self._voice[self.chosen]:
                    self._move(best)

    def _watch(self, power: np.ndarray) -> None:
        """A voice is known: move only if it is far louder on another channel for long."""
        if power.max() <= _VOICE_POWER:
            return
        louder = power > _FAR_LOUDER * power[self.chosen]
        self._votes = np.where(louder, self._votes + 1, np.maximum(self._votes - 1, 0))
        best = int(self._votes.argmax())
        if self._votes[best] >= _MOVING_BLOCKS:
            self._move(best)

    def _move(self, channel: int) -> None:
        self.chosen = channel
        self._votes[:] = 0
