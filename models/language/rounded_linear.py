"""A linear layer that is trained with the rounding of its file.

GGUF's Q4_0 stores blocks of 32 weights as whole numbers from -8 to 7 and one scale. A network that
was trained without that rounding answers worse with it; one that was trained with it has adapted.
Gradients pass as if there were no rounding (straight-through estimator).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_BLOCK, _STEPS = 32, 8


def rounded_to_q4_0(weight: Tensor) -> Tensor:
    """The weights (rows, columns) as a Q4_0 file gives them back; columns are a multiple of 32."""
    blocks = weight.float().unflatten(-1, (-1, _BLOCK))
    largest = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
    scale = largest / -_STEPS
    # As gguf does it: by the exact scale here, then stored as float16.
    inverse = torch.where(scale == 0, 0.0, 1 / scale)
    steps = (blocks * inverse + (_STEPS + 0.5)).trunc().clamp(0, 2 * _STEPS - 1) - _STEPS
    return (steps * scale.half().float()).flatten(-2).to(weight.dtype)


class RoundedLinear(nn.Linear):
    """`nn.Linear` whose matrix is used as a Q4_0 file gives it back."""

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        rounding = (rounded_to_q4_0(self.weight) - self.weight).detach()
        return functional.linear(values, self.weight + rounding, self.bias)
