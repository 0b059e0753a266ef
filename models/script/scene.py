"""What a conversation is made of: scenes of turns, and what the agent keeps in mind.

A turn is one thing that the user wants: any of its paraphrases, in the place of the conversation
where the turn stands, has the one right answer. Knows no particular topic and no sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Turn:
    """The user says one of several sentences, the agent answers."""

    intent: str
    users: tuple[str, ...]
    agent: str


@dataclass(frozen=True)
class Scene:
    """Turns that follow one another; only the first is understood without those before it."""

    turns: tuple[Turn, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """(fact, value) pairs that the user tells, to be remembered beyond the scene."""

    @property
    def intent(self) -> str:
        """What the scene is for: the intent of its last turn."""
        return self.turns[-1].intent


@dataclass(frozen=True)
class Memory:
    """What the user has told so far."""

    facts: tuple[tuple[str, str], ...] = ()

    def get(self, fact: str) -> str | None:
        """The value that was told last, if any was."""
        return dict(self.facts).get(fact)

    def after(self, scene: Scene) -> Memory:
        """With what a scene tells."""
        return replace(self, facts=tuple((dict(self.facts) | dict(scene.facts)).items()))


def single(intent: str, agent: str, *users: str) -> Scene:
    """A scene of one turn."""
    return Scene((Turn(intent, users, agent),))


def then(scene: Scene, intent: str, agent: str, *users: str) -> Scene:
    """The scene with one more turn."""
    return replace(scene, turns=(*scene.turns, Turn(intent, users, agent)))
