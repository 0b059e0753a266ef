"""Units to sound: runs the vocoder on a stream, without seams between chunks.

The model is causal with a bounded past, so a chunk after its past units is sample for sample what
the whole file would hold. Knows no tokens and no clock.
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
        """The sound of units (t,), float32 (640 t,) at 16 kHz in [-1, 1].

        Values that are not finite become NaN. Raises DuologueError if the model fails.
        """
        audio = self._model.run(np.asarray(units, np.int64), len(units) * FRAME_SAMPLES)
        clipped: np.ndarray = np.where(np.isinf(audio), np.nan, np.clip(audio, -1.0, 1.0))
        return clipped


class StreamingVocoder:
    """The streaming vocoder; its state is the past units."""

    def __init__(self, vocoder: Vocoder, past_frames: int, silence_unit: int) -> None:
        self._vocoder = vocoder
        self._past_frames = past_frames
        self._silence_unit = silence_unit
        self.reset()

    @classmethod
    def of(cls, bundle: Bundle) -> StreamingVocoder:
        """Open a bundle's vocoder; DuologueError if the file is no such model."""
        manifest = bundle.manifest
        return cls(Vocoder(bundle.vocoder), manifest.vocoder.past_frames, manifest.silence_unit)

    def reset(self) -> None:
        """Forget the past units: silence comes before the next chunk."""
        self._past = [self._silence_unit] * self._past_frames

    def push(self, units: Sequence[int]) -> np.ndarray:
        """Take more units (t,); returns their sound, float32 (640 t,)."""
        spoken = [*self._past, *units]
        sound = self._vocoder.sound(spoken)
        self._past = spoken[len(spoken) - self._past_frames :]
        # A copy, so that a stored chunk does not keep the past's sound in memory.
        return sound[len(sound) - len(units) * FRAME_SAMPLES :].copy()
