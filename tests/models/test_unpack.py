"""Training goes on from what was shipped."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_SAMPLES
from models.speech.corpus import pad_to_frames
from models.speech.voices import speak
from models.unpack import remapped_embedding, tokenizer_of_onnx, vocoder_of_onnx


def test_the_shipped_vocoder_is_restored() -> None:
    bundle = load_bundle()
    units = torch.randint(0, bundle.manifest.unit_count, (1, 60))
    with torch.no_grad():
        restored = vocoder_of_onnx(bundle.vocoder)(units)[0].numpy()
    vocoder = StreamingVocoder.of(bundle)
    vocoder.reset()
    spoken = vocoder.push(units[0].tolist())
    # The stream has its past filled with silence where the whole file has none.
    first = bundle.manifest.vocoder.past_frames * FRAME_SAMPLES
    np.testing.assert_allclose(restored[first:], spoken[first:], atol=2e-2)


def test_the_shipped_tokenizer_is_restored() -> None:
    bundle = load_bundle()
    sound = speak("what is the capital of france", "flite:kal16", random.Random(1)).audio
    audio = pad_to_frames(sound).astype(np.float32)
    net = tokenizer_of_onnx(bundle.tokenizer)
    with torch.no_grad():
        units = net(torch.from_numpy(audio)[None])[0].numpy()
    assert net.unit_count == bundle.manifest.unit_count
    assert (units == Tokenizer(bundle.tokenizer).units(audio)).mean() > 0.98


def test_a_vocoder_is_no_tokenizer() -> None:
    with pytest.raises(DuologueError, match="does not hold the tokenizer.*give the starter's"):
        tokenizer_of_onnx(load_bundle().vocoder)


def test_a_tokenizer_is_no_vocoder() -> None:
    with pytest.raises(DuologueError, match="does not hold the vocoder.*give the starter's"):
        vocoder_of_onnx(load_bundle().tokenizer)


def test_new_units_sound_like_the_old_ones_in_their_place() -> None:
    old = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    heard, now = [np.array([0, 0, 1, 1])], [np.array([2, 2, 0, 1])]
    made = remapped_embedding(old, heard, now, 4)
    torch.testing.assert_close(made[2], old[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(made[0], old[1], atol=1e-4, rtol=0)
    torch.testing.assert_close(made[3], old.mean(0), atol=1e-4, rtol=0)
