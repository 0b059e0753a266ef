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
import soxr
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


# --- what happens between the room and the tokenizer ----------------------------------------------

_LEAK_SHARE, _BABBLE_SHARE, _STEPS_SHARE, _CODEC_SHARE = 0.12, 0.12, 0.25, 0.2
_CODECS = (
    ("OGG", "OPUS", SAMPLE_RATE_HZ),
    ("WAV", "GSM610", 8000),
    ("WAV", "ULAW", 8000),
    ("WAV", "IMA_ADPCM", SAMPLE_RATE_HZ),
)
"""Formats, codecs and rates: calls over the internet, mobile and line telephones, wireless
headsets."""
_CODEC_WEIGHTS = (0.07, 0.31, 0.31, 0.31)
"""Opus is seldom: it takes ten times as long as the others."""
_BLOCK, _STEP = 512, 256


def disturbed(
    window: np.ndarray,
    others: Sequence[np.ndarray],
    noises: np.ndarray,
    rng: np.random.Generator,
    rooms: Sequence[np.ndarray],
) -> np.ndarray:
    """The same speech as it may reach the tokenizer: ``augment``, and at times the canceller's
    leak, other people talking, steps of the gain and a codec. Phones keep their times.

    ``others`` are at least two windows of other speech, as long.
    """
    if rng.random() < _LEAK_SHARE:
        window = with_leak(window, others[0], rng)
    elif rng.random() < _BABBLE_SHARE:
        window = window + _babble(window, others, rng)
    window = augment(window, noises, rng, rooms)
    if rng.random() < _STEPS_SHARE:
        window = with_gain_steps(window, rng)
    if rng.random() < _CODEC_SHARE:
        window = through_codec(window, *_CODECS[rng.choice(len(_CODECS), p=_CODEC_WEIGHTS)])
    return np.clip(window, -1, 1).astype(np.float32)


def with_leak(window: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What an echo canceller leaves of ``other``: islands in time and frequency; and it takes
    some of the speech away where the other is louder."""
    speech, echo = _spectra(window), _spectra(other)
    echo_db = rng.uniform(-10, 10)
    echo *= 10 ** (echo_db / 20) * _level(window) / _level(other)
    louder = np.abs(echo) > np.abs(speech)
    speech[louder] *= rng.uniform(0.2, 1.0)
    coarse = rng.random((-(-echo.shape[0] // 4), -(-echo.shape[1] // 8))) < rng.uniform(0.05, 0.4)
    islands = np.repeat(np.repeat(coarse, 4, 0), 8, 1)[: echo.shape[0], : echo.shape[1]]
    left = echo * islands * 10 ** (rng.uniform(-30, -8) / 20)
    return _joined(speech + left, len(window))


def _babble(
    window: np.ndarray, others: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Other people, softer than the speech."""
    babble = np.sum([np.roll(other, int(rng.integers(len(other)))) for other in others], axis=0)
    softer: np.ndarray = babble * _level(window) / _level(babble) * 10 ** (-rng.uniform(3, 20) / 20)
    return softer


def with_gain_steps(window: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The speech under a gain that changes once or twice by up to 20 dB, within 5 to 100 ms."""
    gain_db = np.zeros(len(window))
    for _ in range(int(rng.integers(1, 3))):
        start = int(rng.integers(len(window)))
        ramp = np.arange(len(window)) - start
        gain_db += rng.uniform(-20, 20) * np.clip(ramp / rng.uniform(80, 1600), 0, 1)
    stepped: np.ndarray = window * 10 ** ((gain_db - max(0, float(gain_db.max()) - 6)) / 20)
    return stepped


def through_codec(window: np.ndarray, form: str, codec: str, rate_hz: int) -> np.ndarray:
    """The speech, encoded and decoded by a lossy codec at its sample rate."""
    sound = soxr.resample(window, SAMPLE_RATE_HZ, rate_hz)
    stream = io.BytesIO()
    soundfile.write(stream, np.clip(sound, -1, 1), rate_hz, format=form, subtype=codec)
    stream.seek(0)
    decoded, rate_hz = soundfile.read(stream, dtype="float32")
    decoded = soxr.resample(decoded, rate_hz, SAMPLE_RATE_HZ)
    return np.pad(decoded, (0, max(0, len(window) - len(decoded))))[: len(window)]


def _level(sound: np.ndarray) -> float:
    return max(float(sound.std()), 1e-4)


def _spectra(sound: np.ndarray) -> np.ndarray:
    """(blocks, bins) of windowed halves overlapping blocks."""
    padded = np.pad(sound, (_STEP, _BLOCK + -len(sound) % _STEP))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)[::_STEP]
    spectra: np.ndarray = rfft(blocks * np.hanning(_BLOCK + 1)[:-1], axis=1)
    return spectra


def _joined(spectra: np.ndarray, samples: int) -> np.ndarray:
    blocks = irfft(spectra, _BLOCK, axis=1)
    sound = np.zeros((len(blocks) + 1, _STEP))
    sound[:-1] += blocks[:, :_STEP]
    sound[1:] += blocks[:, _STEP:]
    joined: np.ndarray = sound.reshape(-1)[_STEP : _STEP + samples].astype(np.float32)
    return joined
