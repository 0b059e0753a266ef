"""dGSLM trains, resumes as if it had never been interrupted, is logged, and is kept small."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import DuologueError
from models import cli
from models.dgslm import batches, train
from models.dgslm.checkpoints import load_dgslm
from models.dgslm.losses import DgslmLosses
from models.dgslm.presets import PRESETS
from models.dgslm.train import LOG_NAME, TRAINING_NAME, root_share, train_dgslm
from models.dialogue.unit_store import save_store
from models.language.budget import Budget
from tests.models.dialogue.test_composer import toy_store


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "speech.pkl.gz"
    save_store(toy_store(), path)
    return path


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> object:
    threads = torch.get_num_threads()
    monkeypatch.setattr(batches, "HELD_OUT_WINDOWS", 2)
    for name, value in {"LOG_STEPS": 1, "HELD_OUT_STEPS": 2}.items():
        monkeypatch.setattr(train, name, value)
    yield
    torch.set_num_threads(threads)


def _train(store: Path, work: Path, steps: int, **options: Any) -> dict[str, torch.Tensor]:
    train_dgslm(store, work, Budget(steps=steps), 1, 3, "tiny", workers=0, **options)
    saved: dict[str, torch.Tensor] = torch.load(work / TRAINING_NAME, weights_only=True)["weights"]
    return saved


def _rows(work: Path) -> list[dict[str, str]]:
    with (work / LOG_NAME).open() as log:
        return list(csv.DictReader(log))


@pytest.mark.parametrize("published", [False, True])
def test_resumed_training_equals_an_uninterrupted_one(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: bool
) -> None:
    # Muon, cosine and no dropout; or Adam, root and dropout.
    if published:
        preset = replace(PRESETS["tiny"], matrix_learning_rate=None, dropout=0.2)
        monkeypatch.setitem(PRESETS, "tiny", preset)
    expected = _train(store_path, tmp_path / "whole", 5)
    honest = train.dgslm_losses
    calls = 0

    def interrupted(*given: Any) -> DgslmLosses:
        nonlocal calls
        calls += 1
        if calls == 4:  # the held-out losses are one of them
            raise KeyboardInterrupt
        return honest(*given)

    with monkeypatch.context() as patch:
        patch.setattr(train, "CHECKPOINT_SECONDS", -1)
        patch.setattr(train, "dgslm_losses", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _train(store_path, tmp_path / "parts", 5)
    assert torch.load(tmp_path / "parts" / TRAINING_NAME, weights_only=True)["step"] == 2
    got = _train(store_path, tmp_path / "parts", 5)
    for name, weight in expected.items():
        assert torch.equal(got[name], weight), name


def test_windows_one_by_one_give_the_same_update(store_path: Path, tmp_path: Path) -> None:
    whole = _train(store_path, tmp_path / "whole", 1, bfloat16=False)
    parts = _train(store_path, tmp_path / "parts", 1, bfloat16=False, rows_at_once=1)
    (one,), (other,) = _rows(tmp_path / "whole"), _rows(tmp_path / "parts")
    assert one["edge_nll"] == other["edge_nll"]
    assert one["duration_mae"] == other["duration_mae"]
    torch.testing.assert_close(parts["norm.weight"], whole["norm.weight"], atol=1e-5, rtol=0)


def test_training_lowers_the_held_out_losses(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "HELD_OUT_STEPS", 15)
    _train(store_path, tmp_path, 30)
    first, last = (row for row in _rows(tmp_path) if row["held_out_edge_nll"])
    assert (first["step"], last["step"]) == ("15", "30")
    assert float(last["held_out_edge_nll"]) < float(first["held_out_edge_nll"])
    assert float(last["held_out_duration_mae"]) < float(first["held_out_duration_mae"])
    assert 0 <= float(last["held_out_edge_accuracy"]) <= 1
    assert 0 <= float(last["held_out_duration_accuracy"]) <= 1


def test_the_command_trains_logs_and_writes_the_weights(store_path: Path, tmp_path: Path) -> None:
    (tmp_path / "speech.pkl.gz").write_bytes(store_path.read_bytes())
    options = "--preset tiny --steps 3 --jobs 1 --no-bfloat16"
    with pytest.raises(SystemExit) as ended:
        cli.main(["dgslm", "--work", str(tmp_path), *options.split()])
    assert not ended.value.code
    rows = _rows(tmp_path / "dgslm")
    assert [row["step"] for row in rows] == ["1", "2", "3"]
    assert [bool(row["held_out_edge_nll"]) for row in rows] == [False, True, True]
    assert all(float(row["edge_nll"]) > 0 and float(row["duration_mae"]) > 0 for row in rows)
    small, state = (load_dgslm(tmp_path / "dgslm" / name) for name in ("dgslm.pt", TRAINING_NAME))
    assert small.unit_count == toy_store().unit_count
    assert small.config == PRESETS["tiny"].network and not small.training
    for name, weight in state.state_dict().items():
        torch.testing.assert_close(small.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
    size = (tmp_path / "dgslm" / "dgslm.pt").stat().st_size
    weights = sum(weight.numel() for weight in small.parameters())
    assert size < 2 * weights + 30_000


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--preset nonsense", "--preset is one of dgslm-published, dgslm-cpu"),
        ("--minutes 1 --steps 2", "give --minutes or --steps, not both"),
        ("--dialogues missing", "holds no dialogues"),
    ],
)
def test_what_cannot_begin_a_training_is_told_at_once(
    options: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["dgslm", "--work", str(tmp_path), *options.split()])
    assert ended.value.code
    assert reason in " ".join(capsys.readouterr().err.split())


def test_a_checkpoint_of_another_size_is_refused(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _train(store_path, tmp_path, 1)
    tiny = PRESETS["tiny"]
    other = replace(tiny, network=replace(tiny.network, width=16))
    monkeypatch.setitem(PRESETS, "tiny", other)
    before = (tmp_path / TRAINING_NAME).read_bytes()
    with pytest.raises(DuologueError, match="another size"):
        _train(store_path, tmp_path, 2)
    assert (tmp_path / TRAINING_NAME).read_bytes() == before


def test_files_without_a_dgslm_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="There is no .*none.pt"):
        load_dgslm(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("no weights")
    with pytest.raises(DuologueError, match="does not hold a dGSLM"):
        load_dgslm(tmp_path / "text.pt")
    torch.save({"config": {}, "unit_count": 4}, tmp_path / "empty.pt")
    with pytest.raises(DuologueError, match="does not hold a dGSLM"):
        load_dgslm(tmp_path / "empty.pt")


def test_the_published_numbers() -> None:
    preset = PRESETS["dgslm-published"]
    config = preset.network
    assert (config.layers, config.cross_layers, config.heads) == (6, 4, 8)
    assert (config.width, config.feed_width, config.window) == (512, 2048, 6144)
    assert (preset.steps, preset.warmup, preset.peak_learning_rate) == (250_000, 20_000, 5e-4)
    assert preset.dropout == 0.1 and preset.matrix_learning_rate is None
    assert [root_share(step, 20_000) for step in (9_999, 19_999, 79_999)] == [0.5, 1.0, 0.5]
