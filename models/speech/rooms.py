"""Simulated rooms with a loudspeaker, a microphone and a user, by the image method.

The echo path from the card to the microphone has what real ones have: the room, an unknown delay, a
clock skew, and sometimes a jump of the delay. Knows no canceller and no models.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, lfilter

from engine.errors import DuologueError
from engine.sound.level import LEVEL_SAMPLES, levels_db
from engine.sound.turn_taking import threshold_db
from engine.timebase import SAMPLE_RATE_HZ

USER_DB = -26.0
"""Usual level of the user's speech at the microphone, relative to full scale (ITU-T P.56)."""
_RT60_S = (0.2, 0.8)
_ECHO_DB = (-10.0, 10.0)
_SKEW_PPM = (-100.0, 100.0)
_DELAY_MS = (20.0, 200.0)
_JUMP_MS = (10.0, 60.0)
_JUMP_SHARE = 0.5
_NOISE_DB = (-40.0, -15.0)
_LEAST_DELAY_MS = 10.0
_FLOOR_M, _HEIGHT_M = (2.5, 6.0), (2.4, 3.2)
_WALL_M = 0.3
_REACH = 0.95
"""Share of the way to the farthest corner up to which a place is found in no time."""
_SPEAKER_M, _USER_M = (0.15, 0.6), (0.4, 1.5)
# Fractional delays: a sinc of 32 taps under a Hann window.
_TAPS = 32


@dataclass(frozen=True, eq=False)
class Room:
    """A room, its noise and its echo path; levels are in dB relative to the user's speech."""

    seed: int
    rt60_s: float
    size_m: tuple[float, float, float]
    user_response: np.ndarray
    """float32 (n,): from the user to the microphone, at 16 kHz."""
    echo_response: np.ndarray
    """float32 (n,): from the loudspeaker to the microphone."""
    echo_db: float
    noise_db: float
    skew_ppm: float
    delay_ms: float
    jump_ms: float
    """Change of the delay at ``jump_sample``; 0 for none."""
    jump_sample: int


def draw_room(
    seed: int,
    jump_sample: int,
    user_m: tuple[float, float] = _USER_M,
    floor_m: tuple[float, float] = _FLOOR_M,
) -> Room:
    """A random room; the same seed gives the same one.

    ``user_m`` are the nearest and farthest place of the user, ``floor_m`` the shortest and longest
    side of the floor. Walls are chosen for ``Room.rt60_s`` by Sabine's formula; rooms of long
    reverberation ring longer than that (``measured_rt60_s``). Raises DuologueError where the room
    library is missing.
    """
    try:
        import pyroomacoustics as pra
    except ImportError as error:
        raise DuologueError(
            "The room simulation is missing; install it (pip install pyroomacoustics)."
        ) from error
    rng = random.Random(seed)
    rt60_s = rng.uniform(*_RT60_S)
    while True:
        size_m = rng.uniform(*floor_m), rng.uniform(*floor_m), rng.uniform(*_HEIGHT_M)
        try:
            absorption, order = pra.inverse_sabine(rt60_s, size_m)
        except ValueError:
            continue  # no wall absorbs enough for this decay in a room of this size
        break
    microphone = np.array([rng.uniform(1.0, side - 1.0) for side in size_m])
    room = pra.ShoeBox(
        size_m, fs=SAMPLE_RATE_HZ, materials=pra.Material(absorption), max_order=order
    )
    corner = np.maximum(microphone, np.array(size_m) - microphone) - _WALL_M
    farthest = min(user_m[1], _REACH * float(np.linalg.norm(corner)))
    for distance in (rng.uniform(user_m[0], farthest), rng.uniform(*_SPEAKER_M)):
        room.add_source(_near(microphone, distance, size_m, rng))
    room.add_microphone(microphone)
    room.compute_rir()
    user_response, echo_response = (
        np.asarray(response, np.float32)[: round(rt60_s * SAMPLE_RATE_HZ)]
        for response in room.rir[0]
    )
    delay_ms = rng.uniform(*_DELAY_MS)
    jump_ms = 0.0
    if rng.random() < _JUMP_SHARE:
        jump_ms = rng.choice((-1, 1)) * rng.uniform(*_JUMP_MS)
        jump_ms = max(jump_ms, _LEAST_DELAY_MS - delay_ms)
    return Room(
        seed=seed,
        rt60_s=rt60_s,
        size_m=size_m,
        user_response=user_response,
        echo_response=echo_response,
        echo_db=rng.uniform(*_ECHO_DB),
        noise_db=rng.uniform(*_NOISE_DB),
        skew_ppm=rng.uniform(*_SKEW_PPM),
        delay_ms=delay_ms,
        jump_ms=jump_ms,
        jump_sample=jump_sample,
    )


