"""Every stage trains, resumes as if it had never been interrupted, and is logged."""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import describe_file, write_manifest
from models.dialogue.unit_store import save_store
from models.language import batches
from models.language import train as train_lm
from models.language.budget import Budget
from models.language.bundle_start import bundle_weights
from models.language.checkpoints import recover_shards, remove_shards, shards_of
from models.language.dialogue_loss import DialogueLoss, LlamaWithWordHead, words_of
from models.language.gguf import export_gguf, llama_from_gguf, load_llama
from models.language.llama import Llama, LlamaConfig
from models.language.presets import PRESETS
from models.language.sequences import Format
from models.language.vocabulary import Vocabulary
from models.script.words import script_words
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.models.dialogue.test_composer import own_units_store, toy_store


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "speech.pkl.gz"
    save_store(toy_store(), path)
    return path


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "HELD_OUT_SEQUENCES", 2)
    for name, value in {"LOG_STEPS": 1, "HELD_OUT_STEPS": 2}.items():
        monkeypatch.setattr(train_lm, name, value)


def _train(
    store: Path, work: Path, stages: Sequence[int] = (1, 2, 3), steps: int = 6, **options: Any
) -> dict[str, torch.Tensor]:
    path = train_lm.train_lm(
        store, work, Budget(steps=steps), 1, 3, "tiny", stages, compiled=False, **options
    )
    weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["net"]
    return weights


