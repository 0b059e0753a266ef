"""The language model gives the same logits in torch and, exported, under llama.cpp."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.syncllm.llama import Llama as EngineLlama
from models.language.gguf import export_gguf, import_gguf
from models.language.llama import Llama, LlamaConfig


@pytest.fixture(scope="module", params=["Q8_0", "Q4_0"])
def net(request: pytest.FixtureRequest) -> Llama:
    torch.manual_seed(0)
    sizes = LlamaConfig(width=64, layers=2, heads=2, feed_width=128, matrices=request.param)
    net = Llama(sizes).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
    return net


@pytest.mark.parametrize(("full_precision", "tolerance"), [(True, 0.01), (False, 0.15)])
def test_gguf_equals_torch(
    net: Llama, tmp_path: Path, full_precision: bool, tolerance: float
) -> None:
    if full_precision:
        plain = Llama(replace(net.config, matrices="Q8_0")).eval()
        plain.load_state_dict(net.state_dict())
        net = plain
    export_gguf(net, tmp_path / "net.gguf", full_precision)
    tokens = np.random.default_rng(0).integers(0, 208, 60).tolist()
    llama = EngineLlama(tmp_path / "net.gguf", 128)
    llama.feed(tokens)
    got = llama.logits()
    llama.close()
    with torch.no_grad():
        expected = net(torch.tensor([tokens]))[0, -1].numpy()
    # Keys are float16 and matrices rounded; the spread of the logits is the measure.
    assert np.abs(got - expected).max() < tolerance * expected.std()


def test_a_file_gives_its_network_back(net: Llama, tmp_path: Path) -> None:
    export_gguf(net, tmp_path / "net.gguf")
    restored = import_gguf(tmp_path / "net.gguf")
    assert restored.config == net.config
    tolerance = 0.01 if net.config.matrices == "Q8_0" else 0.126  # a step
    weights = net.state_dict()
    for name, got in restored.state_dict().items():
        assert (got - weights[name]).abs().max() <= tolerance * weights[name].abs().max(), name


def test_full_precision_gives_every_weight_back(net: Llama, tmp_path: Path) -> None:
    export_gguf(net, tmp_path / "net.gguf", full_precision=True)
    restored = import_gguf(tmp_path / "net.gguf").state_dict()
    for name, weight in net.state_dict().items():
        torch.testing.assert_close(restored[name], weight, atol=0, rtol=0)


def test_in_training_alone_some_of_a_layer_is_left_out() -> None:
    torch.manual_seed(0)
    sizes = LlamaConfig(width=64, layers=2, heads=2, feed_width=128)
    plain, dropping = Llama(sizes), Llama(sizes, dropout=0.5)
    dropping.load_state_dict(plain.state_dict())
    tokens = torch.arange(20)[None]
    with torch.no_grad():
        assert not torch.equal(dropping(tokens), dropping(tokens))
        torch.testing.assert_close(dropping.eval()(tokens), plain(tokens))
