"""Voice activity of a live track, block by block.

`engine.sound.turn_taking` finds voice activity in a whole track; this module does so while the
sound comes in, for the live display and for barge-in. Knows no devices.
"""

from __future__ import annotations

import numpy as np

from engine.sound.level import levels_db
from engine.sound.turn_taking import IPU_SILENCE_MS

_ABOVE_NOISE_DB = 12.0
_MIN_DB = -50.0
_NOISE_RISES_DB = 0.02  # per block, so 2 dB a second: a sentence does not become noise
_ONSET_BLOCKS = 3  # shorter sounds are clicks


class VoiceActivityDetector:
    """Measures one track, 10 ms at a time."""

    def __init__(self) -> None:
        self.level_db = -100.0
        """Level of the last block, relative to full scale."""
        self.peak = 0.0
        """Peak of the last block, 0 to 1."""
        self.speaks = False
        """Whether there is speech now; a pause of up to 200 ms lies inside it."""
        self._noise_db = -60.0
        self._loud_blocks = self._quiet_blocks = 0

    def push(self, block: np.ndarray) -> None:
        """Measure the next block, float32 (160,)."""
        self.level_db = float(levels_db(block)[0])
        self.peak = float(np.abs(block).max())
        self._noise_db = min(self._noise_db + _NOISE_RISES_DB, max(self.level_db, -90.0))
        loud = self.level_db > max(_MIN_DB, self._noise_db + _ABOVE_NOISE_DB)
        self._loud_blocks = self._loud_blocks + 1 if loud else 0
        self._quiet_blocks = 0 if loud else self._quiet_blocks + 1
        if self._loud_blocks >= _ONSET_BLOCKS:
            self.speaks = True
        elif self._quiet_blocks * 10 > IPU_SILENCE_MS:
            self.speaks = False
