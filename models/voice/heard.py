"""The agent's speech in the units that a bundle's tokenizer hears in it.

In a bundle with one table of units both speakers have these, and the agent's voice speaks them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES
from models.dialogue.encode_agent import PEAK, quiet
from models.dialogue.unit_store import DELAY_FRAMES

_LEAD_FRAMES = 25
"""Silence before the speech, so that the tokenizer hears its beginning as after a pause."""


class Listener:
    """The tokenizer, as it hears the agent."""

    def __init__(self, tokenizer: Path) -> None:
        """Open the tokenizer's file. Raises DuologueError if it is none."""
        self._tokenizer = Tokenizer(tokenizer)

    def units(self, audio_N: np.ndarray, seed: int) -> np.ndarray:
        """int16 (frames,): unit i describes frame i of a speech at 16 kHz, float32 (N,); the
        tokenizer's delay is taken out. The noise under the speech depends on the ``seed``."""
        frames = -(-len(audio_N) // FRAME_SAMPLES)
        sound = np.zeros((_LEAD_FRAMES + frames + DELAY_FRAMES) * FRAME_SAMPLES, np.float32)
        first = _LEAD_FRAMES * FRAME_SAMPLES
        sound[first : first + len(audio_N)] = audio_N
        # As loud as the agent's sentences are for the language model.
        sound *= PEAK / max(float(np.abs(sound).max()), 1e-3)
        sound += quiet(len(sound), np.random.default_rng(seed))
        return self._tokenizer.units(sound)[_LEAD_FRAMES + DELAY_FRAMES :].astype(np.int16)
