"""What the agent is to say in its next chunk although its language model did not think of it.

Such a chunk goes into the context as the agent's own, so the model knows what it is saying. It may
have a condition: that the model does not want to fall silent, or that what it was about to say
begins in a certain way. Pure functions on units; knows no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from engine.syncllm.duplex import Step

_SURE_UNITS = 3
"""So many units decide whether a sentence begins; "sorry" has four, and no other sentence of the
starter has its first two."""
_MOST_EDITS = 1
"""Of these units: sampling varies the others by one at most."""


@dataclass(frozen=True)
class Opening:
    """How a sentence of the agent begins."""

    units: tuple[int, ...]
    """Its first units, without repetitions and without silence."""
    silence_unit: int
    alike: Mapping[int, int] = field(default_factory=dict, hash=False)
    """Units that count as another, such as a vowel at another pitch."""

    def verdict(self, before: int, frames: Sequence[int]) -> bool | None:
        """Whether the sentence begins in ``frames``; None while too little has been said.

        ``before`` is the unit before them. Whatever was being said without a pause is no beginning.
        """
        said = [before, *frames]
        if self.silence_unit not in said:
            return False
        onset = said[len(said) - said[::-1].index(self.silence_unit) :]
        heard: list[int] = []
        for unit in map(self._plain, onset):
            if not heard or heard[-1] != unit:
                heard.append(unit)
        if not heard:
            return False
        wanted = list(map(self._plain, self.units))
        if len(heard) < _SURE_UNITS:
            return None if heard == wanted[: len(heard)] else False
        heard = heard[: len(wanted)]
        edits = min(
            _edits(heard, wanted[:length]) for length in range(len(heard) - 1, len(heard) + 2)
        )
        return heard[0] == wanted[0] and edits <= _MOST_EDITS

    def _plain(self, unit: int) -> int:
        return self.alike.get(unit, unit)


@dataclass(frozen=True)
class ForcedChunk:
    """The agent's next chunk, from outside the language model."""

    frames: tuple[int, ...]
    """The agent's units, one for each frame of a chunk."""
    words: tuple[str, ...] = ()
    """The words that end in it, as pieces for the captions: a leading space begins a word."""
    yields_above: float = 1.0
    """If silence in its place is likelier than this for the model, silence is said."""
    instead_of: Opening | None = None
    """Only if the model is about to say something that begins so; otherwise it says its own."""
    cuts: bool = False
    """Whether the chunk is silent and the sound before it is cut short, as if the agent yields."""


class Prompter(Protocol):
    """Tells the agent chunk by chunk what to say; `engine.minds.two_minds` is the real one.

    In the engine's thread, so nothing in it may wait.
    """

    def reset(self) -> None:
        """A conversation begins."""
        ...

    def prompt(self, user_audio: np.ndarray) -> ForcedChunk | None:
        """What to say in the next chunk; None leaves it to the language model.

        ``user_audio``, float32 (n,), is the user's sound that the step uses.
        """
        ...

    def spoke(self, step: Step) -> None:
        """What came of it."""
        ...

    def miss(self, user_audio: np.ndarray, chunks: int) -> None:
        """The time of so many chunks passed in silence, because the engine was late."""
        ...


def _edits(one: Sequence[int], other: Sequence[int]) -> int:
    """Units to insert, drop or change to make ``one`` the ``other``."""
    row = list(range(len(other) + 1))
    for unit in one:
        diagonal, row[0] = row[0], row[0] + 1
        for place, known in enumerate(other, 1):
            least = min(row[place] + 1, row[place - 1] + 1, diagonal + (unit != known))
            diagonal, row[place] = row[place], least
    return row[-1]
