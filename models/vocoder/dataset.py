"""The vocoder's training data: recordings of its voice with their units, and sentences of the agent
as units only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Recording:
    """One utterance of the voice."""

    name: str
    audio_N: NDArray[np.int16]
    """16 kHz."""
    units_T: NDArray[np.int16]
    """The tokenizer's units of this recording, one for each 640 samples."""


@dataclass(frozen=True)
class VocoderStore:
    """All training data of the vocoder."""

    recordings: list[Recording]
    sentences: list[NDArray[np.int16]]
    """Units of what the agent says; there are no recordings of it."""
    silence_unit: int
    unit_count: int


def save_store(store: VocoderStore, path: Path) -> None:
    """Write the store as one .npz of flat arrays (no pickle)."""
    none = [np.zeros(0, np.int16)]
    np.savez(
        path,
        names=np.array([r.name for r in store.recordings]),
        audio=np.concatenate(none + [r.audio_N for r in store.recordings]),
        audio_lengths=np.array([len(r.audio_N) for r in store.recordings], np.int64),
        units=np.concatenate(none + [r.units_T.astype(np.int16) for r in store.recordings]),
        units_lengths=np.array([len(r.units_T) for r in store.recordings], np.int64),
        sentences=np.concatenate(none + [s.astype(np.int16) for s in store.sentences]),
        sentences_lengths=np.array([len(s) for s in store.sentences], np.int64),
        silence_unit=np.int64(store.silence_unit),
        unit_count=np.int64(store.unit_count),
    )


def load_store(path: Path) -> VocoderStore:
    """Read what ``save_store`` wrote."""
    with np.load(path, allow_pickle=False) as saved:

        def pieces(key: str) -> list[NDArray[np.int16]]:
            return np.split(saved[key], np.cumsum(saved[f"{key}_lengths"]))[:-1]

        recordings = [
            Recording(str(name), audio, units)
            for name, audio, units in zip(
                saved["names"], pieces("audio"), pieces("units"), strict=True
            )
        ]
        return VocoderStore(
            recordings, pieces("sentences"), int(saved["silence_unit"]), int(saved["unit_count"])
        )
