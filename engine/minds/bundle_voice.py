"""The voice of a bundle's agent for texts, with a remark where it may sound like another."""

from __future__ import annotations

from pathlib import Path

from engine.errors import DuologueError
from engine.minds.openings import Lines, lines_of
from engine.syncllm.bundle import Bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.voice.agent_voice import AgentVoice, has_these_units


def bundle_voice(bundle: Bundle, part: Path | None = None) -> tuple[AgentVoice, Lines, str]:
    """The voice, the lines around an answer in its units, and a remark (empty if there is none).

    ``part`` is the folder of the part for the voice; None: the package hibari-tts is installed.
    Opens the synthesiser and perhaps the tokenizer, so call it in the thread or process that is to
    use the voice. Raises DuologueError where the synthesiser is missing, or where the agent has
    units of its own that nobody can make from text.
    """
    manifest = bundle.manifest
    own = manifest.agent_units
    if own and has_these_units(own.count):
        voice = AgentVoice(silence_unit=own.silence_unit, part=part)
        return voice, lines_of(voice, own.silence_unit), ""
    if own:
        raise DuologueError(
            f"The agent of {manifest.name} has units that Duologue cannot make from text; choose "
            "another bundle, or switch the background mind off."
        )
    tokenizer = Tokenizer(bundle.tokenizer, manifest.unit_count)
    voice = AgentVoice(tokenizer.units, manifest.silence_unit, part)
    remark = (
        f"The answers of the background mind may sound different from {manifest.name}'s own voice, "
        "because its units are not made from text."
    )
    return voice, lines_of(voice, manifest.silence_unit, own_table=False), remark
