"""Training goes on from what was shipped."""

from __future__ import annotations

import pytest
import torch

from engine.audio_file import read_mono
from engine.bundle import load_bundle
from engine.errors import DuologueError
from engine.resource_files import resources
from engine.tokens import FRAME_SAMPLES
from engine.unit_encoder import Tokenizer
from models.unpack import tokenizer_of_onnx


def test_the_shipped_tokenizer_is_restored() -> None:
    path = load_bundle().tokenizer
    sound = read_mono(resources() / "samples" / "user.flac", 8.0)
    sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]
    with torch.no_grad():
        units = tokenizer_of_onnx(path)(torch.from_numpy(sound)[None])[0].numpy()
    assert (units == Tokenizer(path).units(sound)).mean() > 0.99


def test_another_model_is_refused() -> None:
    with pytest.raises(DuologueError, match="give the starter's bundle"):
        tokenizer_of_onnx(resources() / "echo" / "suppressor.onnx")
