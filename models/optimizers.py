"""The optimizers and the learning-rate schedule that the trainings share.

Muon updates the matrices, AdamW everything else. Knows no network.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

Optimizers = list[tuple[torch.optim.Optimizer, float]]
"""Each optimizer with its peak learning rate."""


def muon_and_adam(
    parameters: Iterable[Tensor],
    matrices: Iterable[Tensor],
    rate: float,
    matrix_learning_rate: float | None,
    betas: tuple[float, float],
) -> Optimizers:
    """Muon for ``matrices``, AdamW at ``rate`` for the other ``parameters``.

    ``matrices`` are some of ``parameters``. With no ``matrix_learning_rate`` AdamW takes all.
    """
    chosen = list(matrices) if matrix_learning_rate else []
    theirs = {id(weight) for weight in chosen}
    others = [weight for weight in parameters if id(weight) not in theirs]
    made: Optimizers = []
    if matrix_learning_rate:
        muon = torch.optim.Muon(
            chosen, matrix_learning_rate, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"
        )
        made.append((muon, matrix_learning_rate))
    return [*made, (torch.optim.AdamW(others, rate, betas=betas, weight_decay=0.01), rate)]


def set_learning_rates(
    optimizers: Optimizers, done: float, step: int, warmup: int, final_share: float
) -> None:
    """Set the rates: linear warm-up over ``warmup`` steps, times a cosine over the budget.

    ``done`` (0 to 1) is the share of the budget that is spent. The rates never fall below
    ``final_share`` of their peaks after the warm-up.
    """
    share = max(final_share, (1 + math.cos(math.pi * done)) / 2) * min(1, (step + 1) / warmup)
    for optimizer, peak in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = peak * share
