"""The shipped tokenizer can be trained on."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.unit_encoder import Tokenizer
from models.speech.corpus import pad_to_frames
from models.speech.voices import speak
from models.tokenizer import restore
from models.tokenizer.encode import encode_units
from models.tokenizer.export import export_tokenizer
from models.tokenizer.network import load_tokenizer, save_tokenizer
from models.tokenizer.restore import tokenizer_from_onnx

EARS = Path(restore.__file__).parent / "weights"


def test_the_shipped_tokenizer_is_restored() -> None:
    bundle = load_bundle()
    sound = speak("what is the capital of france", "flite:kal16", random.Random(1)).audio
    audio = pad_to_frames(sound).astype(np.float32)
    net = tokenizer_from_onnx(bundle.tokenizer)
    with torch.no_grad():
        units = net(torch.from_numpy(audio)[None])[0].numpy()
    assert net.unit_count == bundle.manifest.unit_count
    # The bundle rounds what goes into its matrices, too.
    assert (units == Tokenizer(bundle.tokenizer).units(audio)).mean() > 0.9


def test_the_ears_are_restored(tmp_path: Path) -> None:
    checkpoint, exported = EARS / "ears_1.pt", tmp_path / "tokenizer.onnx"
    export_tokenizer(checkpoint, exported)
    sound = speak("what is the capital of france", "flite:kal16", random.Random(1)).audio
    audio = pad_to_frames(sound).astype(np.float32)
    trained, restored = load_tokenizer(checkpoint), tokenizer_from_onnx(exported)
    units = encode_units(restored, audio)
    assert len(np.unique(units)) > 10
    assert (units == encode_units(trained, audio)).mean() > 0.98
    save_tokenizer(restored, tmp_path / "tokenizer.pt")
    again = encode_units(load_tokenizer(tmp_path / "tokenizer.pt"), audio)
    np.testing.assert_array_equal(units, again)


def test_a_vocoder_is_no_tokenizer() -> None:
    with pytest.raises(DuologueError, match="does not hold the tokenizer.*give the starter's"):
        tokenizer_from_onnx(load_bundle().vocoder)