def test_resumed_training_equals_an_uninterrupted_one(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _train(store_path, tmp_path / "whole")
    honest_loss = train_lm.dialogue_loss
    calls = 0

    def interrupted(*given: Any, **options: Any) -> DialogueLoss:
        nonlocal calls
        calls += 1
        if calls == 4:  # the second step of stage 2
            raise KeyboardInterrupt
        return honest_loss(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(train_lm, "CHECKPOINT_SECONDS", -1)
        patch.setattr(train_lm, "HELD_OUT_STEPS", 100)
        patch.setattr(train_lm, "dialogue_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _train(store_path, tmp_path / "parts")
    assert not (tmp_path / "parts" / "stage3.pt").exists()
    got = _train(store_path, tmp_path / "parts")
    for name, weight in expected.items():
        assert torch.equal(got[name], weight), name


def test_stages_can_be_run_alone(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work", (1, 2), 4)
    two = torch.load(tmp_path / "work" / "stage2.pt", weights_only=True)["net"]
    three = _train(store_path, tmp_path / "work", (3,), 1)
    alone = _train(store_path, tmp_path / "other", (3,), 1)

    def apart(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
        return sum(float((first[name] - second[name]).abs().sum()) for name in first)

    assert 0 < apart(two, three) < apart(two, alone)


def test_training_goes_on_from_a_bundle(store_path: Path, tmp_path: Path) -> None:
    trained = _train(store_path, tmp_path / "work", (3,), 4)
    bundle = write_tiny_bundle(tmp_path / "bundle")
    export_gguf(load_llama(tmp_path / "work" / "lm.pt"), bundle.language_model)
    described = describe_file(bundle.language_model)
    files = bundle.manifest.files.model_copy(update={"language_model": described})
    write_manifest(bundle.folder, bundle.manifest.model_copy(update={"files": files}))
    more = _train(store_path, tmp_path / "more", (3,), 1, bundle=bundle.folder)
    alone = _train(store_path, tmp_path / "alone", (3,), 1)

    def apart(other: dict[str, torch.Tensor]) -> float:
        return sum(float((trained[name] - other[name]).abs().sum()) for name in trained)

    assert 0 < apart(more) < 0.5 * apart(alone)


def test_own_units_are_added_to_the_rows_of_a_bundle(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work", (3,), 2)
    bundle = write_tiny_bundle(tmp_path / "bundle")
    export_gguf(load_llama(tmp_path / "work" / "lm.pt"), bundle.language_model)
    described = describe_file(bundle.language_model)
    files = bundle.manifest.files.model_copy(update={"language_model": described})
    write_manifest(bundle.folder, bundle.manifest.model_copy(update={"files": files}))
    old = llama_from_gguf(bundle.language_model).embedding.weight.detach()
    save_store(own_units_store(), tmp_path / "own.pkl.gz")
    store = own_units_store()
    vocabulary = Vocabulary(store.unit_count, script_words(), store.own_unit_count)
    network = PRESETS["tiny"].network
    assert network is not None
    config = replace(network, vocabulary=vocabulary.size)
    known = (bundle.folder, config, vocabulary, store)
    rows = bundle_weights(*known, None)["embedding.weight"]
    assert len(rows) == len(old) + 144  # a multiple of 8
    assert torch.equal(rows[: len(old)], old)
    count = store.unit_count
    turned = np.roll(np.eye(count), 1, axis=1)
    turned[0] = np.repeat([0.25, 0], [4, count - 4])
    changed = bundle_weights(*known, turned)["embedding.weight"]
    torch.testing.assert_close(changed[0], rows[:4].mean(0))
    torch.testing.assert_close(changed[1 : count - 1], rows[2:count])
    torch.testing.assert_close(changed[count : len(old)], rows[count : len(old)])
    # The agent's silence is heard as unit 0 in this store.
    assert torch.allclose(rows[len(old)], old[0], atol=1e-3)
    form = Format(text=False, own_table=False)
    single = _train(
        tmp_path / "own.pkl.gz", tmp_path / "single", (3,), 1,
        form=form, bundle=bundle.folder,
    )  # fmt: skip
    assert len(single["embedding.weight"]) == len(old)


def test_no_unit_of_the_other_speaker_is_a_candidate() -> None:
    vocabulary = Vocabulary(20, ("a",), 9)
    config = LlamaConfig(vocabulary.size, 16, 1, 2, 16)
    torch.manual_seed(0)
    model = LlamaWithWordHead(Llama(config), 0, vocabulary, text=False)
    own, s0, s1 = vocabulary.own_unit_base, vocabulary.s0, vocabulary.s1
    ids = torch.tensor([[vocabulary.bos[160], s0, own, own + 8, s1, 3, 4, s0, s1]])
    logits, _ = model(ids)
    chances = torch.zeros(*ids.shape, vocabulary.size)
    chances[..., model.used_U] = logits.softmax(-1)
    theirs = chances[0, :, : vocabulary.unit_count].sum(-1)
    ours = chances[0, :, own : own + 9].sum(-1)
    agents_part = torch.tensor([True, True, True, True, False, False, False, True, False])
    assert torch.equal(theirs == 0, agents_part)
    assert torch.equal(ours == 0, ~agents_part)
    full = model.net(ids)[0, 2]
    allowed = torch.tensor(
        [*range(vocabulary.unit_count, vocabulary.own_base), *range(own, vocabulary.size)]
    )
    assert torch.allclose(chances[0, 2, allowed], full[allowed].softmax(-1), atol=1e-6)


def test_the_losses_of_both_sides_are_logged(tmp_path: Path) -> None:
    save_store(own_units_store(), tmp_path / "own.pkl.gz")
    _train(tmp_path / "own.pkl.gz", tmp_path / "work", (3,), 2, form=Format(text=False))
    with (tmp_path / "work" / "lm.csv").open() as log:
        (row,) = (row for row in csv.DictReader(log) if row["held_out_loss"])
    assert 0 < float(row["held_out_own"]) < 2 * math.log(140)
    assert 0 < float(row["held_out_user"]) < 2 * math.log(200)


def test_a_bundle_of_other_sizes_is_refused(store_path: Path, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    with pytest.raises(DuologueError, match="another size"):
        _train(store_path, tmp_path / "work", (3,), 1, bundle=bundle.folder)
    with pytest.raises(DuologueError, match="does not hold the language model"):
        llama_from_gguf(bundle.vocoder)


def test_every_stage_is_logged_with_its_held_out_loss(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work")
    with (tmp_path / "work" / "lm.csv").open() as log:
        rows = list(csv.DictReader(log))
    assert [(row["stage"], row["step"]) for row in rows] == [
        (stage, step) for stage in "123" for step in "12"
    ]
    assert [bool(row["held_out_loss"]) for row in rows] == [False, True] * 3
    assert [bool(row["held_out_named"]) for row in rows] == [False, True] * 3
    assert all(float(row["loss"]) > 0 for row in rows)


@pytest.mark.parametrize("stage", [1, 3])
def test_training_lowers_the_held_out_loss(
    store_path: Path, tmp_path: Path, stage: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_lm, "HELD_OUT_STEPS", 15)
    _train(store_path, tmp_path / "work", (stage,), 30)
    with (tmp_path / "work" / "lm.csv").open() as log:
        losses = [float(r["held_out_loss"]) for r in csv.DictReader(log) if r["held_out_loss"]]
    assert losses[1] < losses[0]


def test_a_short_stage_has_a_held_out_loss_too(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_lm, "HELD_OUT_STEPS", 100)
    _train(store_path, tmp_path / "work", (1, 3), 3)
    with (tmp_path / "work" / "lm.csv").open() as log:
        told = [row for row in csv.DictReader(log) if row["held_out_loss"]]
    assert [(row["stage"], row["step"]) for row in told] == [("1", "2"), ("3", "2")]


def test_words_of_texts() -> None:
    bags = words_of(["b a b", "c", "d"], ["a", "b", "c"])
    assert bags.tolist() == [[True, True, False], [False, False, True], [False, False, False]]


def test_budgets() -> None:
    with pytest.raises(ValueError, match="either minutes or steps"):
        Budget(1.0, 5)
    cpu = PRESETS["starter-cpu"]
    assert Budget().of_stage(2, (1, 2, 3), cpu) == Budget(steps=2000)
    assert Budget(minutes=70).of_stage(3, (2, 3), cpu) == Budget(minutes=50)


def test_the_papers_own_numbers() -> None:
    paper = PRESETS["llama3-8b"]
    tokens = {stage: one.batch * paper.context for stage, one in paper.stages.items()}
    assert tokens == {1: 1 << 20, 2: 1 << 19, 3: 1 << 18}
    assert [one.steps for one in paper.stages.values()] == [40_000, 6_000, 2_000]
    assert [one.warmup for one in paper.stages.values()] == [500, 200, 100]
    assert [one.peak_learning_rate for one in paper.stages.values()] == [3e-5, 2.2e-5, 1.5e-5]


def test_what_cannot_be_trained_is_refused(store_path: Path, tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="Llama-3-8B"):
        train_lm.train_lm(store_path, tmp_path, Budget(), 1, 0, "llama3-8b")
    with pytest.raises(ValueError, match="in their order"):
        _train(store_path, tmp_path, (2, 1))


def test_a_checkpoint_of_another_format_is_refused(store_path: Path, tmp_path: Path) -> None:
    _train(store_path, tmp_path / "work", (2,), 1)
    with pytest.raises(DuologueError, match="another size or format"):
        _train(store_path, tmp_path / "work", (2,), 2, form=Format(boundary_emit=False))


def test_an_interrupted_exchange_of_shards_loses_nothing(tmp_path: Path) -> None:
    folder = shards_of(tmp_path / "stage1.pt")
    part, old = tmp_path / "stage1.part-shards", tmp_path / "stage1.old-shards"
    for path, step in ((part, "2"), (old, "1")):
        path.mkdir()
        (path / "step").write_text(step)
    recover_shards(folder)  # killed between the two renames
    assert (folder / "step").read_text() == "2"
    folder.rename(part)
    shutil.rmtree(part)
    recover_shards(folder)
    assert (folder / "step").read_text() == "1"
    part.mkdir()  # being written when it was killed
    recover_shards(folder)
    assert (folder / "step").read_text() == "1"
    remove_shards(folder)
    recover_shards(folder)
    assert list(tmp_path.iterdir()) == []
