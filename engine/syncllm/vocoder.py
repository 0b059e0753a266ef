"""Units to sound: the vocoder over a stream, without a seam at the chunks' borders.

The model is causal with a bounded past, so a chunk spoken behind its past units is sample for
sample what the whole file would hold. Knows no tokens and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.onnx_session import OnnxModel
from engine.timebase import FRAME_SAMPLES

if TYPE_CHECKING:
    from engine.syncllm.bundle import Bundle


class Vocoder:
    """The ONNX vocoder."""

    def __init__(self, path: Path) -> None:
        self._model = OnnxModel(path, ("units", "tensor(int64)"), ("audio", "tensor(float)"))

    def sound(self, units: Sequence[int] | np.ndarray) -> np.ndarray:
        """float32 sound (640 t,) of units (t,), 16 kHz, within [-1, 1]; NaN where the model gives
        no number.

        Raises DuologueError where the model fails.
        """
        audio = self._model.run(np.asarray(units, np.int64), len(units) * FRAME_SAMPLES)
        clipped: np.ndarray = np.where(np.isinf(audio), np.nan, np.clip(audio, -1.0, 1.0))
        return clipped


class StreamingVocoder:
    """Streaming side of the vocoder: one state, the past units."""

    def __init__(self, vocoder: Vocoder, past_frames: int, silence_unit: int) -> None:
        self._vocoder = vocoder
        self._past_frames = past_frames
        self._silence_unit = silence_unit
        self.reset()

    @classmethod
    def of(cls, bundle: Bundle) -> StreamingVocoder:
        """A bundle's vocoder, opened; DuologueError where it is no such model."""
        manifest = bundle.manifest
        return cls(Vocoder(bundle.vocoder), manifest.vocoder.past_frames, manifest.silence_unit)

    def reset(self) -> None:
        """Forget what was said: silence lies before the next chunk."""
        self._past = [self._silence_unit] * self._past_frames

    def push(self, units: Sequence[int]) -> np.ndarray:
        """Speak more units (t,); returns their sound (640 t,)."""
        spoken = [*self._past, *units]
        sound = self._vocoder.sound(spoken)
        self._past = spoken[len(spoken) - self._past_frames :]
        # A copy, so that a chunk kept for later does not hold the past's sound too.
        return sound[len(sound) - len(units) * FRAME_SAMPLES :].copy()
