"""The voices of a dialogue's two people: which synthesiser speaks, and its speech with phone times.

All four give the same: sound at 16 kHz and the times of phone classes. What is said depends on
text, speaker and seed alone, and on nothing that was said before. One thread of a process.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_units import SILENCE
from models.speech.agent_speech import Hibari
from models.speech.natural_corpus import phone_segments
from models.speech.natural_voices import Kokoro, Voice, draw_voice, training_packs
from models.speech.phones import PAUSE, from_misaki
from models.speech.voices import Speech, forget_speech, speak, training_voice

_MOST_LETTERS = 240
"""Of what is said at once: Kokoro takes 509 phones."""
_SPEEDS = (0.87, 1.18)
"""Of Kokoro and hibari; beyond them, phone times are unreliable."""
_STEP_SAMPLES = SAMPLE_RATE_HZ // 100
_EARLIER_SAMPLES = 8 * _STEP_SAMPLES
"""How far before its first phone a synthesiser's sound is looked for."""
_AUDIBLE = 0.01
"""Level, as a share of the loudest, from which a sound counts: -40 dB."""


class Synthesiser(StrEnum):
    """Who speaks."""

    KOKORO = "kokoro"
    HIBARI = "hibari"
    FLITE = "flite"
    ESPEAK = "espeak"


@dataclass(frozen=True)
class Speaker:
    """A person of a dialogue."""

    synthesiser: Synthesiser
    name: str
    speed: float
    mix: Voice | None = None
    """Kokoro's."""


def draw_speaker(
    synthesisers: tuple[Synthesiser, ...], packs: Path | None, rng: random.Random
) -> Speaker:
    """A random voice that training may use. Raises DuologueError where packs are missing."""
    chosen = rng.choice(synthesisers)
    speed = rng.uniform(*_SPEEDS)
    if chosen is Synthesiser.KOKORO:
        if packs is None:
            raise DuologueError("Kokoro needs a folder of style packs; give it with --packs.")
        mix = draw_voice(training_packs(packs), rng)
        return Speaker(chosen, str(mix), speed, mix)
    if chosen is Synthesiser.HIBARI:
        return Speaker(chosen, "hibari:heart", speed)
    share = 1.0 if chosen is Synthesiser.FLITE else 0.0
    return Speaker(chosen, training_voice(rng, share), speed)


def say(text: str, speaker: Speaker, packs: Path | None, seed: int) -> Speech:
    """Speak a text, piece by piece if it is long.

    Raises DuologueError where nothing in it can be said, or the synthesiser is missing.
    """
    sounds, segments, start = [], [], 0
    for number, piece in enumerate(pieces(text)):
        speech = _say_piece(piece, speaker, packs, seed + number)
        sounds.append(speech.audio)
        segments += [(start + a, start + b, phone) for a, b, phone in speech.segments]
        start += len(speech.audio)
    if all(phone == PAUSE for _, _, phone in segments):
        raise DuologueError(f"There is nothing to say in {text!r}.")
    return Speech(np.concatenate(sounds).astype(np.float32), tuple(segments))


def pieces(text: str) -> list[str]:
    """A text in pieces of sentences, or of words where a sentence is too long; none is empty."""
    found = [""]
    for sentence in re.split(r"(?<=[.?!;]) +", text):
        for part in [sentence] if len(sentence) <= _MOST_LETTERS else sentence.split():
            longer = f"{found[-1]} {part}".strip()
            if len(longer) <= _MOST_LETTERS:
                found[-1] = longer
            else:
                found.append(part[:_MOST_LETTERS])
    return [piece for piece in found if piece]


def _say_piece(text: str, speaker: Speaker, packs: Path | None, seed: int) -> Speech:
    if speaker.mix is not None:
        assert packs is not None
        spoken = _kokoro(packs).say(text, speaker.mix, speaker.speed)
        return _heard(spoken.at_16_khz(), phone_segments(spoken.phones, spoken.lengths_P.tolist()))
    if speaker.synthesiser is Synthesiser.HIBARI:
        said = _hibari().say(text, seed, speaker.speed)
        per_ms = SAMPLE_RATE_HZ / 1000
        segments = tuple(
            (
                round(phone.start_ms * per_ms),
                round(phone.end_ms * per_ms),
                PAUSE if phone.symbol == SILENCE else from_misaki(phone.symbol),
            )
            for phone in said.timed_phones()
        )
        return _heard(said.audio_N, segments)
    if speaker.synthesiser is Synthesiser.ESPEAK:
        forget_speech()
    return speak(text, speaker.name, random.Random(seed))


def _heard(audio: np.ndarray, segments: tuple[tuple[int, int, int], ...]) -> Speech:
    """Speech whose phones lie within its sound, and whose first and last are as long as they are
    heard. Pauses are left out.

    Kokoro's and hibari's sound begins up to 45 ms before the first phone, and ends 40 to 190 ms
    before the last one does (seven sentences each). The first would be cut off, and the second
    would make the offset to the next turn longer.
    """
    most = len(audio)
    inside = ((min(a, most), min(b, most), phone) for a, b, phone in segments)
    phones = [segment for segment in inside if segment[1] > segment[0] and segment[2] != PAUSE]
    if not phones:
        return Speech(audio, ())
    begin = max(phones[0][0] - _EARLIER_SAMPLES, 0)
    first, last = _audible(audio[begin : phones[-1][1]])
    start, end, phone = phones[0]
    phones[0] = (min(start, begin + first), end, phone)
    start, end, phone = phones[-1]
    phones[-1] = (start, min(max(begin + last, start + _STEP_SAMPLES), end), phone)
    return Speech(audio, tuple(phones))


def _audible(audio: np.ndarray) -> tuple[int, int]:
    """Where sound (n,) begins and ends to be heard, in samples."""
    steps = np.pad(audio, (0, -len(audio) % _STEP_SAMPLES)).reshape(-1, _STEP_SAMPLES)
    levels = np.sqrt((steps**2).mean(1))
    heard = np.flatnonzero(levels >= _AUDIBLE * levels.max())
    return int(heard[0]) * _STEP_SAMPLES, (int(heard[-1]) + 1) * _STEP_SAMPLES


@lru_cache(maxsize=1)
def _kokoro(packs: Path) -> Kokoro:
    """The synthesiser of a process."""
    return Kokoro(packs)


@lru_cache(maxsize=1)
def _hibari() -> Hibari:
    return Hibari()
