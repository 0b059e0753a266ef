"""One channel of a microphone that has several: the one on which the user's voice is loudest.

An interface has its microphone on any of its inputs, and the mean of eight is 18 dB fainter. While
nothing was heard yet the choice follows each block, so that no first word is lost; after half a
second of voice it stays, and only two seconds of a voice that is far louder elsewhere move it. What
comes while something is played does not count: many interfaces have inputs that loop it back.
Runs in PortAudio's thread; knows no devices.
"""

from __future__ import annotations

import numpy as np

from engine.sound.level import ACTIVE_POWER

_VOICE_POWER = 10 ** (-50 / 10)
_LOUDER, _FAR_LOUDER = 10 ** (6 / 10), 10 ** (10 / 10)
_KEPT = 0.8  # of the running power from block to block: some 50 ms
_VOICED_BLOCKS, _MOVING_BLOCKS = 50, 200
# Until so long after it was written, what is played may be heard: cards of 500 ms, long rooms.
_PLAYED_BLOCKS = 100


class LoudestChannel:
    """The choice for one open microphone; blocks are 10 ms."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.chosen = 0
        """The channel that is heard, counted from 0."""
        self._heard = 0
        self._power = np.zeros(channels)
        self._voice = np.zeros(channels)
        self._votes = np.zeros(channels, int)
        self._voiced_blocks = self._played_blocks = 0

    def played(self, far: np.ndarray) -> None:
        """Sound (n,) is on its way to the speaker."""
        if len(far) and float(np.square(far).mean()) > ACTIVE_POWER:
            self._played_blocks = _PLAYED_BLOCKS

    def process(self, sound: np.ndarray) -> np.ndarray:
        """The chosen channel, float32 (n,), of the next block, float32 (n, channels)."""
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
            self._move(int(self._power.argmax()))  # nothing at all is heard on this one
        elif self._played_blocks:
            return
        elif self._voiced_blocks < _VOICED_BLOCKS:
            self._find(power)
        else:
            self._watch(power)

    def _find(self, power: np.ndarray) -> None:
        """No voice is known yet: follow at once what is clearly louder."""
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
        """A voice is known: only one that is far louder elsewhere, for long, moves the choice."""
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
