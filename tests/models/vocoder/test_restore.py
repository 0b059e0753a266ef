"""The shipped vocoder can be trained on, with other units too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.vocoder import StreamingVocoder, Vocoder
from engine.timebase import FRAME_SAMPLES
from models.vocoder.export import export_vocoder_network
from models.vocoder.network import CausalVocoder, VocoderConfig
from models.vocoder.restore import remapped_embedding, vocoder_from_onnx


def test_a_vocoder_is_restored_from_its_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = CausalVocoder(VocoderConfig(unit_count=64)).eval()
    with torch.no_grad():  # equal weights would be stored once
        for weight in net.parameters():
            weight += 0.01 * torch.randn_like(weight)
    export_vocoder_network(net, tmp_path / "vocoder.onnx")
    units = torch.randint(0, 64, (1, 60))
    with torch.no_grad():
        restored = vocoder_from_onnx(tmp_path / "vocoder.onnx")(units)[0].numpy()
    past = net.config.past_frames
    spoken = StreamingVocoder(Vocoder(tmp_path / "vocoder.onnx"), past, 0).push(units[0].tolist())
    # The stream's past is silence; the whole file has no past.
    first = past * FRAME_SAMPLES
    assert np.abs(spoken[first:]).max() > 0.01
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
