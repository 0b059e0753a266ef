"""Packs trained parts into a bundle: ONNX tokenizer and vocoder, GGUF language model, manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from engine.tokens import FRAME_MS, FRAME_SAMPLES, RATE_HZ
from models.tokenizer import DELAY_FRAMES, load_tokenizer

_OPSET = 18


def export_tokenizer(checkpoint: Path, path: Path) -> None:
    """Write the ONNX tokenizer (``audio`` float32 (1, N) to ``units`` int64 (1, N / 640)).

    Raises RuntimeError where its units differ from torch's on noise at several lengths.
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
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for seconds in (0.4, 1.0, 3.2):
        audio = (rng.normal(size=(1, int(seconds * RATE_HZ))) * 0.1).astype(np.float32)
        with torch.no_grad():
            expected = net(torch.from_numpy(audio)).numpy()
        got = session.run(["units"], {"audio": audio})[0]
        if (got == expected).mean() < 0.99:
            raise RuntimeError(f"the exported tokenizer differs from torch at {seconds} s")


def silence_unit(path: Path) -> int:
    """The unit that the tokenizer gives most often for a quiet room."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    quiet = np.random.default_rng(0).normal(size=(1, 4 * RATE_HZ)) * 10 ** (-70 / 20)
    units = session.run(["units"], {"audio": quiet.astype(np.float32)})[0]
    return int(np.bincount(units[0]).argmax())


ENCODER_DELAY_MS = DELAY_FRAMES * FRAME_MS


def halve_weights(path: Path) -> None:
    """Store large float32 weights as float16 with a cast behind each; half the file, and the
    runtime folds the casts when it loads."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < 4096:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}.half")
        cast = onnx.helper.make_node(
            "Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT
        )
        graph.initializer[index].CopyFrom(half)
        casts.append(cast)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    # The shapes recorded for the old initialisers would contradict the new ones.
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
