"""The shipped vocoder can be trained on, with other units too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import FRAME_SAMPLES
from models.vocoder.restore import remapped_embedding, vocoder_from_onnx


def test_the_shipped_vocoder_is_restored() -> None:
    bundle = load_bundle()
    units = torch.randint(0, bundle.manifest.unit_count, (1, 60))
    with torch.no_grad():
        restored = vocoder_from_onnx(bundle.vocoder)(units)[0].numpy()
    vocoder = StreamingVocoder.of(bundle)
    vocoder.reset()
    spoken = vocoder.push(units[0].tolist())
    # The stream's past is silence; the whole file has no past.
    first = bundle.manifest.vocoder.past_frames * FRAME_SAMPLES
    np.testing.assert_allclose(restored[first:], spoken[first:], atol=2e-2)


def test_a_tokenizer_is_no_vocoder() -> None:
    with pytest.raises(DuologueError, match="does not hold the vocoder.*give the starter's"):
        vocoder_from_onnx(load_bundle().tokenizer)


def test_new_units_sound_like_the_old_ones_in_their_place() -> None:
    old = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    heard, now = [np.array([0, 0, 1, 1])], [np.array([2, 2, 0, 1])]
    made = remapped_embedding(old, heard, now, 4)
    torch.testing.assert_close(made[2], old[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(made[0], old[1], atol=1e-4, rtol=0)
    torch.testing.assert_close(made[3], old.mean(0), atol=1e-4, rtol=0)
