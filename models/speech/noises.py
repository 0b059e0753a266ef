"""Short sounds on the user's side that are not speech: recorded sneezes, barks and clocks, and
synthetic coughs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ
from models.speech.corpus import held_out_noise, read_tar_audio

_SHORT_CLASSES = {"person_sneeze", "dog_bark", "clock_tick", "rooster"}
"""Classes of ESC-10; its other classes are long noises."""
_LENGTH_S = 0.8
_BURST_S = (0.12, 0.3)
_BETWEEN_S = 0.1


@dataclass(frozen=True, eq=False)
class Noise:
    """A short sound."""

    name: str
    audio: np.ndarray
    """Mono float32, 16 kHz."""


@lru_cache(maxsize=1)
def recorded_noises(folder: Path, held_out: bool = True) -> list[Noise]:
    """The loudest part of each short sound of ESC-10: of the held-out ones, or of all others."""
    archive = folder / "esc10.tar"
    table = archive.with_suffix(".tsv")

    def wanted(row: dict[str, str]) -> bool:
        return row["class"] in _SHORT_CLASSES and held_out_noise(row["path"]) == held_out

    rows = read_tar_audio(archive, table, wanted)
    return [Noise(row["path"], loudest_part(audio)) for row, audio in rows]


def loudest_part(audio: np.ndarray) -> np.ndarray:
    """The 0.8 s of a sound with the most power."""
    samples = round(_LENGTH_S * SAMPLE_RATE_HZ)
    power = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    if len(audio) <= samples:
        return audio
    start = int(np.argmax(power[samples:] - power[:-samples]))
    return audio[start : start + samples]


def synthetic_cough(rng: np.random.Generator) -> Noise:
    """Two bursts of noise that sound like a cough."""
    parts = []
    for _ in range(2):
        count = round(rng.uniform(*_BURST_S) * SAMPLE_RATE_HZ)
        decay = np.exp(-np.arange(count) / (count / 4))
        parts += [rng.normal(size=count) * decay, np.zeros(round(_BETWEEN_S * SAMPLE_RATE_HZ))]
    return Noise("cough", np.concatenate(parts[:-1]).astype(np.float32))
