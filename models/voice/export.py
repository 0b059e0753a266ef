"""Exports the voice to ONNX: units int64 [1, T] and state float32 [1, K] in, audio float32
[1, T * 640] and next_state float32 [1, K] out. The first state is zeros.
"""

from __future__ import annotations

from pathlib import Path

import torch

from models.onnx_weights import halve_weights
from models.voice.network import Voice

_CHUNK_FRAMES = 4


class _Speak(torch.nn.Module):
    """The voice with limited audio."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self.voice = voice

    def forward(self, units: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        audio, next_state = self.voice(units, state)
        return audio.clamp(-1.0, 1.0), next_state


def export_voice(voice: Voice, onnx_path: Path) -> None:
    """Write the voice to one file, with its weights stored as float16."""
    units = torch.zeros(1, _CHUNK_FRAMES, dtype=torch.int64)
    frames = torch.export.Dim("frames", min=2, max=100_000)
    with torch.no_grad():
        program = torch.onnx.export(
            _Speak(voice).eval(),
            (units, voice.empty_state()),
            dynamo=True,
            input_names=["units", "state"],
            output_names=["audio", "next_state"],
            dynamic_shapes={"units": {1: frames}, "state": None},
            verbose=False,
        )
    assert program is not None
    onnx_path.parent.mkdir(parents=True, exist_ok=True)
    program.save(str(onnx_path), external_data=False)
    halve_weights(onnx_path)
