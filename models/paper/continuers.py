"""Continues a dialogue in units: after a prompt, one model writes both sides.

That is the paper's continuation (section 5), in which nobody's sound is heard. What a system is
given and gives are frames of both sides, so that a bundle, the baseline dGSLM or another model may
stand behind the seam. Knows no sound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from engine.syncllm.bundle import Bundle
from engine.syncllm.clock import ChunkClock, max_step_tokens
from engine.syncllm.forced_chunk import ForcedChunk
from engine.syncllm.llama import Llama
from engine.syncllm.tokens import interpolated_units
from models.paper.spoken_dialogues import AGENT, USER


class Continuer(Protocol):
    """A system that continues dialogues."""

    def continue_units(self, prompt_units: np.ndarray, frames: int, seed: int) -> np.ndarray:
        """The next ``frames`` frames of both sides, int64 (2, frames), after ``prompt_units``
        (2, t); the agent's side is the first. The same seed gives the same."""
        ...


class BundleContinuer:
    """A bundle's language model at one length of chunk, run by the engine's clock.

    The clock estimates the user's chunk and says the agent's next one, as in a conversation. Then
    the estimate is what the user said, so what was sampled is kept.
    """

    def __init__(self, bundle: Bundle, chunk_ms: int, temperature: float | None = None) -> None:
        """Open the language model. ``temperature`` is that of both sides; None: the manifest's.

        Raises DuologueError for a chunk length that the bundle was not trained for.
        """
        manifest = bundle.manifest
        self._format = bundle.token_format(chunk_ms)
        self._manifest = manifest
        self._own, self._estimate = (
            one.sampling()
            if temperature is None
            else replace(one.sampling(), temperature=temperature)
            for one in (manifest.sampling.own, manifest.sampling.estimate)
        )
        capacity = manifest.context_tokens + max_step_tokens(self._format)
        self._llama = Llama(bundle.language_model, capacity)

    def close(self) -> None:
        """Free the language model."""
        self._llama.close()

    def continue_units(self, prompt_units: np.ndarray, frames: int, seed: int) -> np.ndarray:
        """See ``Continuer``. The prompt ends with a whole chunk, so its first frames may be left
        out; it has one chunk at least, or ValueError is raised."""
        fmt = self._format
        chunk = fmt.chunk_frames
        chunks = prompt_units.shape[1] // chunk
        if not chunks:
            raise ValueError(f"a prompt of {prompt_units.shape[1]} frames is no chunk of {chunk}")
        given = prompt_units[:, prompt_units.shape[1] - chunks * chunk :]
        own, user = (given[side].reshape(-1, chunk).tolist() for side in (AGENT, USER))
        clock = ChunkClock(
            self._llama,
            fmt,
            self._own,
            self._estimate,
            self._manifest.own_silence_unit,
            self._manifest.sink_chunks,
            seed,
        )
        # Every step hears a chunk of the user and says the agent's next one. (The clock begins with
        # a silent chunk of the agent's, so the prompt's first is not told.)
        for heard, said in zip(user, own[1:], strict=False):
            clock.advance([heard], forced=ForcedChunk(tuple(said)))
        last = user[-1]
        spoken = clock.advance([last]).own_frames
        answered: list[int] = []
        heard_now: list[list[int]] = []
        while len(answered) < frames:
            step = clock.advance(heard_now)
            spoken += step.own_frames
            last = interpolated_units(step.user_estimates[0], last[-1], fmt)
            answered += last
            heard_now = [last]
        return np.array([spoken[:frames], answered[:frames]], np.int64)
