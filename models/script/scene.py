"""The parts of a conversation: scenes, turns, and what the agent remembers.

A turn is one intent of the user, in several wordings. At its place in the conversation it has one
right answer. Knows no particular topic and no sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Turn:
    """The user says one of the sentences ``users``; the agent answers ``agent``."""

    intent: str
    users: tuple[str, ...]
    agent: str


@dataclass(frozen=True)
class Scene:
    """Turns in their order. Only the first makes sense without the turns before it."""

    turns: tuple[Turn, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """(fact, value) pairs that the user tells; the agent remembers them after the scene."""

    @property
    def intent(self) -> str:
        """The intent of the last turn."""
        return self.turns[-1].intent


@dataclass(frozen=True)
class Memory:
    """What the user has told so far."""

    facts: tuple[tuple[str, str], ...] = ()

    def get(self, fact: str) -> str | None:
        """The value that was told last; None where none was told."""
        return dict(self.facts).get(fact)

    def after(self, scene: Scene) -> Memory:
        """The memory after a scene."""
        return replace(self, facts=tuple((dict(self.facts) | dict(scene.facts)).items()))


def single(intent: str, agent: str, *users: str) -> Scene:
    """Make a scene of one turn."""
    return Scene((Turn(intent, users, agent),))


def then(scene: Scene, intent: str, agent: str, *users: str) -> Scene:
    """Add a turn to a scene."""
    return replace(scene, turns=(*scene.turns, Turn(intent, users, agent)))
