"""Turns sound into units with the trained tokenizer, and sample times into frames of units."""

from __future__ import annotations

import numpy as np
import torch

from engine.timebase import FRAME_SAMPLES
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet

AGENT_FLOOR_DB = -70
"""Level of the noise under the agent's voice, relative to full scale."""


def speech_frames(first_sample: int, last_sample: int) -> tuple[int, int]:
    """The frames [onset, offset) whose units describe the sound of samples [first, last)."""
    onset = first_sample // FRAME_SAMPLES + DELAY_FRAMES
    return onset, (last_sample - 1) // FRAME_SAMPLES + 1 + DELAY_FRAMES


@torch.no_grad()
def encode_units(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(T,) int16 units of whole frames, with the tokenizer's delay in them."""
    return net(torch.from_numpy(audio.astype(np.float32))[None])[0].numpy().astype(np.int16)


class UnitStream:
    """Encodes an endless sound piece by piece; the units are those of the whole sound."""

    def __init__(self, net: TokenizerNet) -> None:
        self._net, self._state = net, net.begin(1)

    @torch.no_grad()
    def push(self, audio: np.ndarray) -> np.ndarray:
        """(T,) int16 units of the next whole frames."""
        units, self._state = self._net.stream(
            torch.from_numpy(np.ascontiguousarray(audio, np.float32))[None], self._state
        )
        return units[0].numpy().astype(np.int16)
