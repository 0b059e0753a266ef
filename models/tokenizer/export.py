"""Export the tokenizer to ONNX, and find its unit of silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.onnx_weights import halve_weights
from models.tokenizer.network import load_tokenizer

LEAST_PARITY = 0.99
"""Share of units that must survive export, before the weights are stored as float16."""
_OPSET = 18


def export_tokenizer(checkpoint: Path, path: Path, half: bool = True) -> None:
    """Write the tokenizer as ONNX: ``audio`` float32 (1, N) to ``units`` int64 (1, N / 640).

    ``half`` stores its weights as float16, which changes the few units that lie on a border.
    Raises RuntimeError where its units differ from torch's on noise of several lengths.
    """
    net = load_tokenizer(checkpoint)
    example = torch.randn(1, 20 * FRAME_SAMPLES) * 0.1
    frames = torch.export.Dim("frames", min=2, max=4000)
    torch.onnx.export(
        net,
        (example,),
        str(path),
        input_names=["audio"],
        output_names=["units"],
        dynamic_shapes={"audio_BN": {1: FRAME_SAMPLES * frames}},
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for seconds in (4.0, 20.0):
        audio = (rng.normal(size=(1, int(seconds * SAMPLE_RATE_HZ))) * 0.1).astype(np.float32)
        with torch.no_grad():
            expected = net(torch.from_numpy(audio)).numpy()
        got = session.run(["units"], {"audio": audio})[0]
        if (got == expected).mean() < LEAST_PARITY:
            raise RuntimeError(f"the exported tokenizer differs from torch at {seconds} s")
    if half:
        halve_weights(path)


def silence_unit(path: Path) -> int:
    """The most frequent unit of a quiet room."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    quiet = np.random.default_rng(0).normal(size=(1, 4 * SAMPLE_RATE_HZ)) * 10 ** (-70 / 20)
    units = session.run(["units"], {"audio": quiet.astype(np.float32)})[0]
    return int(np.bincount(units[0]).argmax())
