"""Several processes that train one network: torchrun starts them, FSDP2 divides the weights.

Every process composes its rows of a batch and holds its part of each weight, gradient and moment. A
layer is put together when it is computed and given up afterwards. One process that torchrun did not
start divides nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    set_model_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

from engine.errors import DuologueError

_COUNT_VARIABLE = "WORLD_SIZE"
"""Set by torchrun."""
_PATIENCE = timedelta(hours=2)
"""How long processes wait for one another. The ten minutes that torch gives GPUs are too short for
the first one to read a whole text LLM or to write it."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together."""

    rank: int
    count: int
    device: torch.device
    sharded: bool
    """Whether torchrun started them, even a single one."""

    @property
    def first(self) -> bool:
        """Whether this one writes the log and the finished checkpoint."""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """The sum of each value over all processes; all of them have to ask."""
        if self.count == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(sums)
        return sums.tolist()

    def from_first(self, values: Sequence[float]) -> list[float]:
        """The first process's values; all of them have to ask."""
        return self.total(values if self.first else [0.0] * len(values))

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.sharded:
            distributed.barrier()


@contextmanager
def joined() -> Iterator[Processes]:
    """This process, joined with the others of torchrun if there are any."""
    cuda = torch.cuda.is_available()
    if _COUNT_VARIABLE not in os.environ:
        yield Processes(0, 1, torch.device("cuda" if cuda else "cpu"), False)
        return
    device = torch.device("cpu")
    if cuda:
        device = own_gpu(int(os.environ["LOCAL_RANK"]), torch.cuda.device_count())
        torch.cuda.set_device(device)
    # Counts and checkpoints go from CPU to CPU, weights and gradients from GPU to GPU.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size(), device, True)
    finally:
        distributed.destroy_process_group()


def own_gpu(local_rank: int, gpus: int) -> torch.device:
    """The GPU of a machine's process; DuologueError where there are fewer GPUs than processes."""
    if local_rank >= gpus:
        raise DuologueError(
            f"torchrun started more processes than this machine's {gpus} GPU(s); start it with "
            f"--nproc-per-node {gpus}."
        )
    return torch.device("cuda", local_rank)


def shard(
    model: nn.Module, layers: Sequence[nn.Module], processes: Processes, bfloat16: bool
) -> None:
    """Divide a model on the meta device among the processes; its weights are then still unset.

    ``layers`` are gathered one by one, everything else together. With ``bfloat16`` they compute in
    it; weights, gradients and moments stay float32.
    """
    # Buffers are real already, and would be emptied with the weights.
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    for weight in model.parameters():
        if not weight.numel():  # a head for no words; its gradient cannot be divided (torch 2.13)
            weight.requires_grad_(False)
    mesh = init_device_mesh(processes.device.type, (processes.count,))
    policy = MixedPrecisionPolicy()
    if bfloat16:
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for layer in layers:
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(model, mesh=mesh, mp_policy=policy)
    model.to_empty(device=processes.device)
    for name, buffer in model.named_buffers():
        buffer.copy_(buffers[name])


def spread(model: nn.Module, whole: dict[str, Any]) -> None:
    """Set a divided model's weights to those that the first process has."""
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)
    set_model_state_dict(model, whole, options=options)


def gathered(model: nn.Module) -> dict[str, Any]:
    """The whole weights of a divided model, in the first process; nothing in the others."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return get_model_state_dict(model, options=options)
