"""The bands of the engine and those that the tokenizer is trained with are the same numbers."""

from __future__ import annotations

import numpy as np
import torch

from engine.hearing.log_mel import log_mel, mel_bands
from models.tokenizer.whisper_weights import OfflineEncoder


def test_the_training_computes_the_same_energies() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    sound[8000:] *= 1e-3
    trained = OfflineEncoder({}).log_mel(torch.from_numpy(sound)[None])[0].numpy()
    assert log_mel(sound).shape == (80, 100)
    np.testing.assert_allclose(log_mel(sound), trained, atol=2e-4)


def test_a_tone_lies_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert int(log_mel(tone)[:, 50].argmax()) == int(mel_bands()[:, 25].argmax())


def test_silence_is_even() -> None:
    assert np.ptp(log_mel(np.zeros(1600, np.float32))) == 0
