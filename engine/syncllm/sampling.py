"""Samples tokens from the language model's scores, among those that the token format allows.

Scores that are no numbers are left out and counted. Knows no chunks and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.syncllm.tokens import TokenFormat, UnitTable


@dataclass(frozen=True)
class Sampling:
    """How a token is sampled."""

    temperature: float
    """0 takes the most likely token."""
    top_p: float
    """Sample from the smallest set of most likely tokens with at least this probability."""


@dataclass(frozen=True)
class Allowed:
    """What may come: some tags, then units of a table, then the text of words."""

    tags: tuple[int, ...]
    units: UnitTable | None = None
    heard: bool = False
    """Whether the user's words may come."""
    own: bool = False
    """Whether the agent's words may come."""


class Sampler:
    """Draws the tokens of one conversation; the same seed draws the same."""

    def __init__(self, fmt: TokenFormat, seed: int) -> None:
        self._fmt = fmt
        self._random = np.random.default_rng(seed)
        self._ids: dict[Allowed, np.ndarray] = {}
        self.not_numbers = 0
        """Tokens sampled although some scores were not finite, since somebody set it to 0."""

    def ids(self, allowed: Allowed) -> np.ndarray:
        """The token ids that may come, int64: first the tags, then the units, then the text."""
        known = self._ids.get(allowed)
        if known is None:
            slot, kinds = self._fmt.text, [np.array(allowed.tags, np.int64)]
            if units := allowed.units:
                kinds.append(np.arange(units.base, units.base + units.count))
            if slot and allowed.own:
                kinds.append(np.arange(slot.own_base, slot.own_base + slot.piece_count))
            if slot and allowed.heard and slot.heard_base is not None:
                kinds.append(np.arange(slot.heard_base, slot.heard_base + slot.piece_count))
            known = self._ids[allowed] = np.concatenate(kinds)
        return known

    def draw(
        self, logits: np.ndarray, allowed: Allowed, sampling: Sampling, banned: int | None = None
    ) -> int:
        """A token from logits (vocabulary,), except unit ``banned`` of the table."""
        ids = self.ids(allowed)
        scores = logits[ids]
        finite = np.isfinite(scores)
        if not finite.all():
            # Sample from the finite scores; if there are none, end this part of the chunk.
            self.not_numbers += 1
            scores = np.where(finite, scores, -np.inf)
            if not finite.any():
                scores[0] = 0.0
        if banned is not None:
            scores[len(allowed.tags) + banned] = -np.inf
        return int(ids[sample_token(scores, sampling, self._random)])

    def probability(self, logits: np.ndarray, allowed: Allowed, wanted: Sequence[int]) -> float:
        """How likely one of the tokens ``wanted`` comes; 0 where the scores are no numbers."""
        ids = self.ids(allowed)
        scores = logits[ids]
        with np.errstate(over="ignore", invalid="ignore"):
            weights = np.exp(scores - scores.max())
        probability = float(weights[np.isin(ids, wanted)].sum()) / float(weights.sum())
        return probability if np.isfinite(probability) else 0.0

    def mark(self) -> tuple[Mapping[str, Any], int]:
        """What ``restore`` needs to draw the same again."""
        return self._random.bit_generator.state, self.not_numbers

    def restore(self, mark: tuple[Mapping[str, Any], int]) -> None:
        """Go back to a ``mark``."""
        self._random.bit_generator.state, self.not_numbers = mark


def sample_token(logits: np.ndarray, sampling: Sampling, random: np.random.Generator) -> int:
    """Sample an index into ``logits`` (n,): temperature, then top-p."""
    if sampling.temperature <= 0:
        return int(logits.argmax())
    scaled = (logits - logits.max()).astype(np.float64) / sampling.temperature
    weights = np.exp(scaled)
    weights /= weights.sum()
    likeliest = int(weights.argmax())
    if weights[likeliest] >= sampling.top_p:
        return likeliest  # alone in the set; true of most tokens, which need no sorting
    order = np.argsort(-weights)
    held = np.cumsum(weights[order])
    count = int(np.searchsorted(held, sampling.top_p)) + 1
    kept = order[:count]
    point = random.random() * held[min(count, len(held)) - 1]
    return int(kept[min(int(np.searchsorted(held[:count], point)), len(kept) - 1)])
