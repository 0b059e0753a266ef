"""The open loop of the echo board: how much of a known echo does the canceller remove?

The agent's speech is given, so nothing that the canceller leaves can change what is said. First the
agent speaks alone (echo return loss enhancement), then both speak (double talk). Knows no language
model and no torch.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.echo.canceller import EchoCanceller, PostProcessor
from engine.echo.residual_suppressor import HOP
from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.edit_distance import edit_distance
from models.evaluate.echo_loop import cancel, in_room
from models.speech.rooms import USER_DB, EchoPath, Room, at_level, room_noise, speech_level_db
from models.speech.voices import AGENT_VOICE, HELD_OUT, speak

AGENT_ALONE_S, BOTH_S = 8, 12
MAX_ERLE_DB = 60.0
"""Higher values cannot be measured: nothing of the echo is left."""
SETTINGS = [(False, False), (True, False), (False, True), (True, True)]
"""(noise suppression, gain control)."""

_SETTLE_S = 1.0
_SOUND_FILES = (".flac", ".wav", ".ogg", ".opus")


@dataclass(frozen=True)
class Setting:
    """The figures of one setting of the canceller in one room."""

    noise_suppression: bool
    gain_control: bool
    reduction_db: float
    """Echo return loss enhancement. The first second and the second after a jump do not count."""
    unit_error: float
    """In double talk: edit distance of the user's units, as a share of the clean microphone's."""
    unit_error_alone: float
    """The same without any echo."""


# --- speech ---------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def find_speakers(folder: Path) -> dict[str, list[Path]]:
    """The recordings below a folder by speaker; the first folder's name is the speaker, as in
    LibriSpeech.

    Raises DuologueError where there are not two speakers.
    """
    speakers: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SOUND_FILES:
            speakers.setdefault(path.relative_to(folder).parts[0], []).append(path)
    if len(speakers) < 2:
        raise DuologueError(
            f"{folder} does not hold recordings of two people; "
            "give a folder with one folder per speaker, as in LibriSpeech."
        )
    return speakers


def two_speakers(folder: Path | None, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Speech of a user (BOTH_S) and of an agent (AGENT_ALONE_S + BOTH_S), float32 (n,).

    Without a folder of recordings synthetic voices speak.
    """
    samples = BOTH_S * SAMPLE_RATE_HZ, (AGENT_ALONE_S + BOTH_S) * SAMPLE_RATE_HZ
    if folder is None:
        voices = [rng.choice(HELD_OUT), AGENT_VOICE]
        user, agent = (
            _fill(_synthetic(voice, rng), count)
            for voice, count in zip(voices, samples, strict=True)
        )
        return user, agent
    speakers = find_speakers(folder)
    chosen = [speakers[name] for name in rng.sample(sorted(speakers), 2)]
    user, agent = (
        _fill(_people(paths, rng), count) for paths, count in zip(chosen, samples, strict=True)
    )
    return user, agent


def _people(paths: list[Path], rng: random.Random) -> Iterator[np.ndarray]:
    while True:
        yield read_mono(rng.choice(paths))


def _synthetic(voice: str, rng: random.Random) -> Iterator[np.ndarray]:
    sentences = script.first_agent_sentences()
    while True:
        yield speak(rng.choice(sentences), voice, rng).audio


def _fill(sounds: Iterator[np.ndarray], samples: int) -> np.ndarray:
    """Join utterances, all at the same speech level, until ``samples`` are full."""
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < samples:
        parts.append(at_level(next(sounds), USER_DB))
    return np.concatenate(parts)[:samples]


# --- measurement ----------------------------------------------------------------------------------


def open_loop(
    room: Room, user: np.ndarray, agent: np.ndarray, tokenizer: Tokenizer
) -> list[Setting]:
    """Measure every setting of the canceller: first the agent speaks alone, then both speak.

    ``agent`` float32 (n,) speaks all the time, ``user`` float32 (m,) in the last m samples of it.
    """
    alone = len(agent) - len(user)
    at_microphone = np.zeros(len(agent), np.float32)
    at_microphone[alone:] = in_room(user, room)
    echo = EchoPath(room, 1.0).push(agent)
    echo *= 10 ** ((USER_DB + room.echo_db - speech_level_db(echo[:alone])) / 20)
    noise = room_noise(room, len(agent))
    silence = np.zeros_like(agent)
    clean = deduplicated(tokenizer.encode_file(at_microphone[alone:]))
    jump = room.jump_sample if room.jump_ms else None
    both = cancel(EchoCanceller(), at_microphone + echo + noise, agent)
    user_only = cancel(EchoCanceller(), at_microphone + noise, silence)
    settings = []
    for noise_suppression, gain_control in SETTINGS:
        left, left_alone = (
            in_time(PostProcessor(noise_suppression, gain_control).process(sound))
            for sound in (both, user_only)
        )
        errors = []
        for heard in (left, left_alone):
            units = deduplicated(tokenizer.encode_file(heard[alone:]))
            errors.append(edit_distance(clean, units) / len(clean))
        settings.append(
            Setting(
                noise_suppression,
                gain_control,
                erle_db(echo[:alone], left[:alone], left_alone[:alone], jump),
                *errors,
            )
        )
    return settings


def in_time(cleaned: np.ndarray) -> np.ndarray:
    """The canceller's output (n,) with its delay removed; the end is filled with silence."""
    return np.pad(cleaned, (0, HOP))[HOP:]


def erle_db(
    echo: np.ndarray, left: np.ndarray, noise_left: np.ndarray, jump_sample: int | None
) -> float:
    """Echo return loss enhancement: power of the echo over what is left of it, all float32 (n,).

    ``noise_left`` is the canceller's output in the same room without echo; its power is subtracted.
    The first second, and the second after a jump of the delay, do not count.
    """
    counted = np.ones(len(echo), bool)
    for start in (0, jump_sample):
        if start is not None:
            counted[start : start + round(_SETTLE_S * SAMPLE_RATE_HZ)] = False
    powers = [
        float(np.square(sound[counted], dtype=np.float64).mean())
        for sound in (echo, left, noise_left)
    ]
    remaining = max(powers[1] - powers[2], powers[0] * 10 ** (-MAX_ERLE_DB / 10))
    return float(10 * np.log10(powers[0] / remaining))


def deduplicated(frames: np.ndarray) -> list[int]:
    """Units as the language model sees them: repeated units once."""
    changed = np.concatenate([[True], frames[1:] != frames[:-1]])
    return [int(unit) for unit in frames[changed]]
