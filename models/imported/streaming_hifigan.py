"""A unit HiFi-GAN as a stream: past units, a chunk, and a cross-fade where two chunks meet.

The sound comes ``delay_frames`` after its units. The network wants to see further ahead than that;
in place of the units that are not there yet it gets the last one, held. The next chunk computes the
following sound from real units, so both sides of a border differ: over 5 ms one fades into the
other. With a delay as long as the reach nothing is guessed, and the stream is the whole file's
sound.

The state is the past units and the sound after the border, so the engine needs nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.timebase import FRAME_SAMPLES
from models.imported.unit_hifigan import UnitHifigan
from models.onnx_weights import halve_weights

FADE_SAMPLES = 80
_CHUNK_FRAMES = 4
_OPSET = 18
_MOST_FRAMES = 100_000


class StreamingHifigan(nn.Module):
    """Units (1, T) and a state (1, S) to sound (1, T * 640) and the next state."""

    def __init__(self, net: UnitHifigan, delay_frames: int, fade: bool = True) -> None:
        super().__init__()
        self.net, self.delay_frames = net, delay_frames
        reach = net.config.reach_frames
        self.past_frames = reach + delay_frames
        self.held_frames = max(reach - delay_frames, 0)
        rise = torch.linspace(0, 1, FADE_SAMPLES) if fade else torch.ones(FADE_SAMPLES)
        self.register_buffer("rise", rise)
        self.rise: Tensor

    def begin(self) -> Tensor:
        """(1, S): zeros. No unit came before, and no sound."""
        return torch.zeros(1, self.past_frames + FADE_SAMPLES)

    def forward(self, units_BT: Tensor, state_BS: Tensor) -> tuple[Tensor, Tensor]:
        # The state counts units from 1; where no unit was, the network gets zeros, as at the
        # beginning of a file.
        past = state_BS[:, : self.past_frames].round().long()
        known = torch.cat([past, units_BT + 1], 1)
        seen = torch.cat([known, known[:, -1:].expand(-1, self.held_frames)], 1)
        inputs = self.net.embedded((seen - 1).clamp(min=0)) * (seen > 0)[:, None]
        right = self.delay_frames + self.held_frames
        sound = self.net.sound_within(
            inputs, self.past_frames - self.delay_frames, right, FADE_SAMPLES
        )
        before = state_BS[:, self.past_frames :]
        faded = before * (1 - self.rise) + sound[:, :FADE_SAMPLES] * self.rise
        whole = torch.cat([faded, sound[:, FADE_SAMPLES:]], 1)
        state = torch.cat([known[:, -self.past_frames :].float(), whole[:, -FADE_SAMPLES:]], 1)
        return whole[:, :-FADE_SAMPLES], state

    @torch.no_grad()
    def stream(self, units: np.ndarray, chunk_frames: int) -> np.ndarray:
        """The sound of units (t,), chunk by chunk, without the delay: that of the first t - delay
        frames."""
        state, found = self.begin(), []
        for start in range(0, len(units), chunk_frames):
            chunk = torch.from_numpy(units[None, start : start + chunk_frames])
            sound, state = self(chunk, state)
            found.append(sound[0].numpy())
        return np.concatenate(found)[self.delay_frames * FRAME_SAMPLES :]


def export_streaming_hifigan(stream: StreamingHifigan, path: Path) -> None:
    """Write the stream as ONNX, with its weights stored as float16.

    ``units`` int64 (1, T) and ``state`` to ``audio`` float32 (1, 640 T) and ``next_state``.
    """
    frames = torch.export.Dim("frames", min=1, max=_MOST_FRAMES)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        stream.eval(),
        (torch.zeros(1, _CHUNK_FRAMES, dtype=torch.int64), stream.begin()),
        str(path),
        input_names=["units", "state"],
        output_names=["audio", "next_state"],
        dynamic_shapes={"units_BT": {1: frames}, "state_BS": None},
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    halve_weights(path)
