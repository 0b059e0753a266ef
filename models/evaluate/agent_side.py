"""The agent's side of a bundle: the units of its sentences, their sound, and their silence.

A bundle with an agent table takes the units from a synthesiser's phone times. In a bundle with a
single table the tokenizer hears them in the agent's TTS voice. Knows no conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle, Manifest
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from engine.voice.agent_units import AGENT_UNITS
from models.evaluate.user_voices import phone_class
from models.speech.agent_speech import Hibari
from models.speech.natural_corpus import punctuated
from models.speech.phones import PAUSE
from models.speech.rooms import white_noise
from models.speech.voices import AGENT_VOICE, speak_flite

_MARGIN_FRAMES = 6
_QUIET_DB = -70
_QUIET_S = 60
"""Length of the quiet that gives the units of silence; one of them is rare."""


@dataclass(frozen=True, eq=False)
class SpokenSentence:
    """A sentence of the agent, as the training's material has it."""

    units_T: np.ndarray
    """int64: a unit per frame."""
    audio_N: np.ndarray
    """float32 at 16 kHz: the synthesiser's own sound, the original."""
    phones_T: np.ndarray
    """The phone class in the middle of each frame, ``delay_frames`` before its unit."""


class AgentSource(Protocol):
    """Where a bundle's agent units come from."""

    delay_frames: int
    """How far a unit lags behind its sound."""
    phases: int
    """In how many ways a sentence may fall on the frames."""

    @property
    def silence_units(self) -> frozenset[int]:
        """The units in which nothing is said."""
        ...

    def speak(self, text: str) -> SpokenSentence:
        """A sentence with its sound."""
        ...

    def forms(self, text: str, most: int) -> list[np.ndarray]:
        """The units of a sentence in at most ``most`` of its phases."""
        ...


def agent_source(bundle: Bundle) -> AgentSource:
    """The source of a bundle's agent units.

    Raises DuologueError where its synthesiser is missing or its table is not that of the training.
    """
    table = bundle.manifest.agent_units
    if table:
        if table.count != len(AGENT_UNITS):
            raise DuologueError(
                f"The agent of {bundle.manifest.name} has {table.count} units, but its "
                f"synthesiser has {len(AGENT_UNITS)}; measure it with the program that made it."
            )
        return _FromPhoneTimes(bundle.manifest)
    return _FromTokenizer(bundle)


class _FromTokenizer:
    """flite's voice, heard by the tokenizer."""

    phases = 8

    def __init__(self, bundle: Bundle) -> None:
        self._tokenizer = Tokenizer(bundle.tokenizer)
        self.delay_frames = bundle.manifest.encoder.delay_ms // FRAME_MS

    @cached_property
    def silence_units(self) -> frozenset[int]:
        quiet = white_noise(_QUIET_S * SAMPLE_RATE_HZ, np.random.default_rng(0), _QUIET_DB)
        return frozenset(self._tokenizer.units(quiet).tolist())

    def speak(self, text: str) -> SpokenSentence:
        audio, phones = self._original(text)
        return SpokenSentence(self._tokenizer.units(audio), audio, phones)

    def forms(self, text: str, most: int) -> list[np.ndarray]:
        audio, _ = self._original(text)
        shifts = range(0, FRAME_SAMPLES, FRAME_SAMPLES // self.phases)
        return [self._tokenizer.units(np.roll(audio, shift)) for shift in shifts[:most]]

    def _original(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Whole frames of sound with faint noise and silence around it, and its phones."""
        speech = speak_flite(text, AGENT_VOICE.partition(":")[2])
        margin = np.zeros(_MARGIN_FRAMES * FRAME_SAMPLES, np.float32)
        audio = np.concatenate([margin, speech.audio, margin])
        audio = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
        audio += white_noise(len(audio), np.random.default_rng(1), _QUIET_DB)
        segments = [
            (start + len(margin), end + len(margin), p) for start, end, p in speech.segments
        ]
        return audio, frame_phones(segments, len(audio) // FRAME_SAMPLES)


class _FromPhoneTimes:
    """hibari's voice, whose phone times are the units."""

    phases = 1
    delay_frames = 0

    def __init__(self, manifest: Manifest) -> None:
        self.silence_units = frozenset({manifest.own_silence_unit})
        self._synthesiser = Hibari()

    def speak(self, text: str) -> SpokenSentence:
        spoken = self._synthesiser.say(punctuated(text, bare=text[-1] in ".?!"))
        units = spoken.units().astype(np.int64)
        per_ms = SAMPLE_RATE_HZ / 1000
        segments = [
            (round(one.start_ms * per_ms), round(one.end_ms * per_ms), phone_class(one.symbol))
            for one in spoken.timed_phones()
        ]
        return SpokenSentence(units, spoken.audio_N, frame_phones(segments, len(units)))

    def forms(self, text: str, most: int) -> list[np.ndarray]:
        return [self.speak(text).units_T]


def frame_phones(segments: Sequence[tuple[int, int, int]], frames: int) -> np.ndarray:
    """int64 (frames,): the class in the middle of each frame; a pause where nothing is said.

    ``segments`` are (start sample, end sample, class).
    """
    phones = np.full(frames, PAUSE)
    half = FRAME_SAMPLES // 2
    for start, end, phone in segments:
        phones[-((half - start) // FRAME_SAMPLES) : -((half - end) // FRAME_SAMPLES)] = phone
    return phones
