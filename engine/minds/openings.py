"""What the agent says for itself around an answer: the sentence that it does not know, and fillers.

Their units come from the synthesiser at start, so a bundle needs no entry for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.syncllm.forced_chunk import Opening
from engine.voice.agent_units import AGENT_UNITS, SILENCE_UNIT
from engine.voice.agent_voice import AgentVoice, SpokenSentence

UNKNOWN = "sorry i do not know that"
"""What the starter's training says of a turn that it has no answer to (script.FALLBACK_REPLY)."""
_OPENING_WORDS = 1
""""sorry": the starter's other sentences that begin so ("sorry i have no clock") are such answers,
too, and whether it is one of these is known before "sorry" is said."""
FILLERS = ("let me think", "one moment", "i am still thinking")


@dataclass(frozen=True)
class Lines:
    """The agent's own lines around an answer."""

    opening: Opening
    """How the language model says that it does not know."""
    unknown: SpokenSentence
    """Said if the background mind does not know either."""
    fillers: tuple[SpokenSentence, ...]
    """Said while it thinks: the first at once, the others when it takes long."""


def lines_of(voice: AgentVoice, silence_unit: int = SILENCE_UNIT, own_table: bool = True) -> Lines:
    """The lines in a bundle's units; ``own_table``: whether these are those of `agent_units`."""
    (unknown,) = voice.say(UNKNOWN)
    end = unknown.words[_OPENING_WORDS].start
    units: list[int] = []
    for unit in unknown.frames[:end]:
        if unit != silence_unit and (not units or units[-1] != unit):
            units.append(unit)
    opening = Opening(tuple(units), silence_unit, _plain_vowels() if own_table else {})
    fillers = tuple(sentence for text in FILLERS for sentence in voice.say(text))
    return Lines(opening, unknown, fillers)


def _plain_vowels() -> Mapping[int, int]:
    """Each unit's first one of the same phone: a vowel's stress and pitch do not matter."""
    first: dict[str, int] = {}
    return {
        unit: first.setdefault(name.rstrip("012"), unit) for unit, name in enumerate(AGENT_UNITS)
    }
