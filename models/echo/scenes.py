"""Scenes in simulated rooms: the training data of the residual echo suppressor.

A scene is 24 seconds of two people, one of them through the loudspeaker, after the linear filter
and AEC3 as the engine runs them. The echo board uses none of these seeds. Knows no torch.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from engine.echo.canceller import webrtc
from engine.echo.linear_canceller import LinearCanceller
from engine.errors import DuologueError
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.speech.agent_speech import Hibari
from models.speech.corpus import HELD_OUT_LIBRISPEECH
from models.speech.natural_corpus import punctuated
from models.speech.rooms import USER_DB, EchoPath, at_level, draw_room, room_noise, speech_level_db
from models.speech.voices import AGENT_VOICE, speak, speak_flite, training_voice

SCENE_S = 24
FIRST_SEED = 1_000_000
TRACKS = ("left", "echo", "suppressed", "far", "target")
_AGENT_SHARE = 0.5
"""Share of scenes with the agent's voice as far end; in the others it is another person."""
_SYNTHETIC_SHARE = 0.4
_HEADPHONE_SHARE = 0.1
"""Share of scenes with headphones, which give hardly any echo."""
_STRETCH_S, _PAUSE_S = (1.0, 6.0), (0.3, 3.0)
_USER_FIRST_S = (2.0, 8.0)
_LOUDNESS_DB = 5.0


@dataclass(frozen=True, eq=False)
class Scene:
    """A scene's tracks, float16 (samples,), by the names in TRACKS."""

    tracks: dict[str, np.ndarray]


def write_scenes(folder: Path, speech: Path, count: int, seed: int, jobs: int) -> None:
    """Write the missing scenes; ``speech`` holds a folder of recordings per person.

    Raises DuologueError where there are not two people.
    """
    if len(_people(speech)) < 2:
        raise DuologueError(
            f"{speech} does not hold recordings of two people; give one with a folder per person."
        )
    folder.mkdir(parents=True, exist_ok=True)
    tasks = []
    for index in range(count):
        number = FIRST_SEED + 100_000 * seed + index
        path = folder / f"{number}.npz"
        if not path.is_file():
            tasks.append((number, speech, path))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done in pool.map(_write, tasks):
            print(done, flush=True)


def _write(task: tuple[int, Path, Path]) -> str:
    number, speech, path = task
    scene = make_scene(number, speech)
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **scene.tracks)
    part.replace(path)
    return path.name


def read_scene(path: Path) -> Scene:
    """One written scene."""
    with np.load(path) as arrays:
        return Scene({name: arrays[name] for name in TRACKS})


def make_scene(seed: int, speech: Path) -> Scene:
    """Draw a room, let both people speak, and run the engine's linear filter and AEC3."""
    rng = random.Random(seed)
    samples = SCENE_S * SAMPLE_RATE_HZ
    room = draw_room(seed, round(rng.uniform(5, 18) * SAMPLE_RATE_HZ))
    people = _people(speech)
    user_name, agent_name = rng.sample(sorted(people), 2)
    user_sounds = (
        _synthetic(training_voice(rng), rng)
        if rng.random() < _SYNTHETIC_SHARE
        else _read(people[user_name], rng)
    )
    agent_sounds = _agent(rng) if rng.random() < _AGENT_SHARE else _read(people[agent_name], rng)
    user = _with_pauses(user_sounds, samples, rng.uniform(*_USER_FIRST_S), rng)
    far = _with_pauses(agent_sounds, samples, 0.0, rng)
    heard = fftconvolve(user, room.user_response)[:samples]
    user_db = USER_DB + rng.uniform(-_LOUDNESS_DB, _LOUDNESS_DB)
    heard = at_level(heard, user_db) if np.any(heard) else heard.astype(np.float32)
    echo = EchoPath(room, 1.0).push(far)
    echo_db = -45.0 if rng.random() < _HEADPHONE_SHARE else room.echo_db
    echo *= 10 ** ((USER_DB + echo_db - speech_level_db(echo)) / 20)
    target = heard + room_noise(room, samples)
    near = np.clip(target + echo, -1, 1).astype(np.float32)
    left, estimate, *_ = LinearCanceller().process(near, far)
    suppressed = webrtc(echo_cancellation=True).process(np.clip(left, -1.0, 1.0), far)
    tracks = left, estimate, suppressed, far, target
    return Scene(
        {name: track.astype(np.float16) for name, track in zip(TRACKS, tracks, strict=True)}
    )


def _with_pauses(
    sounds: Iterator[np.ndarray], samples: int, first_s: float, rng: random.Random
) -> np.ndarray:
    """float32 (samples,): speech with pauses that begins after ``first_s``."""
    track = np.zeros(samples, np.float32)
    position = round(first_s * SAMPLE_RATE_HZ)
    while position < samples:
        stretch = round(rng.uniform(*_STRETCH_S) * SAMPLE_RATE_HZ)
        sound = at_level(next(sounds), USER_DB)[:stretch]
        end = min(position + len(sound), samples)
        track[position:end] = sound[: end - position]
        position = end + round(rng.uniform(*_PAUSE_S) * SAMPLE_RATE_HZ)
    return track


@functools.lru_cache(maxsize=1)
def _people(speech: Path) -> dict[str, list[Path]]:
    """Recordings by person, without the people held out for the echo board."""
    people = {
        folder.name: sorted(folder.iterdir())
        for folder in sorted(speech.iterdir())
        if folder.is_dir() and folder.name not in HELD_OUT_LIBRISPEECH
    }
    return {name: paths for name, paths in people.items() if paths}


def _read(paths: list[Path], rng: random.Random) -> Iterator[np.ndarray]:
    while True:
        yield read_mono(rng.choice(paths))


def _synthetic(voice: str, rng: random.Random) -> Iterator[np.ndarray]:
    sentences = script.first_agent_sentences()
    while True:
        yield speak(rng.choice(sentences), voice, rng).audio


def _agent(rng: random.Random) -> Iterator[np.ndarray]:
    """The starter's voice: sentences as units, spoken by its vocoder."""
    sentences = script.first_agent_sentences()
    while True:
        yield _said(rng.choice(sentences))


@functools.lru_cache(maxsize=1)
def _starter() -> Bundle:
    return load_bundle()


@functools.lru_cache(maxsize=1)
def _hibari() -> Hibari:
    return Hibari()


def _agent_units(sentence: str) -> list[int]:
    """A sentence in the units that the starter's agent speaks."""
    if _starter().manifest.agent_units is None:
        sound = speak_flite(sentence, AGENT_VOICE.partition(":")[2]).audio
        heard: list[int] = Tokenizer(_starter().tokenizer).encode_file(sound).tolist()
        return heard
    units: list[int] = _hibari().say(punctuated(sentence, bare=False)).units().tolist()
    return units


@functools.lru_cache(maxsize=256)
def _said(sentence: str) -> np.ndarray:
    return StreamingVocoder.of(_starter()).push(_agent_units(sentence))


def scene_paths(folder: Path) -> Iterable[Path]:
    """All written scenes, in order."""
    return sorted(folder.glob("*.npz"))
