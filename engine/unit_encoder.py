"""Sound to units: the tokenizer over a stream, a window of past sound heard again with each chunk.

HuBERT needs context. Each chunk is encoded as [past | chunk | look-ahead], of which the chunk's
units are kept; the window has a fixed length (silence before the beginning), so every chunk costs
the same. Knows no tokens and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.onnx_session import open_session
from engine.tokens import FRAME_MS, FRAME_SAMPLES, RATE_HZ


class Tokenizer:
    """The ONNX tokenizer: sound (n,) of whole frames to units (n / 640,)."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path, "audio", "units")

    def units(self, audio: np.ndarray) -> np.ndarray:
        """int64 units of float32 sound, one per frame."""
        feed = {"audio": audio[None].astype(np.float32, copy=False)}
        units: np.ndarray = self._session.run(["units"], feed)[0][0]
        return units


class UnitEncoder:
    """Streaming side of the tokenizer: one state, the sound that is still of use."""

    def __init__(
        self, tokenizer: Tokenizer, chunk_frames: int, window_ms: int, lookahead_ms: int = 0
    ) -> None:
        """``window_ms`` of past and ``lookahead_ms`` of future sound surround each chunk."""
        self._tokenizer = tokenizer
        self._chunk_frames = chunk_frames
        self._past_frames = window_ms // FRAME_MS
        self._lookahead = lookahead_ms // FRAME_MS * FRAME_SAMPLES
        self._chunk = chunk_frames * FRAME_SAMPLES
        self.reset()

    def reset(self) -> None:
        """Forget all sound."""
        past = self._past_frames * FRAME_SAMPLES
        self._sound = np.zeros(past, np.float32)

    def push(self, audio: np.ndarray) -> list[np.ndarray]:
        """Hear more sound (n,); returns the units (chunk_frames,) of every chunk now complete.

        A chunk is complete when its look-ahead has been heard too.
        """
        self._sound = np.concatenate([self._sound, audio])
        window = self._past_frames * FRAME_SAMPLES + self._chunk + self._lookahead
        done = []
        while len(self._sound) >= window:
            units = self._tokenizer.units(self._sound[:window])
            done.append(units[self._past_frames : self._past_frames + self._chunk_frames])
            self._sound = self._sound[self._chunk :]
        return done


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
    """Compare streaming units of one sound (n,) at 16 kHz with its whole-file units."""
    whole = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
    expected = tokenizer.units(whole)
    encoder = UnitEncoder(tokenizer, chunk_frames, window_ms, lookahead_ms)
    tail = np.zeros(lookahead_ms * RATE_HZ // 1000, np.float32)
    chunks = encoder.push(np.concatenate([whole, tail]))
    got = np.concatenate(chunks)[: len(expected)]
    equal = int((got == expected[: len(got)]).sum())
    return Agreement(window_ms, lookahead_ms, equal / max(len(got), 1), len(got))
