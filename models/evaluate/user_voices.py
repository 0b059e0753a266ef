"""The voices that users of an evaluation speak with; no training hears them.

There are two kinds: natural voices (Kokoro's held-out style packs, named ``kokoro:am_adam``), and
the formant and diphone voices of espeak-ng and flite. Natural speech is slow to make, so it is kept
in a folder; a second bundle is then measured on the same sound. Knows no bundle.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_units import SOUND_LEADS_MS
from models.speech import natural_voices
from models.speech.natural_corpus import punctuated
from models.speech.natural_voices import PHONE_FRAME_SAMPLES, Kokoro, SynthesisedSpeech, Voice
from models.speech.phones import PAUSE, PHONE_ID, from_ipa
from models.speech.voices import HELD_OUT, Speech, speak

Kind = Literal["natural", "formant"]
KINDS: dict[Kind, str] = {"natural": "natural voices", "formant": "formant and diphone voices"}
NATURAL = tuple(f"kokoro:{pack}" for pack in sorted(natural_voices.HELD_OUT))
_SPEEDS = (0.9, 0.95, 1.0, 1.05, 1.1)
"""A few steps only, so that the kept sounds serve again."""
_PEAK = 0.7
_MISAKI = {
    "A": "ey", "I": "ay", "W": "aw", "Y": "oy", "O": "ow", "Q": "ow", "ʤ": "jh", "ʧ": "ch",
    "ᵊ": "ax", "ɐ": "ax", "ɜ": "er", "T": "d",
}  # fmt: skip
_BEFORE, _BETWEEN, _AFTER = "ˈˌ", " ", "ː"
"""Signs without a sound of their own: their time belongs to the phone after them, by halves to both
neighbours, or to the phone before."""


def voices_of(kind: Kind) -> Sequence[str]:
    """The held-out voices of a kind."""
    return NATURAL if kind == "natural" else HELD_OUT


def check_packs(packs: Path) -> None:
    """Raise DuologueError where a folder lacks the style packs of the held-out voices."""
    if not all((packs / f"{pack}.bin").is_file() for pack in natural_voices.HELD_OUT):
        raise DuologueError(
            f"{packs} lacks style packs of the natural voices; docs/training.md tells how to get "
            "them."
        )


def say(text: str, voice: str, rng: random.Random, packs: Path | None, kept: Path | None) -> Speech:
    """Say a text in a voice at a random tempo.

    A natural voice needs the folder of style ``packs``; ``kept`` is the folder in which its speech
    is kept. Raises DuologueError where a synthesiser is missing.
    """
    engine, _, pack = voice.partition(":")
    if engine != "kokoro":
        return speak(text, voice, rng)
    assert packs is not None
    return _natural(text, pack, rng.choice(_SPEEDS), packs, kept)


def _natural(text: str, pack: str, speed: float, packs: Path, kept: Path | None) -> Speech:
    text = punctuated(text, bare=text[-1] in ".?!")
    name = hashlib.sha256(f"{pack}\n{speed}\n{text}".encode()).hexdigest()[:24]
    stem = kept / name if kept else None
    if stem and stem.with_suffix(".json").is_file():
        audio, _ = soundfile.read(stem.with_suffix(".flac"), dtype="float32")
        entry = json.loads(stem.with_suffix(".json").read_text("utf8"))
        return Speech(audio, phone_segments(entry["phones"], entry["lengths"]))
    spoken = _kokoro(packs).say(text, Voice(((pack, 1.0),)), speed)
    audio = spoken.at_16_khz()
    audio = (audio * (_PEAK / max(float(np.abs(audio).max()), 1e-3))).astype(np.float32)
    if stem:
        _keep(stem, audio, text, pack, speed, spoken)
    return Speech(audio, phone_segments(spoken.phones, spoken.lengths_P.tolist()))


def _keep(
    stem: Path, audio: np.ndarray, text: str, pack: str, speed: float, spoken: SynthesisedSpeech
) -> None:
    """Write the sound, then its table, each whole or not at all: other processes may write, too."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    part = stem.with_suffix(f".{os.getpid()}.part")
    soundfile.write(part, audio, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    os.replace(part, stem.with_suffix(".flac"))
    entry = {
        "text": text,
        "voice": pack,
        "speed": speed,
        "phones": spoken.phones,
        "lengths": spoken.lengths_P.tolist(),
    }
    part.write_text(json.dumps(entry) + "\n", "utf8")
    os.replace(part, stem.with_suffix(".json"))


def phone_segments(phones: str, lengths: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """(start sample, end sample, phone class) of each phone and silence, without gaps, at 16 kHz.

    ``lengths`` are in the synthesiser's steps: one for each of ``phones``, which have marks and
    spaces in them, and one more at each end. As in hibari, which learnt from Kokoro, the sound
    comes earlier than they say; the times are those of the sound.
    """
    step = PHONE_FRAME_SAMPLES * SAMPLE_RATE_HZ / natural_voices.SAMPLE_RATE_HZ
    early = min(SOUND_LEADS_MS / 1000 * SAMPLE_RATE_HZ / step, lengths[0])
    timed: list[tuple[float, int]] = [(lengths[0] - early, PAUSE)]  # (end, class)
    lead = 0.0
    for symbol, length in zip(phones, lengths[1:-1], strict=True):
        end, phone = timed[-1]
        if symbol in _BEFORE:
            lead += length
        elif symbol == _BETWEEN:
            timed[-1] = end + length / 2, phone
            lead += length / 2
        elif symbol == _AFTER:
            timed[-1] = end + length, phone
        else:
            timed.append((end + lead + length, phone_class(symbol)))
            lead = 0.0
    timed.append((timed[-1][0] + lead + lengths[-1] + early, PAUSE))
    ends = [round(end * step) for end, _ in timed]
    classes = [phone for _, phone in timed]
    return tuple(zip([0, *ends[:-1]], ends, classes, strict=True))


def phone_class(symbol: str) -> int:
    """The class of one character of misaki's notation; punctuation is a pause."""
    if symbol in _MISAKI:
        return PHONE_ID[_MISAKI[symbol]]
    return (from_ipa(symbol) or [PAUSE])[0]


@lru_cache(maxsize=1)
def _kokoro(packs: Path) -> Kokoro:
    return Kokoro(packs)
