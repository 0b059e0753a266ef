"""The imported HuBERT against transformers on seeded checkpoints, and as the engine's tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import HubertConfig, HubertModel
from typer.testing import CliRunner

from engine.errors import DuologueError
from engine.syncllm.unit_encoder import Tokenizer
from models.imported import hubert_export
from models.imported.checkpoint import read_weights
from models.imported.commands import app
from models.imported.hubert import Hubert, load_hubert
from models.imported.hubert_checkpoint import CHECKPOINT, imported_hubert, open_hubert
from models.imported.hubert_export import (
    best_window,
    export_hubert,
    measure_windows,
    whole_agreement,
)
from models.imported.parts import MODEL, TOKENIZER, TokenizerPart, read_part
from models.tokenizer.network import DELAY_FRAMES
from tests.models.imported.checkpoints import HUBERT, LAYER

_RNG = np.random.default_rng(0)
_SOUND = torch.from_numpy(
    (_RNG.normal(size=40 * 640) * _RNG.uniform(0.01, 0.3, 40).repeat(640)).astype(np.float32)
)
_UNITS = 50


def _write(folder: Path, safe: bool = True, **changes: Any) -> HubertModel:
    """Write transformers' own folder, with a batch norm that has seen something."""
    torch.manual_seed(0)
    config = HubertConfig(**{k: v for k, v in (HUBERT | changes).items() if k != "model_type"})
    model = HubertModel(config).eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_()
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif "norm" in name and tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.1)
    model.save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return model


@torch.no_grad()
def _theirs(model: HubertModel, audio: Tensor) -> Tensor:
    found: Tensor = model(audio, output_hidden_states=True).hidden_states[LAYER]
    return found


