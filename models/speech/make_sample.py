"""Synthesises the sample recording of a user (resources/samples/user.flac) with flite's voice rms.

The voice is held out of all training, the pauses are long, and the user interrupts the story.
Run: python -m models.speech.make_sample
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from models.speech.voices import speak_flite

SAMPLE_PATH = Path(__file__).resolve().parents[2] / "resources" / "samples" / "user.flac"
VOICE = "rms"
LINES = (
    ("hi there", 3.4),
    ("what is your name", 3.2),
    ("what is two plus three", 3.2),
    ("what is the capital of france", 3.4),
    ("tell me a story", 3.6),
    ("okay stop", 3.4),
    ("thank you", 3.0),
    ("goodbye", 3.0),
)
"""(sentence, seconds of silence after it); "okay stop" interrupts the story."""
_LEAD_SECONDS = 1.0
_PEAK = 0.6
_ROOM_DB = -70  # no real room has digital silence


def make_sample() -> np.ndarray:
    """The recording, float32 (n,) at 16 kHz."""
    parts = [np.zeros(round(_LEAD_SECONDS * SAMPLE_RATE_HZ), np.float32)]
    for text, pause_seconds in LINES:
        speech = speak_flite(text, VOICE).audio
        parts += [speech / np.abs(speech).max() * _PEAK]
        parts += [np.zeros(round(pause_seconds * SAMPLE_RATE_HZ), np.float32)]
    sound = np.concatenate(parts)
    room = np.random.default_rng(0).normal(scale=10 ** (_ROOM_DB / 20), size=len(sound))
    return (sound + room).astype(np.float32)


def main() -> None:
    """Write the sample."""
    SAMPLE_PATH.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(SAMPLE_PATH, make_sample(), SAMPLE_RATE_HZ, subtype="PCM_16")


if __name__ == "__main__":
    main()
