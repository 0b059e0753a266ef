"""The agent lets the user speak: what it had begun to say is not said to its end.

The vocoder lags behind its units, so after the agent has decided to be silent its last syllable
would still sound, into the user's words. Knows no tokens and no card.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.sound.fade import FADE_OUT
from engine.sound.level import LEVEL_SAMPLES
from engine.sound.voice_activity import VoiceActivityDetector
from engine.timebase import FRAME_SAMPLES

_MIN_FRAMES = 2
"""One silent frame may lie between two words."""


class BargeIn:
    """Notices it chunk by chunk."""

    def __init__(self, silence_unit: int) -> None:
        self._silence_unit = silence_unit
        self._user = VoiceActivityDetector()
        self._rest = np.zeros(0, np.float32)

    def hear(self, user_audio: np.ndarray) -> None:
        """Note the user's next sound, float32 (n,) at 16 kHz."""
        sound = np.concatenate([self._rest, user_audio])
        whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
        for block in sound[:whole].reshape(-1, LEVEL_SAMPLES):
            self._user.push(block)
        self._rest = sound[whole:]

    def spoken_frames(self, own_frames: Sequence[int]) -> int | None:
        """After how many frames of its next chunk, one unit per frame, the agent lets the user
        speak: 0 where all of them are silent, None where it does not."""
        voiced = [unit != self._silence_unit for unit in own_frames]
        spoken = len(voiced) - voiced[::-1].index(True) if any(voiced) else 0
        yields = self._user.speaks and len(voiced) - spoken >= _MIN_FRAMES
        return spoken if yields else None


def fade_out(agent_audio: np.ndarray, at_frame: int) -> np.ndarray:
    """A chunk of sound (n,) that ends within 5 ms of a frame's beginning."""
    sound = agent_audio.copy()
    tail = sound[at_frame * FRAME_SAMPLES :]
    tail[: len(FADE_OUT)] *= FADE_OUT
    tail[len(FADE_OUT) :] = 0
    return sound
