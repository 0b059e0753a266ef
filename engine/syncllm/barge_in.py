"""Barge-in: cuts the agent's sound short when it stops talking because the user speaks.

The vocoder lags behind its units, so without this the agent's last syllable would overlap the
user's words after the agent has decided to be silent. Knows no tokens and no card.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.sound.fade import FADE_OUT
from engine.sound.level import LEVEL_SAMPLES
from engine.sound.voice_activity import VoiceActivityDetector
from engine.timebase import FRAME_SAMPLES

_MIN_FRAMES = 2
"""Silent frames that mean the agent has stopped; one alone may lie between two words."""


class BargeIn:
    """Detects, chunk by chunk, that the agent stops for the user."""

    def __init__(self, silence_unit: int) -> None:
        self._silence_unit = silence_unit
        self._user = VoiceActivityDetector()
        self._rest = np.zeros(0, np.float32)

    def hear(self, user_audio: np.ndarray) -> None:
        """Take the user's next sound, float32 (n,) at 16 kHz."""
        sound = np.concatenate([self._rest, user_audio])
        whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
        self._user.push(sound[:whole])
        self._rest = sound[whole:]

    def spoken_frames(self, own_frames: Sequence[int]) -> int | None:
        """How many frames the agent still speaks in its next chunk before it yields to the user.

        ``own_frames``: the chunk, one unit per frame. 0 if all are silent; None if it does not
        yield.
        """
        voiced = [unit != self._silence_unit for unit in own_frames]
        spoken = len(voiced) - voiced[::-1].index(True) if any(voiced) else 0
        yields = self._user.speaks and len(voiced) - spoken >= _MIN_FRAMES
        return spoken if yields else None


def fade_out(agent_audio: np.ndarray, at_frame: int) -> np.ndarray:
    """A chunk of sound (n,), faded out within 5 ms from the beginning of frame ``at_frame``."""
    sound = agent_audio.copy()
    tail = sound[at_frame * FRAME_SAMPLES :]
    tail[: len(FADE_OUT)] *= FADE_OUT
    tail[len(FADE_OUT) :] = 0
    return sound
