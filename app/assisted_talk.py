"""Lets the assistant into a conversation: it hears, acts, and answers in the agent's voice."""

from __future__ import annotations

import logging

from app.part_store import part_for
from engine.assistant.mind import BackgroundMind
from engine.errors import DuologueError
from engine.hearing.listener import Listener
from engine.minds.assisted_talk import AssistedTalk
from engine.minds.bundle_voice import bundle_voice
from engine.minds.known_words import KnownWords
from engine.minds.spoken_mind import SpokenMind
from engine.minds.two_minds import TwoMinds
from engine.syncllm.duplex import Duplex

_LOG = logging.getLogger(__name__)
_NO_PART = (
    "The assistant needs the part for hearing; install its file with `duologue install-part`, or "
    "talk without the assistant."
)


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
    bundle = duplex.bundle
    known = KnownWords(bundle.pieces) if bundle.reader else None
    spoken = SpokenMind(Listener(part), mind, voice, known)
    silence = duplex.bundle.manifest.own_silence_unit
    minds = TwoMinds(duplex.format, silence, spoken, lines)
    talk = AssistedTalk(minds, spoken, silence, duplex.format.chunk_samples)
    duplex.attach(talk)
    return talk
