"""Sound to units: runs the tokenizer on a stream.

A tokenizer with a state remembers what it needs, so a chunk costs only its own frames, and its
units are those of the whole sound. Any other needs context: each chunk is encoded as [past | chunk
| beginning of the next | look-ahead], in a window of fixed length (silence before the beginning).
The chunk's units are final; those of the next chunk's beginning are provisional. Knows no tokens
and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.accelerated_session import Placement
from engine.errors import DuologueError
from engine.onnx_model import OnnxModel
from engine.onnx_providers import CPU, Provider
from engine.syncllm.probes import sound_probe
from engine.timebase import FRAME_MS, FRAME_SAMPLES

_PIECE_SAMPLES = 250 * FRAME_SAMPLES


class Tokenizer:
    """The ONNX tokenizer, with or without a state."""

    def __init__(self, path: Path, unit_count: int | None = None, provider: Provider = CPU) -> None:
        """Open the model on the ``provider``, if it is as good as the CPU; ``units`` will refuse
        units from ``unit_count`` on.

        Raises DuologueError if the file is no such model.
        """
        self._model = OnnxModel(
            path,
            ("audio", "tensor(float)"),
            ("units", "tensor(int64)"),
            True,
            provider,
            None if provider is CPU else sound_probe(),
        )
        self._unit_count = unit_count

    @property
    def placement(self) -> Placement:
        """What computes the model."""
        return self._model.placement

    def begin(self) -> np.ndarray:
        """An empty state, float32 (k,); k is 0 for a tokenizer without a state."""
        return self._model.begin()

    def units(self, audio: np.ndarray) -> np.ndarray:
        """The units, int64 (n / 640,), of sound (n,) at 16 kHz; n is a multiple of 640.

        Raises DuologueError if the model fails.
        """
        state, found = self.begin(), []
        # With a state, pieces give the same units in less memory.
        at_once = _PIECE_SAMPLES if len(state) else max(len(audio), 1)
        for start in range(0, len(audio), at_once):
            units, state = self.units_on(audio[start : start + at_once], state)
            found.append(units)
        return np.concatenate([np.zeros(0, np.int64), *found])

    def units_on(self, audio: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same from a state (k,), and the next state (k,).

        Sound that is not finite makes the state empty.
        """
        units, state = self._model.run_on(
            audio.astype(np.float32, copy=False), len(audio) // FRAME_SAMPLES, state
        )
        wrong = units[(units < 0) | (units >= (self._unit_count or np.inf))]
        if len(wrong):
            raise DuologueError(
                f"{self._model.path} is not the expected model (it gave unit {wrong[0]} of "
                f"{self._unit_count}); install the bundle again."
            )
        return units, state if np.isfinite(state).all() else self.begin()

    def encode_file(self, audio: np.ndarray) -> np.ndarray:
        """The units of a whole sound (n,), encoded at once; silence fills its last frame."""
        if not len(audio):
            return np.zeros(0, np.int64)
        return self.units(np.pad(audio, (0, -len(audio) % FRAME_SAMPLES)))


class UnitEncoder:
    """The streaming tokenizer; its state is the sound that is still needed."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        chunk_frames: int,
        window_ms: int,
        lookahead_ms: int = 0,
        prefix_frames: int = 0,
    ) -> None:
        """Encode each chunk and the first ``prefix_frames`` of the next together, with
        ``window_ms`` of past and ``lookahead_ms`` of future sound around them.

        A tokenizer with a state needs neither.
        """
        self._tokenizer = tokenizer
        self._has_state = len(tokenizer.begin()) > 0
        self._chunk_frames = chunk_frames
        self._prefix_frames = prefix_frames
        self._past_frames = 0 if self._has_state else window_ms // FRAME_MS
        self._lookahead = lookahead_ms // FRAME_MS * FRAME_SAMPLES
        self._chunk = chunk_frames * FRAME_SAMPLES
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        past = self._past_frames * FRAME_SAMPLES
        self._sound = np.zeros(past, np.float32)
        self._state = self._tokenizer.begin()
        self.prefix = np.zeros(0, np.int64)
        """The provisional first units (prefix_frames,) of the chunk after the last complete one;
        empty before the first chunk."""

    def push(self, audio: np.ndarray) -> list[np.ndarray]:
        """Take more sound (n,); returns the units (chunk_frames,) of every chunk now complete.

        A chunk is complete when the prefix of the next and the look-ahead are there too.
        """
        self._sound = np.concatenate([self._sound, audio])
        frames = self._past_frames + self._chunk_frames
        window = (frames + self._prefix_frames) * FRAME_SAMPLES + self._lookahead
        done = []
        while len(self._sound) >= window:
            units = self._window_units(self._sound[:window])
            done.append(units[self._past_frames : frames])
            self.prefix = units[frames : frames + self._prefix_frames]
            self._sound = self._sound[self._chunk :]
        return done

    def _window_units(self, window: np.ndarray) -> np.ndarray:
        """The units of a window; a state goes on by the chunk alone."""
        if not self._has_state:
            return self._tokenizer.units(window)
        units, self._state = self._tokenizer.units_on(window[: self._chunk], self._state)
        beyond = window[self._chunk :]
        if not len(beyond):
            return units
        return np.concatenate([units, self._tokenizer.units_on(beyond, self._state)[0]])


def streamed_units(
    tokenizer: Tokenizer, audio: np.ndarray, chunk_frames: int, window_ms: int, lookahead_ms: int
) -> np.ndarray:
    """The units (frames,) of sound of whole chunks, float32 (n,), encoded as a stream.

    Silence follows the sound.
    """
    encoder = UnitEncoder(tokenizer, chunk_frames, window_ms, lookahead_ms)
    after_end = np.zeros(lookahead_ms // FRAME_MS * FRAME_SAMPLES, np.float32)
    return np.concatenate([np.zeros(0, np.int64), *encoder.push(np.append(audio, after_end))])


@dataclass(frozen=True)
class Agreement:
    """How well streaming units agree with those of the whole file."""

    window_ms: int
    lookahead_ms: int
    share: float
    """Share of the frames that agree."""
    frames: int


def measure_agreement(
    tokenizer: Tokenizer, audio: np.ndarray, chunk_frames: int, window_ms: int, lookahead_ms: int
) -> Agreement:
    """Compare the streaming units of sound (n,) at 16 kHz with its whole-file units.

    Uses whole chunks only.
    """
    chunk = chunk_frames * FRAME_SAMPLES
    whole = audio[: len(audio) // chunk * chunk]
    expected = tokenizer.encode_file(whole)
    got = streamed_units(tokenizer, whole, chunk_frames, window_ms, lookahead_ms)
    equal = int((got == expected).sum())
    return Agreement(window_ms, lookahead_ms, equal / max(len(got), 1), len(got))
