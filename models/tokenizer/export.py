"""Export the tokenizer to ONNX, and find its unit of silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.onnx_weights import halve_weights
from models.tokenizer.network import TokenizerNet, load_tokenizer

LEAST_PARITY = 0.99
"""Share of units that must survive export, before the weights are stored as float16."""
STREAM_PREFIX = "net."
"""What the names of a stream's weights begin with in the file."""
_OPSET = 18
_PIECE_FRAMES = 4


def export_tokenizer(checkpoint: Path, path: Path, half: bool = True) -> None:
    """Write the tokenizer as ONNX: ``audio`` float32 (1, N) to ``units`` int64 (1, N / 640).

    It also takes ``state`` float32 (1, S), zeros at the beginning, and gives ``next_state``.
    ``half`` stores its weights as float16, which changes the few units that lie on a border. Raises
    RuntimeError where its units differ from torch's on noise, or where the pieces of a stream give
    other units than the whole.
    """
    net = load_tokenizer(checkpoint)
    _export_stream(net, path)
    _check_pieces(net, path)
    if half:
        halve_weights(path)


class _Stream(nn.Module):
    def __init__(self, net: TokenizerNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, audio_BN: Tensor, state_BS: Tensor) -> tuple[Tensor, Tensor]:
        return self.net.stream(audio_BN, state_BS)


def _export_stream(net: TokenizerNet, path: Path) -> None:
    frames = torch.export.Dim("frames", min=1, max=4000)
    torch.onnx.export(
        _Stream(net).eval(),
        (torch.randn(1, _PIECE_FRAMES * FRAME_SAMPLES) * 0.1, net.begin(1)),
        str(path),
        input_names=["audio", "state"],
        output_names=["units", "next_state"],
        dynamic_shapes={"audio_BN": {1: FRAME_SAMPLES * frames}, "state_BS": None},
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
    )


def _check_pieces(net: TokenizerNet, path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    audio = _noise(8.0)
    with torch.no_grad():
        expected = net(torch.from_numpy(audio)).numpy()
    for frames_at_once in (1, _PIECE_FRAMES, audio.shape[1] // FRAME_SAMPLES):
        state, got = net.begin(1).numpy(), []
        for start in range(0, audio.shape[1], frames_at_once * FRAME_SAMPLES):
            piece = audio[:, start : start + frames_at_once * FRAME_SAMPLES]
            units, state = session.run(["units", "next_state"], {"audio": piece, "state": state})
            got.append(units)
        if (np.concatenate(got, 1) == expected).mean() < LEAST_PARITY:
            raise RuntimeError(
                f"the exported tokenizer differs from torch in pieces of {frames_at_once} frames"
            )


def _noise(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(1, int(seconds * SAMPLE_RATE_HZ))) * 0.1).astype(np.float32)


def silence_unit(path: Path) -> int:
    """The most frequent unit of a quiet room."""
    quiet = np.random.default_rng(0).normal(size=4 * SAMPLE_RATE_HZ) * 10 ** (-70 / 20)
    units = Tokenizer(path).units(quiet.astype(np.float32))
    return int(np.bincount(units).argmax())
