"""Sound to units: runs the tokenizer on a stream, with a window of past sound for each chunk.

HuBERT needs context. Each chunk is encoded as [past | chunk | beginning of the next | look-ahead].
The chunk's units are final; those of the next chunk's beginning are provisional. The window has a
fixed length (silence before the beginning), so every chunk costs the same. Knows no tokens and no
clock.
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
        """Open the model; ``units`` will refuse units from ``unit_count`` on.

        Raises DuologueError if the file is no such model.
        """
        self._model = OnnxModel(path, ("audio", "tensor(float)"), ("units", "tensor(int64)"))
        self._unit_count = unit_count

    def units(self, audio: np.ndarray) -> np.ndarray:
        """The units, int64 (n / 640,), of sound (n,) at 16 kHz; n is a multiple of 640.

        Raises DuologueError if the model fails.
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
        ``window_ms`` of past and ``lookahead_ms`` of future sound around them."""
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
            units = self._tokenizer.units(self._sound[:window])
            done.append(units[self._past_frames : frames])
            self.prefix = units[frames : frames + self._prefix_frames]
            self._sound = self._sound[self._chunk :]
        return done


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
