"""Export the vocoder to ONNX: units int64 [1, T] in, audio float32 [1, T * 640] out."""

from __future__ import annotations

from pathlib import Path

import torch

from models.onnx_weights import halve_weights
from models.vocoder import CausalVocoder, load_vocoder

EXAMPLE_FRAMES = 44  # 40 past frames and one chunk of four, as the engine calls it


class _Speak(torch.nn.Module):
    """The vocoder with the one argument that the engine gives it."""

    def __init__(self, vocoder: CausalVocoder) -> None:
        super().__init__()
        self.vocoder = vocoder

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        audio: torch.Tensor = self.vocoder(units)
        return audio.clamp(-1.0, 1.0)


def export_network(vocoder: CausalVocoder, onnx_path: Path) -> None:
    """Write a network to onnx_path, its weights inside the one file and stored as float16."""
    units = torch.zeros(1, EXAMPLE_FRAMES, dtype=torch.int64)
    with torch.no_grad():
        program = torch.onnx.export(
            _Speak(vocoder).eval(),
            (units,),
            dynamo=True,
            input_names=["units"],
            output_names=["audio"],
            dynamic_shapes={"units": {1: torch.export.Dim("frames", min=2, max=100_000)}},
            verbose=False,
        )
    assert program is not None
    onnx_path.parent.mkdir(parents=True, exist_ok=True)
    program.save(str(onnx_path), external_data=False)
    halve_weights(onnx_path)


def export_vocoder(checkpoint: Path, onnx_path: Path) -> None:
    """Export the averaged weights of a training checkpoint."""
    export_network(load_vocoder(checkpoint), onnx_path)
