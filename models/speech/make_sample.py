"""Synthesises the sample recording of a user (resources/samples/user.flac) with a natural voice.

The voice is Kokoro's am_onyx, held out of all training. The conversation has what is special: a
follow-up, a correction, "mm hmm" and an interruption into a story, and an order.
Run: python -m models.speech.make_sample PACKS
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from models.speech.natural_corpus import punctuated
from models.speech.natural_voices import Kokoro, Voice

SAMPLE_PATH = Path(__file__).resolve().parents[2] / "resources" / "samples" / "user.flac"
PACK = "am_onyx"
BACKCHANNEL = "mm hmm"
LINES = (
    ("good morning", 2.6),
    ("what is the capital of italy", 2.4),
    ("and france", 2.4),
    ("no i said spain", 2.6),
    ("what day comes after friday", 2.6),
    ("tell me a story", 3.2),
    (BACKCHANNEL, 1.5),
    ("okay stop", 2.2),
    ("can i get a large latte with soy milk", 3.8),
    ("goodbye", 2.6),
)
"""(sentence, seconds of silence after it); "okay stop" interrupts the story."""
_LEAD_SECONDS = 1.0
_PEAK, _BACKCHANNEL_PEAK = 0.6, 0.25
_ROOM_DB = -70  # no real room has digital silence


def make_sample(packs: Path) -> np.ndarray:
    """The recording, float32 (n,) at 16 kHz; ``packs``: the folder of Kokoro's style packs."""
    kokoro, voice = Kokoro(packs), Voice(((PACK, 1.0),))
    parts = [_silence(_LEAD_SECONDS)]
    for text, pause_seconds in LINES:
        speech = kokoro.say(punctuated(text, bare=False), voice, speed=1.0).at_16_khz()
        peak = _BACKCHANNEL_PEAK if text == BACKCHANNEL else _PEAK
        parts += [speech / np.abs(speech).max() * peak, _silence(pause_seconds)]
    sound = np.concatenate(parts)
    room = np.random.default_rng(0).normal(scale=10 ** (_ROOM_DB / 20), size=len(sound))
    return (sound + room).astype(np.float32)


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)


def main() -> None:
    """Write the sample."""
    SAMPLE_PATH.parent.mkdir(parents=True, exist_ok=True)
    sound = make_sample(Path(sys.argv[1]))
    soundfile.write(SAMPLE_PATH, sound, SAMPLE_RATE_HZ, subtype="PCM_16")


if __name__ == "__main__":
    main()
