"""Segments to learn from: sound and units in step, units as the token format gives them back."""

from __future__ import annotations

import numpy as np

from engine.timebase import FRAME_SAMPLES
from models.vocoder.network import AUDIO_DELAY_FRAMES
from models.vocoder.segments import Recipe, SegmentSampler, reexpanded
from tests.models.vocoder.test_dataset import tiny_store


def test_target_sound_is_late_by_the_audio_delay() -> None:
    store = tiny_store()
    sampler = SegmentSampler(store, Recipe(), seed=0)
    recording = store.recordings[0]
    units, audio = sampler.aligned(recording)
    assert len(audio) == len(units) * FRAME_SAMPLES
    first = SegmentSampler.SILENCE_BEFORE
    assert list(units[first : first + 30]) == list(recording.units_T)
    start = (first + AUDIO_DELAY_FRAMES) * FRAME_SAMPLES
    assert not audio[:start].any()
    length = min(len(recording.audio_N), len(audio) - start)
    np.testing.assert_array_equal(audio[start : start + length], recording.audio_N[:length])


def test_retold_units_keep_their_order_inside_each_chunk() -> None:
    units = np.array([9, 1, 1, 1, 2, 2, 2, 2, 2, 3])
    np.testing.assert_array_equal(reexpanded(units, 4, 1), [9, 1, 1, 2, 2, 2, 2, 2, 2, 3])
