"""Two processes learn what one learns, and any number goes on where another stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import DuologueError
from models.dialogue.unit_store import save_store
from models.language import train
from models.language.processes import Processes, own_gpu
from tests.models.dialogue.test_composer import toy_store
from tests.models.language import parallel_training as training

_ROOT = Path(__file__).parents[3]
_TOLERANCE = 1e-5


def _together(count: int, *arguments: Path) -> None:
    """Run the training in real processes, with torchrun's variables."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "PYTHONPATH": str(_ROOT),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.models.language.parallel_training"]
    running = [
        subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=_ROOT,
            env=os.environ | variables | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    try:
        told = [process.communicate(timeout=280)[1] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0] * count, told


def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process the only one of torchrun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in (("WORLD_SIZE", 1), ("RANK", 0), ("LOCAL_RANK", 0), ("MASTER_PORT", port)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")


def test_two_processes_learn_what_one_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.prepare(monkeypatch.setattr)
    store = tmp_path / "speech.pkl.gz"
    save_store(toy_store(), store)
    expected = training.run(store, tmp_path / "one")
    assert len(expected) == training.STEPS + 1  # the last one again, with its held-out loss
    assert expected[-1] < 0.9 * expected[0]

    # One process of torchrun stops early.
    honest_loss, calls = train.dialogue_loss, 0

    def interrupted(*given: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return honest_loss(*given, **options)

    with monkeypatch.context() as patch:
        _alone(patch)
        patch.setattr(train, "dialogue_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.run(store, tmp_path / "resumed")
    assert (tmp_path / "resumed" / "stage3.shards").is_dir()

    # Two go all the way, in single sequences, and go on where the one stopped.
    _together(2, store, tmp_path / "two")
    _together(2, store, tmp_path / "resumed")
    for name in ("two", "resumed"):
        assert training.losses(tmp_path / name) == pytest.approx(expected, abs=_TOLERANCE), name
        assert not (tmp_path / name / "stage3.shards").exists()

    # One goes on where the two were after ten steps.
    last = tmp_path / "last"
    last.mkdir()
    (tmp_path / "two" / "kept-stage3.shards").rename(last / "stage3.shards")
    later = training.run(store, last)
    assert later == pytest.approx(expected[training.KEPT_STEP :], abs=_TOLERANCE)
    assert not (last / "stage3.shards").exists()

    whole = torch.load(tmp_path / "one" / "lm.pt", weights_only=True)["net"]
    for name in ("two", "resumed", "last"):
        got = torch.load(tmp_path / name / "lm.pt", weights_only=True)["net"]
        for part, weight in whole.items():
            torch.testing.assert_close(got[part], weight, atol=1e-4, rtol=1e-3)


def test_what_cannot_be_divided_is_refused() -> None:
    preset = train.PRESETS["starter-voice"]
    cpu = torch.device("cpu")
    with pytest.raises(DuologueError, match="8 sequences, which 3 processes cannot share evenly"):
        train._check_processes(preset, "starter-voice", (3,), Processes(0, 3, cpu, True))
    with pytest.raises(DuologueError, match="starter-voice is for one process"):
        train._check_processes(preset, "starter-voice", (3,), Processes(0, 2, cpu, True))
    train._check_processes(preset, "starter-voice", (3,), Processes(0, 1, cpu, False))


def test_more_processes_than_gpus_are_refused() -> None:
    assert own_gpu(1, 2) == torch.device("cuda", 1)
    with pytest.raises(DuologueError, match="--nproc-per-node 2"):
        own_gpu(2, 2)
