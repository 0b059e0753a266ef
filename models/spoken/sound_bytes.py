"""Two channels of sound as the bytes of a FLAC file, the same bytes for the same sound."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from engine.timebase import SAMPLE_RATE_HZ


def flac_bytes(sound: np.ndarray) -> bytes:
    """FLAC in 16 bits of sound (2, n) in [-1, 1]; what is beyond is clipped."""
    stream = io.BytesIO()
    soundfile.write(stream, np.clip(sound.T, -1, 1), SAMPLE_RATE_HZ, format="FLAC")
    return stream.getvalue()


def from_flac(content: bytes) -> np.ndarray:
    """float32 (2, n) at 16 kHz."""
    sound, _ = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    turned: np.ndarray = sound.T
    return turned
