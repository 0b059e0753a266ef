"""The vocoder's store comes back from its file as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.timebase import FRAME_SAMPLES
from models.vocoder.dataset import Recording, VocoderStore, load_store, save_store


def tiny_store() -> VocoderStore:
    rng = np.random.default_rng(0)
    recordings = [
        Recording(
            f"r{i}",
            rng.integers(-9000, 9000, 30 * FRAME_SAMPLES).astype(np.int16),
            rng.integers(0, 20, 30).astype(np.int16),
        )
        for i in range(6)
    ]
    sentences = [rng.integers(0, 20, n).astype(np.int16) for n in (18, 40)]
    return VocoderStore(recordings, sentences, silence_unit=3, unit_count=20)


def test_store_round_trip(tmp_path: Path) -> None:
    store = tiny_store()
    save_store(store, tmp_path / "store.npz")
    again = load_store(tmp_path / "store.npz")
    assert [r.name for r in again.recordings] == [r.name for r in store.recordings]
    for a, b in zip(again.recordings, store.recordings, strict=True):
        np.testing.assert_array_equal(a.audio_N, b.audio_N)
        np.testing.assert_array_equal(a.units_T, b.units_T)
    for c, d in zip(again.sentences, store.sentences, strict=True):
        np.testing.assert_array_equal(c, d)
    assert (again.silence_unit, again.unit_count) == (3, 20)
