"""Synthetic voices: flite and espeak-ng say a text and give the time of each phone.

A voice is named ``flite:slt`` or ``espeak:en-us+f2``. The voices in ``HELD_OUT`` are for evaluation
only; no training may use them. espeak-ng keeps global state, so one thread of a process uses it.
"""

from __future__ import annotations

import _ctypes
import ctypes
import functools
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from models.speech.phones import PAUSE, from_flite, from_ipa

AGENT_VOICE = "flite:slt"

# These variants are held out with every accent, so that no training hears their formants.
_HELD_OUT_VARIANTS = ("f5", "m4", "klatt2", "Annie", "john")
HELD_OUT = (
    "flite:rms",
    "espeak:en-us+f5",
    "espeak:en+m4",
    "espeak:en-gb-scotland+klatt2",
    "espeak:en-us+Annie",
    "espeak:en-gb-x-rp+john",
)

_FLITE_TRAINING = ("flite:kal16", "flite:awb", "flite:slt")
_ACCENTS = "en-us en en-gb-x-rp en-us-nyc en-gb-scotland en-029 en-gb-x-gbclan".split()
_VARIANTS = (
    "m1 m2 m3 m5 m6 m7 m8 f1 f2 f3 f4 klatt klatt3 klatt4 linda belinda steph anika Andy max rob "
    "adam Alex Alicia Andrea antonio benjamin david Denis edward Gene Jacky Lee Marco Michael Mike "
    "norbert paul pedro robert shelby travis victor sandro aunty steph2 steph3 grandma grandpa"
).split()
ESPEAK_TRAINING = tuple(f"espeak:{a}+{v}" for a in _ACCENTS for v in _VARIANTS)


@dataclass(frozen=True)
class Speech:
    """One spoken text."""

    audio: np.ndarray
    """Mono float32, 16 kHz."""
    segments: tuple[tuple[int, int, int], ...]
    """(start sample, end sample, phone class), in time order."""

    def trimmed(self) -> np.ndarray:
        """The sound without the silence at both ends."""
        voiced = [(start, end) for start, end, phone in self.segments if phone != PAUSE]
        return self.audio[voiced[0][0] : voiced[-1][1]]


def speed_perturbed(speech: Speech, factor: float) -> Speech:
    """The same speech, resampled to be ``factor`` times as long: above 1 deeper and slower."""
    audio = soxr.resample(speech.audio, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * factor)
    segments = tuple(
        (round(start * factor), min(round(end * factor), len(audio)), phone)
        for start, end, phone in speech.segments
    )
    return Speech(audio, segments)


def training_voice(rng: random.Random, flite_share: float = 0.25) -> str:
    """A random voice that training may use."""
    return rng.choice(_FLITE_TRAINING if rng.random() < flite_share else ESPEAK_TRAINING)


def speak(text: str, voice: str, rng: random.Random) -> Speech:
    """Say ``text`` with random tempo, and with espeak-ng random pitch.

    The agent's own sentences are said with ``speak_flite`` instead, at its usual tempo.
    """
    engine, _, name = voice.partition(":")
    if engine == "flite":
        return speak_flite(text, name, rng.uniform(0.85, 1.2))
    return _speak_espeak(
        text, name, rng.randint(135, 205), rng.randint(25, 75), rng.randint(30, 80)
    )


def speak_flite(text: str, name: str, stretch: float = 1.0) -> Speech:
    """Say ``text`` with a flite voice; a ``stretch`` above 1 is slower.

    Raises DuologueError where flite is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ["flite", "-voice", name, "--setf", f"duration_stretch={stretch:.3f}", "-psdur"]
        try:
            done = subprocess.run(
                [*command, "-t", text, "-o", str(path)], capture_output=True, text=True, check=True
            )
        except FileNotFoundError as error:
            raise DuologueError(
                "The speech synthesiser flite is missing; install it (apt-get install flite)."
            ) from error
        audio, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ:
        audio = soxr.resample(audio, rate_hz, SAMPLE_RATE_HZ)
    segments = []
    start = 0
    for entry in done.stdout.split():
        symbol, _, seconds = entry.rpartition(":")
        end = round(float(seconds) * SAMPLE_RATE_HZ)
        segments.append((start, end, from_flite(symbol)))
        start = end
    return Speech(audio, tuple(segments))


# --- espeak-ng through its C library: the command line gives no phone times -----------------------

_EVENT_END = 0
_EVENT_PHONEME = 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _EventId(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Espeak:
    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise DuologueError(
                "The speech synthesiser espeak-ng is missing; install it "
                "(apt-get install espeak-ng)."
            ) from error
        self._blocks: list[np.ndarray] = []
        self._phonemes: list[tuple[int, str]] = []
        synchronous, phoneme_events_in_ipa = 2, 1 | 2
        self.rate_hz = self._library.espeak_Initialize(synchronous, 0, None, phoneme_events_in_ipa)
        self._callback = _Callback(self._collect)  # kept alive, since C calls it later
        self._library.espeak_SetSynthCallback(self._callback)

    def close(self) -> None:
        """Unload the library; the object cannot be used afterwards."""
        self._library.espeak_Terminate()
        _ctypes.dlclose(self._library._handle)

    def _collect(self, samples, count, events) -> int:  # type: ignore[no-untyped-def]
        if count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                symbol = events[index].id.string.decode("utf8", "ignore")
                self._phonemes.append((events[index].sample, symbol))
            index += 1
        return 0

    def say(
        self, text: str, name: str, words_per_minute: int, pitch: int, pitch_range: int
    ) -> tuple[np.ndarray, list[tuple[int, str]]]:
        self._blocks.clear()
        self._phonemes.clear()
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise DuologueError(f"espeak-ng has no voice {name}; install espeak-ng-data.")
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        utf8 = 1
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, utf8, None, None)
        return np.concatenate(self._blocks), list(self._phonemes)


@functools.cache
def _espeak() -> _Espeak:
    return _Espeak()


def forget_speech() -> None:
    """Make the next utterance independent of those before it.

    espeak-ng goes on where it was: the phase of its waves, what its voices changed, C's random
    numbers in the breath of some. No call of it ends that, so the library is loaded anew, which
    takes some milliseconds (findings/espeak-ng-remembers-what-it-said.sh).
    """
    if _espeak.cache_info().currsize:
        _espeak().close()
        _espeak.cache_clear()
    ctypes.CDLL(None).srand(1)


def _speak_espeak(
    text: str, name: str, words_per_minute: int, pitch: int, pitch_range: int
) -> Speech:
    espeak = _espeak()
    samples, phonemes = espeak.say(text, name, words_per_minute, pitch, pitch_range)
    scale = SAMPLE_RATE_HZ / espeak.rate_hz
    audio = soxr.resample(samples.astype(np.float32) / 32768, espeak.rate_hz, SAMPLE_RATE_HZ)
    bounds = [start for start, _ in phonemes] + [len(samples)]
    segments = [(0, round(bounds[0] * scale), PAUSE)]
    for (start, symbol), end in zip(phonemes, bounds[1:], strict=True):
        classes = from_ipa(symbol) or [PAUSE]
        for part, phone in enumerate(classes):
            first = start + (end - start) * part // len(classes)
            last = start + (end - start) * (part + 1) // len(classes)
            if last > first:
                segments.append((round(first * scale), round(last * scale), phone))
    return Speech(audio, tuple(segments))
