"""The tokenizer is causal, late by its delay, and the same in ONNX; alignment finds phones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from engine.tokens import FRAME_SAMPLES
from models.align import align
from models.pack import export_tokenizer
from models.phones import PAUSE, PHONE_ID, from_flite, from_ipa
from models.tokenizer import TokenizerConfig, TokenizerNet, load_tokenizer, save_tokenizer

SMALL = TokenizerConfig(channels=(16,) * 8, layers=2, heads=2, past_frames=5)


def small_net() -> TokenizerNet:
    torch.manual_seed(0)
    net = TokenizerNet(SMALL).eval()
    audio = torch.randn(1, 200 * FRAME_SAMPLES) * 0.3
    with torch.no_grad():
        # A random net says the same phone all the time; centred and spread it names many.
        logits = net.phone_logits(audio).flatten(2)[0]
        spread = 3 / logits.std(0)
        net.head.weight *= spread[:, None]
        net.head.bias.copy_((net.head.bias - logits.mean(0)) * spread)
        net.centroids = net.features(audio)[0, ::20].contiguous()
    return net


def test_later_sound_changes_nothing_before_it() -> None:
    net = small_net()
    audio = torch.randn(1, 20 * FRAME_SAMPLES)
    changed = audio.clone()
    changed[:, 12 * FRAME_SAMPLES :] = 0
    with torch.no_grad():
        first, second = net.phone_logits(audio), net.phone_logits(changed)
    torch.testing.assert_close(first[:, :12], second[:, :12])
    assert not torch.allclose(first[:, 12:], second[:, 12:])


def test_onnx_gives_the_units_of_torch(tmp_path: Path) -> None:
    net = small_net()
    save_tokenizer(net, tmp_path / "net.pt")
    export_tokenizer(tmp_path / "net.pt", tmp_path / "net.onnx", half=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    audio = np.random.default_rng(1).normal(size=(1, 70 * FRAME_SAMPLES)).astype(np.float32)
    with torch.no_grad():
        expected = load_tokenizer(tmp_path / "net.pt")(torch.from_numpy(audio)).numpy()
    (units,) = session.run(["units"], {"audio": audio})
    assert units.shape == (1, 70)
    assert (units == expected).mean() > 0.98
    assert len(np.unique(expected)) > 2


def test_alignment_finds_the_phones_and_the_pause() -> None:
    truth = [PAUSE] * 4 + [3] * 5 + [PAUSE] * 6 + [7] * 3 + [9] * 4 + [PAUSE] * 2
    cost = np.full((len(truth), len(PHONE_ID)), 5.0)
    cost[np.arange(len(truth)), truth] = 0.1
    labels, mean_cost = align(cost, [3, 7, 9])
    assert labels.tolist() == truth
    assert mean_cost < 0.5


def test_alignment_of_the_wrong_words_is_dear() -> None:
    cost = np.full((20, len(PHONE_ID)), 5.0)
    cost[:, 3] = 0.1
    assert align(cost, [8, 9, 10])[1] > 1


def test_phone_notations() -> None:
    assert from_ipa("tʃ") == [PHONE_ID["ch"]]
    assert from_ipa("aɪə") == [PHONE_ID["ay"], PHONE_ID["ax"]]
    assert from_ipa("ˈ") == []
    assert from_flite("dx") == PHONE_ID["d"]
