"""Augments speech as speakers, rooms and microphones change it: tempo, tone, reverberation, noise,
level.

Works on float32 windows and their phone labels of 20 ms. Knows no network.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from scipy.fft import irfft, rfft
from scipy.signal import oaconvolve

from engine.timebase import SAMPLE_RATE_HZ
from models.speech.corpus import LABEL_SAMPLES, held_out_noise


def read_noises(folder: Path) -> np.ndarray:
    """The noises of a folder's tar files, one after another at equal power, without the held-out
    ones."""
    parts = []
    for archive in sorted(folder.glob("*.tar")):
        with tarfile.open(archive) as tar:
            for member in tar:
                allowed = member.isfile() and not held_out_noise(member.name)
                stream = tar.extractfile(member) if allowed else None
                if stream:
                    sound, _ = soundfile.read(io.BytesIO(stream.read()), dtype="float32")
                    parts.append(sound / max(float(sound.std()), 1e-4))
    return np.concatenate(parts).astype(np.float32)


def change_speed(
    window: np.ndarray, labels: np.ndarray, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Stretch a window and its labels to ``samples``; the pitch changes with the tempo."""
    positions = np.linspace(0, len(window) - 1, samples, dtype=np.float32)
    stretched = np.interp(positions, np.arange(len(window), dtype=np.float32), window)
    steps = samples // LABEL_SAMPLES
    return stretched.astype(np.float32), labels[np.arange(steps) * len(labels) // steps]


def _filter(window: np.ndarray, response: np.ndarray) -> np.ndarray:
    heard: np.ndarray = oaconvolve(window, response.astype(np.float32))[: len(window)]
    return heard


def augment(
    window: np.ndarray,
    noises: np.ndarray,
    rng: np.random.Generator,
    rooms: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """The same speech as a microphone could hear it; phones keep their times.

    ``rooms`` are impulse responses that begin with the direct sound. Half of the windows get one of
    them.
    """
    if rng.random() < 0.6:
        tone = rng.normal(size=33) * np.hanning(33) * 0.25
        tone[0] += 1
        window = _filter(window, tone)
    if rooms and rng.random() < 0.5:
        window = _filter(window, rooms[int(rng.integers(len(rooms)))])
    elif rng.random() < 0.4:
        decay = np.exp(-np.arange(4000) / rng.uniform(200, 1300))
        room = rng.normal(size=4000) * decay * rng.uniform(0.02, 0.12)
        room[0] = 1
        window = _filter(window, room)
    if rng.random() < 0.15:
        spectrum = rfft(window)
        cut_hz = rng.uniform(3400, 6000)
        spectrum[int(cut_hz * len(window) / SAMPLE_RATE_HZ) :] = 0
        window = irfft(spectrum, len(window))
    window = window * (rng.uniform(0.03, 0.95) / max(float(np.abs(window).max()), 1e-3))
    level = max(float(window.std()), 1e-4)
    if rng.random() < 0.5:
        start = rng.integers(0, len(noises) - len(window))
        snr_db = rng.uniform(5, 35)
        window = window + noises[start : start + len(window)] * (level * 10 ** (-snr_db / 20))
    if rng.random() < 0.6:
        floor_db = rng.uniform(-80, -35)
        window = window + rng.standard_normal(len(window), np.float32) * 10 ** (floor_db / 20)
    return np.clip(window, -1, 1).astype(np.float32)
