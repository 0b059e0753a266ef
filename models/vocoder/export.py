"""Exports the vocoder to ONNX: units int64 [1, T] in, audio float32 [1, T * 640] out.

The engine gives each chunk its past again, but does not need the past's sound. So the 100 Hz half,
which costs most, skips the frames that only the 25 Hz half reads; their audio is silence.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn import functional

from engine.timebase import FRAME_SAMPLES
from models.onnx_weights import halve_weights
from models.vocoder.network import CausalVocoder

_CHUNK_FRAMES = 4


class _Speak(torch.nn.Module):
    """The vocoder with units as its only input."""

    def __init__(self, vocoder: CausalVocoder) -> None:
        super().__init__()
        self.vocoder = vocoder

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        silent_frames = self.vocoder.config.unit_past_frames
        audio: torch.Tensor = self.vocoder(units, unit_warmup=silent_frames)
        return functional.pad(audio.clamp(-1.0, 1.0), (silent_frames * FRAME_SAMPLES, 0))


def export_vocoder_network(vocoder: CausalVocoder, onnx_path: Path) -> None:
    """Write the vocoder to one file, with its weights stored as float16."""
    config = vocoder.config
    units = torch.zeros(1, config.past_frames + _CHUNK_FRAMES, dtype=torch.int64)
    frames = torch.export.Dim("frames", min=config.unit_past_frames + 2, max=100_000)
    with torch.no_grad():
        program = torch.onnx.export(
            _Speak(vocoder).eval(),
            (units,),
            dynamo=True,
            input_names=["units"],
            output_names=["audio"],
            dynamic_shapes={"units": {1: frames}},
            verbose=False,
        )
    assert program is not None
    onnx_path.parent.mkdir(parents=True, exist_ok=True)
    program.save(str(onnx_path), external_data=False)
    halve_weights(onnx_path)