def measured_rt60_s(response: np.ndarray) -> float:
    """Reverberation time of an impulse response at 16 kHz: from the decay of its remaining energy
    between -5 and -25 dB, times three (T20 of ISO 3382)."""
    left = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    left_db = 10 * np.log10(left / left[0] + 1e-12)
    first, last = (int(np.argmax(left_db <= level)) for level in (-5, -25))
    return 3 * (last - first) / SAMPLE_RATE_HZ


def _near(
    place: np.ndarray, distance: float, size_m: tuple[float, float, float], rng: random.Random
) -> np.ndarray:
    """A random point at a distance from ``place``, inside the room."""
    while True:
        direction = np.array([rng.gauss(0, 1) for _ in range(3)])
        found: np.ndarray = place + distance * direction / np.linalg.norm(direction)
        if all(_WALL_M < x < side - _WALL_M for x, side in zip(found, size_m, strict=True)):
            return found


class EchoPath:
    """The echo path from the card to the microphone, chunk by chunk; its state is the sound that is
    still to arrive."""

    def __init__(self, room: Room, gain: float) -> None:
        """``gain`` is the loudspeaker's volume."""
        self._response = room.echo_response * np.float32(gain)
        self._delay = room.delay_ms * SAMPLE_RATE_HZ / 1000
        self._jump = room.jump_ms * SAMPLE_RATE_HZ / 1000
        self._jump_sample = room.jump_sample
        self._skew = room.skew_ppm * 1e-6
        self._tail = np.zeros(len(self._response) - 1, np.float32)
        self._position = 0
        # All that may still be heard; the last sample is the newest.
        self._wet = np.zeros(SAMPLE_RATE_HZ, np.float32)

    def push(self, far: np.ndarray) -> np.ndarray:
        """The echo at the microphone, float32 (n,), while ``far`` (n,) is written to the card."""
        count = len(far)
        wet = fftconvolve(far, self._response).astype(np.float32)
        wet[: len(self._tail)] += self._tail
        self._tail = wet[count:]
        history = np.concatenate([self._wet, wet[:count]])
        index = np.arange(self._position, self._position + count)
        delay = self._delay + self._skew * index + self._jump * (index >= self._jump_sample)
        heard = _interpolated(history, len(self._wet) + np.arange(count) - delay)
        self._position += count
        self._wet = history[count:]
        return heard


def _interpolated(sound: np.ndarray, places: np.ndarray) -> np.ndarray:
    """float32: the sound at fractional sample positions."""
    first = np.floor(places).astype(np.int64) - _TAPS // 2 + 1
    offsets = first[:, None] + np.arange(_TAPS)
    distance = places[:, None] - offsets
    window = np.cos(np.pi * distance / _TAPS) ** 2
    read: np.ndarray = (sound[offsets] * np.sinc(distance) * window).sum(axis=1)
    return read.astype(np.float32)


def room_noise(room: Room, samples: int) -> np.ndarray:
    """float32 (samples,): the room's noise at its level."""
    noise = coloured_noise(room.seed, samples)
    level = 10 ** ((USER_DB + room.noise_db) / 20)
    return (noise * (level / noise.std())).astype(np.float32)


def coloured_noise(seed: int, samples: int) -> np.ndarray:
    """Noise (samples,) of no given level, stronger towards low frequencies."""
    white = np.random.default_rng(seed).normal(size=samples)
    return np.asarray(lfilter([1.0], [1.0, -0.9], white))


def white_noise(samples: int, rng: np.random.Generator, level_db: float) -> np.ndarray:
    """float32 (samples,): noise of a level relative to full scale, as in a quiet room."""
    return (rng.normal(size=samples) * 10 ** (level_db / 20)).astype(np.float32)


def at_level(speech: np.ndarray, level_db: float) -> np.ndarray:
    """The speech, scaled so that its active parts have a level in dB relative to full scale."""
    return (speech * 10 ** ((level_db - speech_level_db(speech)) / 20)).astype(np.float32)


def speech_level_db(speech: np.ndarray) -> float:
    """Mean power of a sound's active parts in dB relative to full scale; of all where none is
    active."""
    levels = levels_db(speech[: len(speech) // LEVEL_SAMPLES * LEVEL_SAMPLES])
    active = levels[levels > threshold_db(levels)]
    loud = active if len(active) else levels
    return float(10 * np.log10(np.mean(10 ** (loud / 10))))
