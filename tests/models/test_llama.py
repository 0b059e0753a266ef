"""The language model gives the same logits in torch and, exported, under llama.cpp; training
resumes as if it had never been interrupted."""

from __future__ import annotations

import csv
import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.llama import Llama as EngineLlama
from models import script, train_lm
from models.export_gguf import export_gguf
from models.llama import PRESETS, Llama
from models.train_lm import BOS, S0, S1, UNIT_COUNT, USER_WEIGHT, token_weights
from tests.models.test_dialogues import toy_store


@pytest.fixture(scope="module")
def net() -> Llama:
    torch.manual_seed(0)
    net = Llama(PRESETS["tiny"]).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
    return net


@pytest.mark.parametrize(("full_precision", "tolerance"), [(True, 0.01), (False, 0.15)])
def test_gguf_equals_torch(
    net: Llama, tmp_path: Path, full_precision: bool, tolerance: float
) -> None:
    export_gguf(net, tmp_path / "net.gguf", full_precision)
    tokens = np.random.default_rng(0).integers(0, 208, 60).tolist()
    llama = EngineLlama(tmp_path / "net.gguf", 128)
    llama.feed(tokens)
    got = llama.logits()
    llama.close()
    with torch.no_grad():
        expected = net(torch.tensor([tokens]))[0, -1].numpy()
    # Keys are float16 and matrices Q8_0; the spread of the logits is the measure.
    assert np.abs(got - expected).max() < tolerance * expected.std()


def test_only_the_users_units_weigh_less() -> None:
    ids = np.array([BOS[160], S0, 5, 6, S1, 7, 8, S0, S1, 9, S0, 1])
    expected = np.ones(len(ids))
    expected[[5, 6, 9]] = USER_WEIGHT
    assert ids.max() < UNIT_COUNT + 8
    np.testing.assert_allclose(token_weights(ids), expected)


def test_the_users_sentence_is_to_be_named_once_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_lm, "CONTEXT", 100)
    store, texts = toy_store(), script.user_sentences()
    named = others = 0
    for ids, _, said in itertools.islice(train_lm.training_rows(store, 1), 40):
        for number in set(said[said >= 0].tolist()):
            # The toy store says every sentence in one unit of its own.
            units = store.user[texts[number]][0].units
            first = np.flatnonzero(said == number)[0]
            if first == 0:
                continue  # over before the row began
            heard = ids[:first][ids[:first] < UNIT_COUNT]
            assert ids[first] == S0
            named += units[len(units) // 2] in heard[-6:]
            others += units[len(units) // 2] not in heard[-6:]
    assert named > 40
    # A unit may be misheard.
    assert others < named / 4


@pytest.fixture
def store_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy store on disk, and training made small."""
    for name, value in {"BATCH": 2, "CONTEXT": 64, "LOG_STEPS": 1, "HELD_OUT_STEPS": 2}.items():
        monkeypatch.setattr(train_lm, name, value)
    path = tmp_path / "speech.pkl"
    path.write_bytes(pickle.dumps(toy_store()))
    return path


def _train(store: Path, work: Path, steps: int = 4) -> dict[str, torch.Tensor]:
    path = train_lm.train_lm(store, work, None, 1, 3, "tiny", steps, compiled=False)
    weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["net"]
    return weights


def test_resumed_training_equals_an_uninterrupted_one(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _train(store_path, tmp_path / "whole")
    honest_loss = train_lm.dialogue_loss
    calls = 0

    def interrupted(
        net: torch.nn.Module, *rows: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, float]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return honest_loss(net, *rows)

    with monkeypatch.context() as patch:
        patch.setattr(train_lm, "CHECKPOINT_SECONDS", -1)
        patch.setattr(train_lm, "HELD_OUT_STEPS", 100)
        patch.setattr(train_lm, "dialogue_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _train(store_path, tmp_path / "parts")
    got = _train(store_path, tmp_path / "parts")
    for name, weight in expected.items():
        assert torch.equal(got[name], weight), name


def test_training_is_logged(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work")
    with (tmp_path / "work" / "lm.csv").open() as log:
        rows = list(csv.DictReader(log))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert [bool(row["held_out_loss"]) for row in rows] == [False, True, False, True]
    assert [bool(row["held_out_named"]) for row in rows] == [False, True, False, True]
    assert all(float(row["loss"]) > 0 for row in rows)


def test_one_budget_is_wanted(store_path: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either minutes or steps"):
        train_lm.train_lm(store_path, tmp_path, 1.0, 1, 0, "tiny", 5)


def test_a_checkpoint_of_another_size_is_refused(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work", 1)
    with pytest.raises(ValueError, match="another size"):
        train_lm.train_lm(store_path, tmp_path / "work", None, 1, 3, "starter", 2)
