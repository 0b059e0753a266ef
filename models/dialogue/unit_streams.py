"""The two unit streams of a dialogue: lays utterances into them at given frames, and adds residual
echo of the agent to the user's stream.

Knows no situations and no timing. Numpy only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.dialogue.unit_augmentation import with_unit_errors
from models.dialogue.unit_store import MARGIN_FRAMES, UnitUtterance

_RESIDUAL_ECHO_SHARE = 0.2
"""Share of the agent's utterances: a canceller that has to adapt again lets some echo through."""
_RESIDUAL_ECHO_FRAMES = (3, 40)
_ECHO_DELAY_FRAMES = (3, 14)
"""Delay from the agent's stream to the user's, by cards, air, vocoder and tokenizer."""


@dataclass(frozen=True)
class PlacedUtterance:
    """An utterance as it is heard in a dialogue; times are frames of the dialogue."""

    side: int
    """0 the agent, 1 the user."""
    text: str
    onset: int
    offset: int
    words: tuple[tuple[str, int, int], ...] = ()
    """(word, onset, offset) of what was really said, where it is known."""


@dataclass
class Dialogue:
    """Two unit streams of equal length and what happens in them."""

    own: np.ndarray
    """The agent's."""
    user: np.ndarray
    events: list[PlacedUtterance] = field(default_factory=list)
    masked: list[tuple[int, int]] = field(default_factory=list)
    """Frames [first, last) of the agent's stream that are not trained on."""
    free: list[tuple[int, int]] = field(default_factory=list)
    """Frames [first, last) in which the agent says free text, which can hardly be predicted."""


@dataclass(frozen=True, eq=False)
class Placement:
    """An utterance of the store and its place in a dialogue."""

    side: int
    """0 the agent, 1 the user."""
    speech: UnitUtterance
    start: int
    """Frame of the dialogue at which the utterance's units begin; it may be negative."""
    stop: int
    """Frame of the utterance at which it ends or is cut."""
    text: str | None
    """None where it is not speech."""

    def event(self, text: str) -> PlacedUtterance:
        """The utterance as it is heard, with the words that begin before it is cut."""
        words = tuple(
            (word, self.start + onset, self.start + offset)
            for word, onset, offset in self.speech.words
            if onset < self.stop
        )
        onset = self.start + self.speech.onset
        return PlacedUtterance(self.side, text, onset, self.start + self.stop, words)


def lay_stream(
    placed: Sequence[Placement],
    side: int,
    silences: Sequence[np.ndarray],
    frames: int,
    rng: random.Random,
) -> np.ndarray:
    """int16 (frames,): one side's utterances over one of its silences."""
    silence = rng.choice(silences)
    phase = rng.randrange(len(silence))
    stream = np.resize(np.roll(silence, -phase), frames).astype(np.int16)
    for one in placed:
        if one.side != side:
            continue
        speech = one.speech
        first = max(speech.onset - MARGIN_FRAMES // 2, 0)
        last = min(
            one.stop + (MARGIN_FRAMES // 2 if one.stop == speech.offset else 0), len(speech.units)
        )
        start = one.start + first
        units = speech.units[first:last]
        lead = max(-start, 0)
        room = max(frames - start - lead, 0)
        units = units[lead : lead + room]
        stream[start + lead : start + lead + len(units)] = units
    return stream


def add_residual_echo(
    user: np.ndarray,
    placed: Sequence[Placement],
    confusable_units: np.ndarray,
    rng: random.Random,
    draw: np.random.Generator,
) -> None:
    """Copy short parts of the agent's speech into the user's silence, with unit errors.

    The agent does not react to them. ``confusable_units`` (units, n) are those that each unit is
    mistaken for.
    """
    spoken = [(one.start, one.start + len(one.speech.units)) for one in placed if one.side == 1]
    for one in placed:
        length = min(rng.randint(*_RESIDUAL_ECHO_FRAMES), one.stop - one.speech.onset)
        if one.side == 1 or rng.random() > _RESIDUAL_ECHO_SHARE:
            continue
        sound = one.speech.as_heard()
        later = sound.onset - one.speech.onset
        first = rng.randint(one.speech.onset, one.stop - length) + later
        start = one.start + first
        heard = start + rng.randint(*_ECHO_DELAY_FRAMES)
        end = min(heard + length, len(user))
        if start < 0 or end <= heard or any(a < end and heard < b for a, b in spoken):
            continue
        echo = sound.units[first : first + end - heard]
        user[heard:end] = with_unit_errors(echo, confusable_units, draw)
