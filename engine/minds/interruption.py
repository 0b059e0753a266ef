"""Whether the user interrupts an answer: "stop" or a question does, "mm hmm" and a cough do not.

The language model was trained to know the difference, so its own probability of falling silent
decides, as soon as a voice is heard. Chosen on other voices (docs/training-log.md). Knows no units.
"""

from __future__ import annotations

import numpy as np

from engine.sound.level import LEVEL_SAMPLES
from engine.sound.voice_activity import VoiceActivityDetector
from engine.timebase import SAMPLE_RATE_HZ

NEVER = 1.0
"""No probability is above it."""
YIELDS_ABOVE = 0.2
"""With a voice heard, the agent yields where silence is likelier than this: the least at which 95 %
of "mm hmm" do not stop an answer. Inside a sentence that nobody disturbs it is below 0.01."""
_HEARD_S = 0.6
"""A voice counts for so long after its end: the language model gets it up to two chunks late."""
TALKS_ON_S = 1.2
"""Who speaks for so long without a pause interrupts, whatever the model believes."""


class Interruption:
    """Hears the user's sound beside the answer."""

    def __init__(self) -> None:
        self._detector = VoiceActivityDetector()
        self._rest = np.zeros(0, np.float32)
        self.voice_s = 0.0
        """How long the user has been speaking, pauses of up to 200 ms included; 0 if silent."""
        self.quiet_s = 0.0
        """How long the user has been silent."""

    def hear(self, user_audio: np.ndarray) -> None:
        """Take the user's next sound, float32 (n,) at 16 kHz."""
        sound = np.concatenate([self._rest, user_audio])
        whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
        self._rest = sound[whole:]
        for speaks in self._detector.push(sound[:whole]).tolist():
            block_s = LEVEL_SAMPLES / SAMPLE_RATE_HZ
            self.voice_s = self.voice_s + block_s if speaks else 0.0
            self.quiet_s = 0.0 if speaks else self.quiet_s + block_s

    def yields_above(self, pause: bool) -> float:
        """The probability of silence above which the agent yields now.

        ``pause``: whether the answer's next chunk begins in or with a pause of its own, which the
        model expects to last, so that it says nothing about the user.
        """
        if self.voice_s >= TALKS_ON_S:
            return -1.0
        return YIELDS_ABOVE if self.quiet_s < _HEARD_S and not pause else NEVER
