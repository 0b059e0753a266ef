"""Segments of the voice's training: units, pitch, spectra and sound belong together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.voice.corpus import VoiceUtterance
from models.voice.network import AUDIO_DELAY_FRAMES, OVERLAP_SLOTS
from models.voice.segments import Recipe, SegmentSampler, cut

FRAMES = 40
RECIPE = Recipe()


def counting_utterance() -> VoiceUtterance:
    """Unit, pitch, spectra and sound of frame i are all i + 1."""
    slots = (np.arange(4 * FRAMES) // 4 + 1).astype(np.float32)
    spectra = np.repeat(slots[:, None], 321, 1).astype(np.float16)
    units = np.arange(1, FRAMES + 1, dtype=np.int16)
    return VoiceUtterance("count", units, np.repeat(units, 640), slots, spectra, spectra)


def test_all_of_a_segment_tells_of_the_same_frames() -> None:
    sampler = SegmentSampler([counting_utterance()] * 2, RECIPE, seed=1)
    batch = sampler.training_batch(np.random.default_rng(0), 20, 10)
    warmup, past = RECIPE.audio_warmup, RECIPE.unit_warmup + RECIPE.audio_warmup
    assert batch.units_BT.shape == (20, past + 10)
    sound = (batch.audio_BN[:, ::640] * 32768).round().int()
    # Output frame o gets unit o and speaks unit o - 2.
    spoken = batch.units_BT[:, past - AUDIO_DELAY_FRAMES :][:, :10]
    assert (sound == spoken).all()
    slots = sound.repeat_interleave(4, 1)
    pitch = batch.pitch_BS[:, 4 * warmup : -OVERLAP_SLOTS]
    assert (pitch == slots).all()
    inside = slots > 0
    assert (batch.harmonic_BSF[..., 5] == slots)[inside].all()
    assert (batch.noise_BSF[..., 5] == -9)[~inside].all()
    assert inside.any() and (~inside).any()


def test_held_out_segments_are_always_the_same_and_not_in_the_training() -> None:
    utterances = [replace(counting_utterance(), text=str(i)) for i in range(40)]
    made = SegmentSampler(utterances, Recipe(), 1)
    names = [{u.text for u in part} for part in (made.held_out, made.training)]
    assert [len(part) for part in names] == [2, 38] and not names[0] & names[1]
    assert made.held_out_batch().audio_BN.equal(made.held_out_batch().audio_BN)


def test_cut_fills_what_lies_outside() -> None:
    rows = np.arange(1, 6)
    assert cut(rows, -2, 3, 9).tolist() == [9, 9, 1, 2, 3]
    assert cut(rows, 3, 7, 9).tolist() == [4, 5, 9, 9]
    assert cut(rows, 7, 9, 9).tolist() == [9, 9]
