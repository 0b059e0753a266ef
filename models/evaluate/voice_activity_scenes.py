"""The scenes of the board of voice activity: people who speak in noise, and noises alone.

The phones of the clean recordings, found by an independent aligner before noise is added, say when
somebody speaks. Everything comes in two halves without a common speaker, clip or seed: rules are
chosen on the one for development, figures are told of the held-out one. Knows no detector.
"""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine.echo.canceller import EchoCanceller
from engine.sound.level import LEVEL_SAMPLES
from engine.sound.turn_taking import Span, merged
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.echo_loop import cancel
from models.evaluate.phone_alignment import PhoneAligner
from models.speech.corpus import (
    HELD_OUT_LIBRISPEECH,
    Row,
    held_out_noise,
    kathleen,
    read_tar_audio,
)
from models.speech.phones import PAUSE
from models.speech.rooms import (
    USER_DB,
    EchoPath,
    at_level,
    coloured_noise,
    draw_room,
    room_noise,
    speech_level_db,
)
from models.speech.simulated_noises import music, slammed_door, typing

OVER_NOISE_DB = (20.0, 10.0)
SOFT_DB = -46.0
"""A soft speaker at a far microphone; the usual level is ``USER_DB``."""
NOISE_DB = (-30.0, -45.0)
"""Levels of the noises alone: as near as the user, and in the next room."""
_QUIET_DB = -66.0
_SPEAKERS = 6
_BETWEEN_S = (0.8, 2.0)
_BEFORE_S, _AFTER_S = 3.0, 1.0
_EXCERPT_S, _EXCERPTS = 10.0, 2
_FIRST_ROOM = 8_000_000
_LONG_CLASSES = {"rain", "sea_waves", "helicopter"}
"""Classes of ESC-10 that go on as a background does."""
_HELD_OUT_BACKGROUNDS = {"running_tap", "dude_miaowing", "bg_noise2", "bg_noise4", "bg_noise6"}
"""Of the recordings that have no folds; the others are for development."""
_SIMULATED = {
    "typing": lambda seed: typing(_EXCERPT_S, seed),
    "music": lambda seed: music(_EXCERPT_S, seed),
    "door": slammed_door,
}


@dataclass(frozen=True, eq=False)
class VoiceScene:
    """One track with a user, or without one."""

    kind: str
    """Such as "10 dB over noise" or "typing (simulated)"."""
    source: str
    """The speaker or the clip."""
    sound: np.ndarray
    """float32 (n,) at 16 kHz, n a multiple of 160."""
    spoken: list[Span]
    """Where somebody speaks; pauses of up to 200 ms lie inside."""


def speech_scenes(data: Path, readings: int, held_out: bool, seed: int = 0) -> Iterator[VoiceScene]:
    """Each speaker reads ``readings`` texts with pauses between, in every kind of noise."""
    rng = random.Random(f"{seed} {held_out}")
    backgrounds = _backgrounds(data / "noise", held_out)
    for number, (speaker, spoken) in enumerate(_readings(data / "speech", readings, held_out)):
        clean, spans = _in_a_row(spoken, rng)
        places = [("soft, in a quiet room", SOFT_DB, SOFT_DB - 25)]
        places += [(f"{over:g} dB over noise", USER_DB, USER_DB - over) for over in OVER_NOISE_DB]
        for place, (kind, speech_db, noise_db) in enumerate(places):
            sound = at_level(clean, speech_db)
            noise = backgrounds[(len(places) * number + place) % len(backgrounds)]
            noise = np.resize(noise, len(sound))
            sound = sound + noise * 10 ** ((noise_db - speech_level_db(noise)) / 20)
            yield VoiceScene(kind, speaker, np.clip(sound, -1, 1).astype(np.float32), spans)


def noise_scenes(data: Path, clips: int, held_out: bool, seed: int = 0) -> Iterator[VoiceScene]:
    """Noises in a quiet room: at most ``clips`` of each class of ESC-10 and of each simulated kind,
    and the other recorded backgrounds; each at every level of ``NOISE_DB``."""
    counts: dict[str, int] = {}
    archive = data / "noise" / "esc10.tar"
    number = 0

    def wanted(row: Row) -> bool:
        return held_out_noise(row["path"]) == held_out

    def each() -> Iterator[tuple[str, str, np.ndarray]]:
        for row, sound in read_tar_audio(archive, archive.with_suffix(".tsv"), wanted):
            kind = row["class"].replace("_", " ")
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= clips:
                yield kind, row["path"], sound
        for name, sound in _other_recordings(data / "noise", held_out):
            for start in range(_EXCERPTS):
                first = start * len(sound) // _EXCERPTS
                part = sound[first : first + round(_EXCERPT_S * SAMPLE_RATE_HZ)]
                yield name.rstrip("0123456789").replace("_", " "), name, part
        for name, make in _SIMULATED.items():
            for clip in range(clips):
                yield f"{name} (simulated)", str(clip), make(2 * (1000 * seed + clip) + held_out)

    for kind, source, sound in each():
        for level_db in NOISE_DB:
            number += 1
            yield VoiceScene(kind, source, _alone(sound, level_db, number), [])


