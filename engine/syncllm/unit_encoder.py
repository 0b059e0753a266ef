"""Sound to units: the tokenizer over a stream, a window of past sound heard again with each chunk.

HuBERT needs context. Each chunk is encoded as [past | chunk | beginning of the next | look-ahead],
of which the chunk's units are kept, and those of the next chunk's beginning until all of that is
heard; the window has a fixed length (silence before the beginning), so every chunk costs the same.
Knows no tokens and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.onnx_session import OnnxModel
from engine.timebase import FRAME_MS, FRAME_SAMPLES


class Tokenizer:
    """The ONNX tokenizer."""

    def __init__(self, path: Path, unit_count: int | None = None) -> None:
        """Open the model; units from ``unit_count`` on will be refused."""
        self._model = OnnxModel(path, ("audio", "tensor(float)"), ("units", "tensor(int64)"))
        self._unit_count = unit_count

    def units(self, audio: np.ndarray) -> np.ndarray:
        """int64 units (n / 640,) of sound (n,) at 16 kHz that is whole frames.

        Raises DuologueError where the model fails.
        """
        units = self._model.run(audio.astype(np.float32, copy=False), len(audio) // FRAME_SAMPLES)
        wrong = units[(units < 0) | (units >= (self._unit_count or np.inf))]
        if len(wrong):
            raise DuologueError(
                f"{self._model.path} is not the expected model (it gave unit {wrong[0]} of "
                f"{self._unit_count}); install the bundle again."
            )
        return units

    def encode_file(self, audio: np.ndarray) -> np.ndarray:
        """Units of a whole sound (n,) heard at once; silence fills its last frame."""
        if not len(audio):
            return np.zeros(0, np.int64)
        return self.units(np.pad(audio, (0, -len(audio) % FRAME_SAMPLES)))


class UnitEncoder:
    """Streaming side of the tokenizer: one state, the sound that is still of use."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        chunk_frames: int,
        window_ms: int,
        lookahead_ms: int = 0,
        prefix_frames: int = 0,
    ) -> None:
        """``window_ms`` of past and ``lookahead_ms`` of future sound surround each chunk and the
        first ``prefix_frames`` of the next."""
        self._tokenizer = tokenizer
        self._chunk_frames = chunk_frames
        self._prefix_frames = prefix_frames
        self._past_frames = window_ms // FRAME_MS
        self._lookahead = lookahead_ms // FRAME_MS * FRAME_SAMPLES
        self._chunk = chunk_frames * FRAME_SAMPLES
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        past = self._past_frames * FRAME_SAMPLES
        self._sound = np.zeros(past, np.float32)
        self.prefix = np.zeros(0, np.int64)
        """Units (prefix_frames,) that begin the chunk after the last complete one, as they are by
        now; none before the first."""

    def push(self, audio: np.ndarray) -> list[np.ndarray]:
        """Hear more sound (n,); returns the units (chunk_frames,) of every chunk now complete.

        A chunk is complete when the beginning of the next and the look-ahead have been heard too.
        """
        self._sound = np.concatenate([self._sound, audio])
        frames = self._past_frames + self._chunk_frames
        window = (frames + self._prefix_frames) * FRAME_SAMPLES + self._lookahead
        done = []
        while len(self._sound) >= window:
            units = self._tokenizer.units(self._sound[:window])
            done.append(units[self._past_frames : frames])
            self.prefix = units[frames : frames + self._prefix_frames]
            self._sound = self._sound[self._chunk :]
        return done


def streamed_units(
    tokenizer: Tokenizer, audio: np.ndarray, chunk_frames: int, window_ms: int, lookahead_ms: int
) -> np.ndarray:
    """Units (frames,) of a sound of whole chunks, float32 (n,), heard one after the other.

    After the sound's end the stream hears silence.
    """
    encoder = UnitEncoder(tokenizer, chunk_frames, window_ms, lookahead_ms)
    after_end = np.zeros(lookahead_ms // FRAME_MS * FRAME_SAMPLES, np.float32)
    return np.concatenate([np.zeros(0, np.int64), *encoder.push(np.append(audio, after_end))])


@dataclass(frozen=True)
class Agreement:
    """How far streaming units equal those of the whole file."""

    window_ms: int
    lookahead_ms: int
    share: float
    """Part of the frames that agree."""
    frames: int


def measure_agreement(
    tokenizer: Tokenizer, audio: np.ndarray, chunk_frames: int, window_ms: int, lookahead_ms: int
) -> Agreement:
    """Compare streaming units of one sound (n,) at 16 kHz with its whole-file units.

    Whole chunks only.
    """
    chunk = chunk_frames * FRAME_SAMPLES
    whole = audio[: len(audio) // chunk * chunk]
    expected = tokenizer.encode_file(whole)
    got = streamed_units(tokenizer, whole, chunk_frames, window_ms, lookahead_ms)
    equal = int((got == expected).sum())
    return Agreement(window_ms, lookahead_ms, equal / max(len(got), 1), len(got))
