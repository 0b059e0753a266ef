"""The shipped tokenizer can be trained on."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from models.speech.corpus import pad_to_frames
from models.speech.voices import speak
from models.tokenizer.restore import tokenizer_from_onnx


def test_the_shipped_tokenizer_is_restored() -> None:
    bundle = load_bundle()
    sound = speak("what is the capital of france", "flite:kal16", random.Random(1)).audio
    audio = pad_to_frames(sound).astype(np.float32)
    net = tokenizer_from_onnx(bundle.tokenizer)
    with torch.no_grad():
        units = net(torch.from_numpy(audio)[None])[0].numpy()
    assert net.unit_count == bundle.manifest.unit_count
    assert (units == Tokenizer(bundle.tokenizer).units(audio)).mean() > 0.98


def test_a_vocoder_is_no_tokenizer() -> None:
    with pytest.raises(DuologueError, match="does not hold the tokenizer.*give the starter's"):
        tokenizer_from_onnx(load_bundle().vocoder)
