"""Units to sound: the vocoder over a stream, without a seam at the chunks' borders.

The model is causal with a bounded past, so a chunk spoken behind its past units is sample for
sample what the whole file would hold. Knows no tokens and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.onnx_session import open_session
from engine.tokens import FRAME_SAMPLES


class Vocoder:
    """The ONNX vocoder: units (t,) to sound (640 t,)."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path, "units", "audio")

    def sound(self, units: Sequence[int] | np.ndarray) -> np.ndarray:
        """float32 sound of units, 16 kHz, within [-1, 1]."""
        feed = {"units": np.asarray(units, np.int64)[None]}
        audio: np.ndarray = self._session.run(["audio"], feed)[0][0]
        return np.clip(audio, -1.0, 1.0).astype(np.float32, copy=False)


class StreamingVocoder:
    """Streaming side of the vocoder: one state, the past units."""

    def __init__(self, vocoder: Vocoder, past_frames: int, silence_unit: int) -> None:
        self._vocoder = vocoder
        self._past_frames = past_frames
        self._silence_unit = silence_unit
        self.reset()

    def reset(self) -> None:
        """Forget what was said: silence lies before the next chunk."""
        self._past = [self._silence_unit] * self._past_frames

    def push(self, units: Sequence[int]) -> np.ndarray:
        """Speak more units (t,); returns their sound (640 t,)."""
        spoken = [*self._past, *units]
        sound = self._vocoder.sound(spoken)
        self._past = spoken[len(spoken) - self._past_frames :]
        return sound[len(sound) - len(units) * FRAME_SAMPLES :]
