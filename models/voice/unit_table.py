"""Whose units a corpus of the agent's voice has: the agent's own, or those that a bundle's
tokenizer hears in its speech, which both speakers share. Knows no network.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import DuologueError
from engine.syncllm.bundle import Bundle
from engine.voice.agent_units import AGENT_UNITS, SILENCE_UNIT

_NAME = "units.json"


@dataclass(frozen=True)
class VoiceUnits:
    """A table of units, and the format in which they reach the voice."""

    count: int
    silence_unit: int
    boundary_emit: bool = True
    """False: as the paper's format gives them back (`engine.syncllm.tokens`)."""
    tokenizer: str = ""
    """SHA-256 of the tokenizer's file; empty for the agent's own units."""


OWN_UNITS = VoiceUnits(len(AGENT_UNITS), SILENCE_UNIT)


def heard_units_of(bundle: Bundle, boundary_emit: bool) -> VoiceUnits:
    """The units of a bundle's tokenizer."""
    manifest = bundle.manifest
    return VoiceUnits(
        manifest.unit_count, manifest.silence_unit, boundary_emit, manifest.files.tokenizer.sha256
    )


def units_of(folder: Path) -> VoiceUnits:
    """The units of a corpus; the agent's own where its folder does not tell."""
    path = folder / _NAME
    if not path.is_file():
        return OWN_UNITS
    try:
        return VoiceUnits(**json.loads(path.read_text("utf8")))
    except (OSError, ValueError, TypeError) as error:
        raise DuologueError(
            f"{path} does not tell the units of the speech beside it ({error}); remove the folder "
            "and make the speech again with: duologue-train agent-speech"
        ) from error


def begin_units(folder: Path, units: VoiceUnits) -> None:
    """Say in the folder of a corpus that it has these units.

    Raises DuologueError where it holds speech in others.
    """
    if any(folder.glob("shard-*.npz")):
        if units_of(folder) != units:
            raise DuologueError(
                f"{folder} holds speech in other units; give another --work, or remove the folder."
            )
    elif units == OWN_UNITS:
        (folder / _NAME).unlink(missing_ok=True)
    else:
        (folder / _NAME).write_text(json.dumps(asdict(units)) + "\n", "utf8")
