"""Checkpoints of a stage of the language model.

One process writes one file (``stage1.pt``). Several write a folder of their parts
(``stage1.shards``) until the stage is finished, then the first writes that file, too. Any number of
processes, also one, goes on from such a folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

from engine.errors import DuologueError
from models.language.llama import LlamaConfig
from models.language.processes import Processes

_DESCRIPTION = "described.json"
ANOTHER_NETWORK = (
    "{} holds a network of another size or format; give the options that it was begun with, or "
    "another --work."
)


def shards_of(path: Path) -> Path:
    """The folder of an unfinished stage of several processes whose file is ``path``."""
    return path.with_suffix(".shards")


def _beside(folder: Path) -> tuple[Path, Path]:
    """Where the next folder is written, and where the last one waits until that is whole."""
    return folder.with_suffix(".part-shards"), folder.with_suffix(".old-shards")


def recover_shards(folder: Path) -> None:
    """Finish an exchange of folders that was interrupted. One of the processes does it."""
    part, before = _beside(folder)
    if before.exists() and not folder.exists():
        # The last one goes only when the next is whole.
        (part if part.exists() else before).rename(folder)


def remove_shards(folder: Path) -> None:
    """Delete a folder; it is gone at once, even if the deletion is interrupted."""
    part, before = _beside(folder)
    shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.rename(part)
        shutil.rmtree(part, ignore_errors=True)


def described(saved: dict[str, Any]) -> dict[str, Any]:
    """What a file tells of its network; what an older one leaves out has its default."""
    names = ("unit_count", "own_unit_count", "words", "format", "context")
    return {
        "config": asdict(LlamaConfig(**saved["config"])),
        "pieces": saved.get("pieces", []),
        **{name: saved.get(name) for name in names},
    }


def save_file(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def save_shards(
    folder: Path,
    description: dict[str, Any],
    model: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    step: int,
    spent: float,
    processes: Processes,
) -> None:
    """Write every process's part; a folder that is there stays until all are written."""
    part, before = _beside(folder)
    if processes.first:
        shutil.rmtree(part, ignore_errors=True)
    processes.wait()
    weights, moments = get_state_dict(model, list(optimizers))
    checkpoint.save({"model": weights, "optimizers": moments}, checkpoint_id=part)
    if processes.first:
        told = {"described": description, "step": step, "spent": spent}
        (part / _DESCRIPTION).write_text(json.dumps(told), encoding="utf8")
        shutil.rmtree(before, ignore_errors=True)
        if folder.exists():
            folder.rename(before)
        part.rename(folder)
        shutil.rmtree(before, ignore_errors=True)
    processes.wait()


def load_shards(
    folder: Path,
    description: dict[str, Any],
    model: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
) -> tuple[int, float]:
    """Set the model and the optimizers; returns the step and what was spent.

    Raises DuologueError where the folder holds another network.
    """
    told = json.loads((folder / _DESCRIPTION).read_text(encoding="utf8"))
    if told["described"] != json.loads(json.dumps(description)):
        raise DuologueError(ANOTHER_NETWORK.format(folder))
    weights, moments = get_state_dict(model, list(optimizers))
    state: dict[str, Any] = {"model": weights, "optimizers": moments}
    checkpoint.load(state, checkpoint_id=folder)
    set_state_dict(
        model,
        list(optimizers),
        model_state_dict=state["model"],
        optim_state_dict=state["optimizers"],
    )
    return int(told["step"]), float(told["spent"])
