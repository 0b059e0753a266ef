"""Units to sound: runs the vocoder on a stream, without seams between chunks.

The model is causal. Either its past is bounded, and each chunk comes after its past units; or it
has a state, which goes from chunk to chunk. Both ways a stream is sample for sample what the whole
file would hold, but for long silence. The agent is silent most of the time, so silence after as
much silence as the model remembers is zeros, and the model rests. Knows no tokens and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.accelerated_session import Placement
from engine.errors import DuologueError
from engine.onnx_model import OnnxModel
from engine.onnx_providers import CPU, Provider
from engine.syncllm.probes import unit_probe
from engine.timebase import FRAME_SAMPLES

if TYPE_CHECKING:
    from engine.syncllm.bundle import Bundle


_INAUDIBLE = 10 ** (-60 / 20)
"""Most absolute value of a silence in whose place zeros may come."""


class Vocoder:
    """The ONNX vocoder, with or without a state."""

    def __init__(self, path: Path, provider: Provider = CPU, unit_count: int = 1) -> None:
        """Open the model on the ``provider``, if it is as good as the CPU on ``unit_count`` units.

        Raises DuologueError if the file is no such model.
        """
        self.path = path
        self._model = OnnxModel(
            path,
            ("units", "tensor(int64)"),
            ("audio", "tensor(float)"),
            True,
            provider,
            None if provider is CPU else unit_probe(unit_count),
        )

    @property
    def placement(self) -> Placement:
        """What computes the model."""
        return self._model.placement

    def begin(self) -> np.ndarray:
        """An empty state, float32 (k,); k is 0 for a vocoder without a state."""
        return self._model.begin()

    def sound(self, units: Sequence[int] | np.ndarray) -> np.ndarray:
        """The sound of units (t,), float32 (640 t,) at 16 kHz in [-1, 1], from an empty state.

        Values that are not finite become NaN. Raises DuologueError if the model fails.
        """
        return self.sound_on(units, self.begin())[0]

    def sound_on(
        self, units: Sequence[int] | np.ndarray, state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same from a state (k,), and the next state (k,), which may not be finite."""
        audio, state = self._model.run_on(
            np.asarray(units, np.int64), len(units) * FRAME_SAMPLES, state
        )
        clipped: np.ndarray = np.where(np.isinf(audio), np.nan, np.clip(audio, -1.0, 1.0))
        return clipped, state


class StreamingVocoder:
    """The streaming vocoder; it remembers the past units, or the vocoder's state."""

    def __init__(self, vocoder: Vocoder, past_frames: int, silence_unit: int) -> None:
        """``past_frames`` of silence come before the first chunk.

        Raises DuologueError if a vocoder's state is not finite after them.
        """
        self._vocoder = vocoder
        self._silence_unit = silence_unit
        self._silence = [silence_unit] * past_frames
        self._fresh = vocoder.begin()
        self._has_state = len(self._fresh) > 0
        self._may_rest = False
        if past_frames:
            sound, self._fresh = vocoder.sound_on(self._silence, self._fresh)
            # A vocoder may begin with a click; it is inaudible if its memory is full of silence.
            self._may_rest = bool(np.abs(sound[-FRAME_SAMPLES:]).max() < _INAUDIBLE)
            if not np.isfinite(self._fresh).all():
                raise DuologueError(
                    f"{vocoder.path} is not the expected model (its state of silence is not "
                    "finite); install the bundle again."
                )
        self.reset()

    @classmethod
    def of(cls, bundle: Bundle, provider: Provider = CPU) -> StreamingVocoder:
        """Open a bundle's vocoder; DuologueError if the file is no such model."""
        manifest = bundle.manifest
        vocoder = Vocoder(bundle.vocoder, provider, manifest.own_unit_count)
        return cls(vocoder, manifest.vocoder.past_frames, manifest.own_silence_unit)

    @property
    def placement(self) -> Placement:
        """What computes the model."""
        return self._vocoder.placement

    def reset(self) -> None:
        """Forget what was said: silence comes before the next chunk."""
        self._past = self._silence
        self._state = self._fresh
        self._silent_frames = len(self._silence)
        """Frames of silence up to now."""

    def push(self, units: Sequence[int]) -> np.ndarray:
        """Take more units (t,); returns their sound, float32 (640 t,).

        All of it is NaN where the vocoder's state is no longer finite; the next begins afresh.
        """
        rests = self._may_rest and self._silent_frames >= len(self._silence)
        spoken_last = next(
            (i for i, unit in enumerate(reversed(units)) if unit != self._silence_unit), None
        )
        if spoken_last is not None:
            self._silent_frames = spoken_last
        else:
            self._silent_frames += len(units)
            if rests:
                self._past, self._state = self._silence, self._fresh
                return np.zeros(len(units) * FRAME_SAMPLES, np.float32)
        if self._has_state:
            return self._push_on_state(units)
        spoken = [*self._past, *units]
        sound = self._vocoder.sound(spoken)
        self._past = spoken[len(spoken) - len(self._silence) :]
        # A copy, so that a stored chunk does not keep the past's sound in memory.
        return sound[len(sound) - len(units) * FRAME_SAMPLES :].copy()

    def _push_on_state(self, units: Sequence[int]) -> np.ndarray:
        if not len(units):
            return np.zeros(0, np.float32)
        sound, self._state = self._vocoder.sound_on(units, self._state)
        if not np.isfinite(self._state).all():
            self._state = self._fresh
            sound = np.full_like(sound, np.nan)
        return sound
