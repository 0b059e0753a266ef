"""The rounding of the training is the rounding of the file."""

from __future__ import annotations

import gguf
import numpy as np
import torch
from torch import nn

from models.language.rounded_linear import RoundedLinear, rounded_to_q4_0


def test_weights_are_rounded_as_in_a_file() -> None:
    weights = torch.randn(6, 96, generator=torch.Generator().manual_seed(0))
    weights[0, :32] = 0
    q4 = gguf.GGMLQuantizationType.Q4_0
    stored = gguf.quants.quantize(weights.numpy(), q4)
    rounded = rounded_to_q4_0(weights)
    np.testing.assert_array_equal(rounded.numpy(), gguf.quants.dequantize(stored, q4))
    # What was rounded once stays.
    torch.testing.assert_close(rounded_to_q4_0(rounded), rounded, atol=1e-3, rtol=0)


def test_gradients_pass_the_rounding() -> None:
    torch.manual_seed(0)
    layer, plain = RoundedLinear(64, 8, bias=False), nn.Linear(64, 8, bias=False)
    plain.load_state_dict({"weight": rounded_to_q4_0(layer.weight)})
    values = torch.randn(3, 64)
    for each in (layer, plain):
        each(values).square().sum().backward()
    torch.testing.assert_close(layer(values), plain(values))
    torch.testing.assert_close(layer.weight.grad, plain.weight.grad)
