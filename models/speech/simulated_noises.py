"""Simulated sounds of a home that are not speech: a keyboard, a door, music.

They are made here because no open recordings of them are among the data. They are seeded, float32
(n,) at 16 kHz, of no given level. Real keyboards and songs differ more than these.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from engine.timebase import SAMPLE_RATE_HZ

_STROKE_S = 0.3
_BETWEEN_KEYS_S, _BETWEEN_WORDS_S = (0.07, 0.22), (0.2, 1.2)
_LETTERS = (2, 8)
_ROOM_S, _ROOM_SHARE = 0.25, 0.15
"""Reverberation at the microphone, and its share of the sound."""
_MIDDLE_C_HZ = 261.6
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_CHORDS = ((0, 2, 4), (5, 0, 2), (3, 5, 0), (4, 6, 1))
"""Steps of the scale: the tonic and its usual companions."""


def typing(seconds: float, seed: int) -> np.ndarray:
    """Somebody types: words of 2 to 8 keys, each with a click, a thump of the desk, a release."""
    rng = np.random.default_rng([seed, 1])
    sound = np.zeros(_samples(seconds + _STROKE_S))
    keys = [_stroke(rng) for _ in range(8)]
    at_s = rng.uniform(0, 0.3)
    while at_s < seconds:
        for _ in range(rng.integers(*_LETTERS, endpoint=True)):
            if at_s >= seconds:
                break
            start = _samples(at_s)
            stroke = keys[rng.integers(len(keys))] * 10 ** (rng.uniform(-8, 0) / 20)
            sound[start : start + len(stroke)] += stroke
            at_s += rng.uniform(*_BETWEEN_KEYS_S)
        at_s += rng.uniform(*_BETWEEN_WORDS_S)
    return _in_a_room(sound[: _samples(seconds)], rng)


def _stroke(rng: np.random.Generator) -> np.ndarray:
    """float64 (_STROKE_S,): a key goes down, strikes, and comes up again."""
    sound = np.zeros(_samples(_STROKE_S))
    press = _burst(rng, rng.uniform(0.003, 0.012), (1500, 6000))
    thump = 0.6 * _burst(rng, rng.uniform(0.01, 0.03), (120, 600))
    release = 0.3 * _burst(rng, rng.uniform(0.002, 0.008), (2000, 7000))
    up = _samples(rng.uniform(0.06, 0.12))
    for start, part in ((0, press), (_samples(0.002), thump), (up, release)):
        sound[start : start + len(part)] += part[: len(sound) - start]
    return sound


def slammed_door(seed: int) -> np.ndarray:
    """A door falls shut: a low stroke, the latch, and the rattle of its frame; 1 s."""
    rng = np.random.default_rng([seed, 2])
    sound = np.zeros(SAMPLE_RATE_HZ)
    latch = _samples(rng.uniform(0.01, 0.04))
    parts = [
        (0, _burst(rng, rng.uniform(0.05, 0.12), (40, 300))),
        (0, 0.5 * _burst(rng, rng.uniform(0.01, 0.03), (200, 3000))),
        (latch, 0.3 * _burst(rng, 0.01, (1500, 6000))),
    ]
    parts += [
        (_samples(rng.uniform(0.05, 0.3)), 0.15 * _burst(rng, 0.015, (400, 3000)))
        for _ in range(rng.integers(1, 5))
    ]
    for start, part in parts:
        part = part[: len(sound) - start]
        sound[start : start + len(part)] += part
    return _in_a_room(sound, rng)


def _burst(rng: np.random.Generator, decay_s: float, band_hz: tuple[int, int]) -> np.ndarray:
    """Noise of a band that falls to 1/e in ``decay_s``; its peak is about 1."""
    count = _samples(6 * decay_s)
    filters = butter(2, band_hz, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    noise = sosfilt(filters, rng.normal(size=count + 400))[400:]
    noise *= np.exp(-np.arange(count) / (decay_s * SAMPLE_RATE_HZ))
    return np.asarray(noise / np.abs(noise).max())


def music(seconds: float, seed: int) -> np.ndarray:
    """A band without a singer: chords, a bass, a tune and drums."""
    rng = np.random.default_rng([seed, 3])
    beat_s = 60 / rng.uniform(75, 130)
    key_hz = _MIDDLE_C_HZ * 2 ** (rng.uniform(-5, 5) / 12)
    drums = bool(rng.random() < 0.7)
    sound = np.zeros(_samples(seconds + 8 * beat_s))

    def add(at_s: float, part: np.ndarray, gain: float) -> None:
        start = _samples(at_s)
        part = part[: len(sound) - start]
        sound[start : start + len(part)] += gain * part

    for beat in range(int(seconds / beat_s) + 1):
        at_s = beat * beat_s
        chord = _CHORDS[beat // 4 % 4]
        if beat % 4 == 0:
            for step in chord:
                add(at_s, _note(_pitch_hz(key_hz, step), 4 * beat_s, rng, 2.0), 0.25)
        add(at_s, _note(_pitch_hz(key_hz, chord[0]) / 4, beat_s, rng, 0.3), 0.5)
        for half in range(2):
            if rng.random() < 0.7:
                pitch_hz = 2 * _pitch_hz(key_hz, int(rng.integers(7)))
                add(at_s + half * beat_s / 2, _note(pitch_hz, beat_s, rng, 0.5), 0.3)
        if drums:
            add(at_s, _burst(rng, 0.05, (40, 120)) if beat % 2 == 0 else _snare(rng), 0.9)
            for half in range(2):
                add(at_s + half * beat_s / 2, _burst(rng, 0.015, (5000, 7900)), 0.2)
    return _in_a_room(sound[: _samples(seconds)], rng)


def _snare(rng: np.random.Generator) -> np.ndarray:
    return _burst(rng, 0.04, (180, 6000))


def _pitch_hz(key_hz: float, step: int) -> float:
    return float(key_hz * 2 ** (_SCALE[step] / 12))


def _note(pitch_hz: float, length_s: float, rng: np.random.Generator, decay_s: float) -> np.ndarray:
    """A struck or plucked string: harmonics that decay, the higher ones sooner."""
    times_s = np.arange(_samples(length_s)) / SAMPLE_RATE_HZ
    note = np.zeros(len(times_s))
    decay, sooner = np.exp(-times_s / decay_s), np.exp(-0.3 * times_s / decay_s)
    for number in range(1, 9):
        if number * pitch_hz > 7000:
            break
        decay *= sooner
        phase = rng.uniform(0, 2 * np.pi)
        note += np.sin(2 * np.pi * number * pitch_hz * times_s + phase) * decay / number**1.2
    note[:80] *= np.linspace(0, 1, 80)
    note[-160:] *= np.linspace(1, 0, 160)
    return note


def _in_a_room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    count = _samples(_ROOM_S)
    response = rng.normal(size=count) * np.exp(-6.9 * np.arange(count) / count)
    response *= _ROOM_SHARE / np.sqrt(np.square(response).sum())
    response[0] += 1
    wet = fftconvolve(sound, response)[: len(sound)]
    return np.asarray(wet / np.abs(wet).max(), np.float32)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
