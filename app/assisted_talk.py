"""Lets the assistant into a conversation: ears, thoughts and voice (`app.spoken_mind`)."""

from __future__ import annotations

import logging

import numpy as np

from app.part_store import part_for
from app.spoken_mind import SpokenMind
from engine.assistant.mind import BackgroundMind
from engine.errors import DuologueError
from engine.hearing.listener import Listener
from engine.minds.bundle_voice import bundle_voice
from engine.minds.two_minds import TwoMinds
from engine.syncllm.duplex import Duplex, Step
from engine.syncllm.forced_chunk import ForcedChunk

_LOG = logging.getLogger(__name__)
_NO_PART = (
    "The assistant needs the part for hearing; install its file with `duologue install-part`, or "
    "talk without the assistant."
)


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


def attach_assistant(duplex: Duplex, mind: BackgroundMind) -> AssistedTalk:
    """Let the assistant into the conversations of ``duplex``; close ``spoken`` after them.

    Raises DuologueError where the part for hearing or the voice is missing.
    """
    part = part_for("hearing")
    if part is None:
        raise DuologueError(_NO_PART)
    voice, lines, remark = bundle_voice(duplex.bundle, part_for("voice"))
    if remark:
        _LOG.warning(remark)
    spoken = SpokenMind(Listener(part), mind, voice)
    silence = duplex.bundle.manifest.own_silence_unit
    minds = TwoMinds(duplex.format, silence, spoken, lines)
    talk = AssistedTalk(minds, spoken, silence, duplex.format.chunk_samples)
    duplex.attach(talk)
    return talk
