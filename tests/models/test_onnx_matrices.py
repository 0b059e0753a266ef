"""Rounded matrices: nearly the same output, a smaller file, and weights that can be read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.onnx_matrices import exact_matrices, round_matrices
from models.onnx_weights import complete_state, halve_weights, weights_by_name

_WIDTH, _ALIKE = 64, 4
_WIDE = 1536  # so many scales are stored as float16


class Blocks(nn.Module):
    """Some blocks, and a last layer that comes once."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(_WIDTH, _WIDTH) for _ in range(_ALIKE))
        self.last = nn.Linear(_WIDTH, 32)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + block(x).tanh()
        result: Tensor = self.last(x)
        return result


@pytest.fixture
def net() -> Blocks:
    torch.manual_seed(0)
    return Blocks().eval()


@pytest.fixture
def path(net: Blocks, tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    given = torch.zeros(1, 3, _WIDTH)
    torch.onnx.export(net, (given,), path, dynamo=True, external_data=False, verbose=False)
    return path


def output(path: Path, value: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {session.get_inputs()[0].name: value})[0]
    return found


@pytest.mark.parametrize("halved", [False, True])
def test_the_blocks_are_rounded_and_the_last_layer_is_not(
    net: Blocks, path: Path, halved: bool
) -> None:
    value = np.random.default_rng(0).normal(size=(1, 3, _WIDTH)).astype(np.float32)
    exact, before = output(path, value), path.stat().st_size
    if halved:
        halve_weights(path)
    round_matrices(path)
    operators = [node.op_type for node in onnx.load(path).graph.node]
    assert operators.count("MatMulInteger") == _ALIKE
    rounded = output(path, value)
    error = np.sqrt(np.square(rounded - exact).mean() / np.square(exact).mean())
    assert 0 < error < 0.02
    assert path.stat().st_size < 0.6 * before
    again = path.read_bytes()
    round_matrices(path)
    assert path.read_bytes() == again


def test_no_product_overflows_a_processor_without_vnni(path: Path) -> None:
    round_matrices(path)
    weights = {each.name: each for each in onnx.load(path).graph.initializer}
    matrices = [numpy_helper.to_array(w) for n, w in weights.items() if n.endswith("_quantized")]
    assert len(matrices) == _ALIKE
    assert all(np.abs(matrix.astype(int)).max() <= 64 for matrix in matrices)


@pytest.mark.parametrize("width", [_WIDTH, _WIDE])
def test_rounded_weights_are_read_back(tmp_path: Path, width: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Sequential(nn.Linear(_WIDTH, width), nn.Linear(width, _WIDTH)) for _ in range(_ALIKE))
    ).eval()
    path = tmp_path / "net.onnx"
    given = torch.zeros(1, 3, _WIDTH)
    torch.onnx.export(net, (given,), path, dynamo=True, external_data=False, verbose=False)
    round_matrices(path)
    graph = onnx.load(path).graph
    state = complete_state(net.state_dict(), weights_by_name(graph), graph)
    for name, weights in net.state_dict().items():
        assert state[name].shape == weights.shape
        assert torch.allclose(state[name], weights, atol=float(weights.abs().max()) / 60), name


def test_a_file_without_such_blocks_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "one.onnx"
    one = nn.Linear(_WIDTH, _WIDTH)
    torch.onnx.export(
        one, (torch.zeros(1, 3, _WIDTH),), path, dynamo=True, external_data=False, verbose=False
    )
    before = path.read_bytes()
    round_matrices(path)
    assert path.read_bytes() == before


def test_exact_products_of_rounded_weights(net: Blocks, path: Path) -> None:
    round_matrices(path)
    value = np.random.default_rng(0).normal(size=(1, 3, _WIDTH)).astype(np.float32)
    rounded = output(path, value)
    exact_matrices(path)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("MatMul") + kinds.count("Gemm") == _ALIKE + 1
    assert not {"MatMulInteger", "DynamicQuantizeLinear"} & set(kinds)
    truth = net(torch.from_numpy(value)).detach().numpy()
    exact = output(path, value)
    # What is left is the rounding of the weights.
    assert 0 < np.abs(exact - truth).max() < np.abs(rounded - truth).max() + 0.02
    exact_matrices(path)
    assert np.array_equal(output(path, value), exact)