def _alone(noise: np.ndarray, level_db: float, seed: int) -> np.ndarray:
    before, after = round(_BEFORE_S * SAMPLE_RATE_HZ), round(_AFTER_S * SAMPLE_RATE_HZ)
    loud = np.pad(at_level(noise, level_db), (before, after))
    quiet = coloured_noise(seed, len(loud))
    sound = loud + quiet * (10 ** (_QUIET_DB / 20) / quiet.std())
    whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
    return np.clip(sound[:whole], -1, 1).astype(np.float32)


# --- speech ---------------------------------------------------------------------------------------

_Aligned = tuple[np.ndarray, list[Span]]


def _readings(
    speech: Path, readings: int, held_out: bool
) -> Iterator[tuple[str, Sequence[_Aligned]]]:
    """(speaker, clean recordings with the spans of their speech)."""
    table = speech / "librispeech-test-clean.tsv"
    aligner = PhoneAligner()
    found: dict[str, list[_Aligned]] = {}

    def wanted(row: Row) -> bool:
        one = row["speaker"]
        enough = len(found.get(one, ())) >= readings
        full = one not in found and len(found) >= _SPEAKERS
        return (one in HELD_OUT_LIBRISPEECH) == held_out and not enough and not full

    for part in ("1", "2"):
        archive = speech / f"librispeech-test-clean-{part}.tar"
        for row, audio in read_tar_audio(archive, table, lambda row: True):
            if not wanted(row):
                continue
            segments = aligner.align(row["text"].lower(), audio)
            if segments:
                found.setdefault(row["speaker"], []).append((audio, spoken_spans(segments)))
    yield from found.items()


def spoken_spans(segments: Sequence[tuple[int, int, int]]) -> list[Span]:
    """The spans of speech in (start sample, end sample, phone)."""
    return merged([Span(start, end) for start, end, phone in segments if phone != PAUSE])


def _in_a_row(spoken: Sequence[_Aligned], rng: random.Random) -> _Aligned:
    """Recordings one after another with pauses before, between and behind."""
    parts: list[np.ndarray] = []
    spans: list[Span] = []
    length = 0
    for audio, own in spoken:
        pause = round(rng.uniform(*_BETWEEN_S) * SAMPLE_RATE_HZ)
        parts += [np.zeros(pause, np.float32), at_level(audio, USER_DB)]
        spans += [Span(s.start_sample + length + pause, s.end_sample + length + pause) for s in own]
        length += pause + len(audio)
    rest = SAMPLE_RATE_HZ + (-length) % LEVEL_SAMPLES
    return np.concatenate([*parts, np.zeros(rest, np.float32)]), merged(spans)


# --- noise ----------------------------------------------------------------------------------------


def _backgrounds(folder: Path, held_out: bool) -> list[np.ndarray]:
    """Noises that go on, one recording of each kind first."""
    archive = folder / "esc10.tar"

    def wanted(row: Row) -> bool:
        return row["class"] in _LONG_CLASSES and held_out_noise(row["path"]) == held_out

    found: dict[str, list[np.ndarray]] = {}
    for row, sound in read_tar_audio(archive, archive.with_suffix(".tsv"), wanted):
        found.setdefault(row["class"], []).append(sound)
    for name, sound in _other_recordings(folder, held_out):
        if name != "dude_miaowing":  # a voice
            found.setdefault(name.rstrip("0123456789"), []).append(sound)
    most = max(map(len, found.values()))
    turns = [sounds[i] for i in range(most) for sounds in found.values() if i < len(sounds)]
    return [sound for sound in turns if np.abs(sound).max() > 0]


def _other_recordings(folder: Path, held_out: bool) -> Iterator[tuple[str, np.ndarray]]:
    """(name, sound) of the recordings that are no clips of ESC-10."""
    for name in ("speech_commands_background", "room_tone"):
        with tarfile.open(folder / f"{name}.tar") as tar:
            for member in tar:
                stem = Path(member.name).stem
                stream = tar.extractfile(member)
                if stream and (stem in _HELD_OUT_BACKGROUNDS) == held_out:
                    sound, _ = soundfile.read(io.BytesIO(stream.read()), dtype="float32")
                    yield stem, sound


# --- echo -----------------------------------------------------------------------------------------


def echo_scenes(data: Path, rooms: int, held_out: bool, seed: int = 0) -> Iterator[VoiceScene]:
    """What the echo canceller leaves of an agent's speech while the user is silent."""
    if not rooms:
        return
    readings = [sound for _, sound in kathleen(data / "speech")]
    for index in range(rooms):
        number = 2 * (1000 * seed + index) + held_out
        room = draw_room(_FIRST_ROOM + number, 0)
        chosen = random.Random(number).sample(readings, 4)
        agent = np.concatenate([at_level(sound, USER_DB) for sound in chosen])
        agent = agent[: len(agent) // LEVEL_SAMPLES * LEVEL_SAMPLES]
        echo = at_level(EchoPath(room, 1.0).push(agent), USER_DB + room.echo_db)
        left = cancel(EchoCanceller(), echo + room_noise(room, len(echo)), agent)
        yield VoiceScene("echo of the agent", f"room {number}", left, [])