def _centroids(features: Tensor) -> Tensor:
    """Frames themselves, so that the units differ."""
    return features[torch.randperm(len(features), generator=torch.manual_seed(1))[:_UNITS]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint like mHuBERT-base-25hz, with centroids of its own."""
    made = tmp_path_factory.mktemp("hubert")
    model = _write(made)
    np.save(made / "km.npy", _centroids(_theirs(model, _SOUND[None])[0]).numpy())
    return made


@pytest.fixture
def net(folder: Path) -> Hubert:
    """It, imported."""
    return load_hubert(folder, torch.from_numpy(np.load(folder / "km.npy")), LAYER)


@torch.no_grad()
@pytest.mark.parametrize(
    ("changes", "safe"),
    [
        ({}, True),
        ({}, False),
        ({"conv_pos_batch_norm": False}, True),
        ({"conv_bias": True, "feat_proj_layer_norm": False, "num_conv_pos_embeddings": 15}, True),
    ],
)
def test_its_features_are_those_of_transformers(
    tmp_path: Path, changes: dict[str, Any], safe: bool
) -> None:
    model = _write(tmp_path, safe, **changes)
    ours = load_hubert(tmp_path, torch.zeros(3, 32), LAYER)
    theirs = _theirs(model, _SOUND[None])
    assert theirs.std() > 0.1
    torch.testing.assert_close(
        ours.contextual(ours.convolved(_SOUND[None])), theirs, atol=1e-4, rtol=0
    )
    padded = torch.nn.functional.pad(_SOUND[None], (40, 40))
    torch.testing.assert_close(
        ours.features(_SOUND[None]), _theirs(model, padded), atol=1e-4, rtol=0
    )


@torch.no_grad()
def test_frames_without_padding(net: Hubert) -> None:
    assert net.config.field_samples == 720
    for samples in (720, 1359, 1360, 16_000, 16_079, 16_080):
        frames = net.convolved(torch.zeros(1, samples)).shape[2]
        assert frames == (samples - 80) // 640
    assert net.features(torch.zeros(1, 16_000)).shape[1] == 25


@torch.no_grad()
def test_the_unit_is_the_nearest_centroid(net: Hubert) -> None:
    features = net.features(_SOUND[None])[0].double()
    expected = torch.cdist(features, net.centroids.double()).argmin(1)
    units = net(_SOUND[None])[0]
    assert torch.equal(units, expected)
    assert len(set(units.tolist())) > 10


@torch.no_grad()
def test_a_whole_call_is_encoded_whole(net: Hubert) -> None:
    """In pieces of the convolutions, but as one sound: no unit moves, and none is lost."""
    call = torch.cat([_SOUND, _SOUND.flip(0) * 0.1] * 9)[: 700 * 640 + 123]
    assert len(call) > 2 * 250 * 640  # several pieces
    units = net.whole_units(call)
    assert len(units) == 700
    assert (units == net(call[None, : 700 * 640])[0]).float().mean() > 0.995
    # Encoded in pieces without padding, each of them would lose a frame, and what follows shift.
    piece = 100 * 640
    lost = [net.convolved(call[None, start : start + piece]).shape[2] for start in (0, piece)]
    assert lost == [99, 99]
    assert len(net.whole_units(torch.zeros(639))) == 0


@torch.no_grad()
def test_padding_in_a_batch_would_change_the_units(net: Hubert) -> None:
    """Why there is no batched encoding."""
    alone = net.features(_SOUND[None])
    padded = torch.cat([_SOUND, torch.zeros(40 * 640)])
    beside = net.features(torch.stack([padded, padded]))[:1, :40]
    assert (alone - beside).abs().max() > 0.1


@torch.no_grad()
def test_units_come_late(folder: Path, net: Hubert) -> None:
    late = load_hubert(folder, net.centroids, LAYER, delay_frames=2)
    units, now = late(_SOUND[None])[0], net(_SOUND[None])[0]
    assert torch.equal(units[2:], now[:-2])
    assert torch.equal(units[:2], now[:1].expand(2))
    assert torch.equal(late.whole_units(_SOUND), units)
    assert (
        torch.equal(late(_SOUND[None, :640])[0], now[:1]) or len(late(_SOUND[None, :640])[0]) == 1
    )


def test_the_exported_tokenizer_gives_the_units_of_whole_files(net: Hubert, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.onnx"
    export_hubert(net, path, exact=True)
    tokenizer = Tokenizer(path, net.unit_count)
    assert len(tokenizer.begin()) == 0
    whole = net.whole_units(_SOUND).numpy()
    assert (tokenizer.encode_file(_SOUND.numpy()) == whole).mean() > 0.95
    assert whole_agreement(net, path, [_SOUND.numpy()[:-1]]) > 0.95
    assert len(tokenizer.units(_SOUND.numpy()[: 9 * 640])) == 9
    # A window that holds all of the sound before gives nearly all units.
    found = measure_windows(net, path, [_SOUND.numpy()], (400, 1600), (0, 400))
    shares = {(one.window_ms, one.lookahead_ms): one.share for one in found}
    assert shares[1600, 400] > shares[400, 0]
    assert best_window(found).share >= max(shares.values()) - 0.02


def test_the_command_writes_the_part_and_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    arguments = ["import-hubert", str(folder), "--centroids", str(folder / "km.npy"), "--work"]
    more = ["--layer", str(LAYER), "--seconds", "2", "--window-ms", "400"]
    result = CliRunner().invoke(app, [*arguments, str(tmp_path), *more], catch_exceptions=False)
    assert result.exit_code == 0
    assert "160 ms ahead" in result.output
    part = read_part(tmp_path / TOKENIZER, TokenizerPart)
    count = len(np.load(folder / "km.npy"))
    assert part and part.unit_count == count and part.window_ms == 400
    assert part.delay_ms == 40 * DELAY_FRAMES
    opened = open_hubert(tmp_path / TOKENIZER / CHECKPOINT)
    assert opened.delay_frames == DELAY_FRAMES
    tokenizer = Tokenizer(tmp_path / TOKENIZER / MODEL, count)
    same = tokenizer.encode_file(_SOUND.numpy()) == opened.whole_units(_SOUND).numpy()
    assert same.mean() > 0.8  # the matrices are whole numbers
    (tmp_path / "tok" / "tokenizer.pt").touch()
    with pytest.raises(DuologueError, match="was trained here; give another work folder"):
        CliRunner().invoke(app, [*arguments, str(tmp_path), *more], catch_exceptions=False)


def test_an_import_that_was_interrupted_is_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["import-hubert", str(folder), "--centroids", str(folder / "km.npy")]
    arguments += ["--work", str(tmp_path), "--layer", str(LAYER), "--seconds", "2"]
    arguments += ["--window-ms", "400", "--lookahead-ms", "0"]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert read_part(tmp_path / TOKENIZER, TokenizerPart) and imported_hubert(tmp_path)

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    # The new model has another delay than the settings of the one before.
    monkeypatch.setattr(hubert_export, "measure_windows", stopped)
    assert CliRunner().invoke(app, [*arguments, "--delay-ms", "0"]).exit_code
    assert read_part(tmp_path / TOKENIZER, TokenizerPart) is None
    assert imported_hubert(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conv_stride": [5, 2, 2, 2, 2, 2, 2, 1]}, "a step of 320 samples"),
        ({"model_type": "wav2vec2"}, "is not that of a HuBERT"),
        ({"feat_extract_norm": "layer"}, "feat_extract_norm 'layer', but Duologue reads"),
        ({"do_stable_layer_norm": True}, "do_stable_layer_norm True"),
        ({"num_hidden_layers": 1}, "has 1 layers; there is no layer 2"),
        ({"hidden_size": 30}, "does not divide"),
        ({"hidden_size": "wide"}, "has an error"),
        ({"intermediate_size": 47}, r"in shape \(48, 32\) instead of \(47, 32\)"),
    ],
)
def test_other_networks_are_refused(
    folder: Path, net: Hubert, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(HUBERT | change))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(DuologueError, match=said):
        load_hubert(tmp_path, net.centroids, LAYER)


def test_foreign_centroids_are_refused(folder: Path) -> None:
    with pytest.raises(DuologueError, match="centroids have 31 values each, but .* gives 32"):
        load_hubert(folder, torch.zeros(4, 31), LAYER)


def test_weights_in_parts_and_damaged_ones(folder: Path, tmp_path: Path) -> None:
    whole = read_weights(folder)
    model = HubertModel.from_pretrained(folder)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert (tmp_path / "model.safetensors.index.json").is_file()
    parts = read_weights(tmp_path)
    assert parts.keys() == whole.keys()
    assert all(torch.equal(parts[name], whole[name]) for name in whole)
    content = (folder / "model.safetensors").read_bytes()
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for some in (b"", content[:100], content[:-1], b"\xff" * 100):
        (damaged / "model.safetensors").write_bytes(some)
        with pytest.raises(DuologueError, match="no whole safetensors file"):
            read_weights(damaged)
    (damaged / "model.safetensors").unlink()
    with pytest.raises(DuologueError, match=r"neither model.safetensors nor pytorch_model.bin"):
        read_weights(damaged)
    torch.save(HubertConfig(), damaged / "pytorch_model.bin")
    with pytest.raises(DuologueError, match="holds more than weights, which Duologue does not run"):
        read_weights(damaged)
