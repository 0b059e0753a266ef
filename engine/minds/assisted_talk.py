"""The prompter of a conversation with an assistant: its ears beside the two minds."""

from __future__ import annotations

import numpy as np

from engine.minds.spoken_mind import SpokenMind
from engine.minds.two_minds import TwoMinds
from engine.syncllm.duplex import Step
from engine.syncllm.forced_chunk import ForcedChunk


class AssistedTalk:
    """The prompter of a conversation with the assistant."""

    def __init__(
        self, minds: TwoMinds, spoken: SpokenMind, silence_unit: int, chunk_samples: int
    ) -> None:
        """``silence_unit`` is the agent's."""
        self._minds, self.spoken = minds, spoken
        self._silence_unit, self._chunk_samples = silence_unit, chunk_samples

    def reset(self) -> None:
        self.spoken.begin()
        self._minds.reset()

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        self.spoken.hear(user_audio)
        return self._minds.prompt(user_audio)

    def spoke(self, step: Step) -> None:
        speaks = any(unit != self._silence_unit for unit in step.own_frames)
        self.spoken.agent_says(speaks, step.own_text, (step.index + 1) * self._chunk_samples)
        self._minds.spoke(step)

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        self.spoken.hear(user_audio)
        self._minds.miss(user_audio, chunks)
