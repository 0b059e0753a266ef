"""What every part of the evaluation of a bundle works with: what is asked for, and models opened.

A process opens the models once, whatever parts it takes its work from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from models.evaluate.sentence_matcher import SentenceMatcher
from models.speech.corpus import held_out_orders, held_out_people


@dataclass(frozen=True)
class Run:
    """One evaluation."""

    bundle: Path | None = None
    """The starter's by default."""
    exchanges: int = 396
    minutes: float = 60.0
    """Of talk between two agents."""
    seed: int = 0
    chunk_ms: int | None = None
    latency_ms: int | None = None
    data: Path | None = None
    """The folder of open data, with speech/ and noise/."""

    @property
    def situations(self) -> int:
        """Pauses, interruptions and other situations of a kind."""
        return max(self.exchanges // 4, 1)


class EvaluationContext:
    """The models of one bundle, and the recordings."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.bundle = load_bundle(run.bundle)
        self._duplexes: dict[tuple[int | None, str], Duplex] = {}

    @cached_property
    def matcher(self) -> SentenceMatcher:
        """What tells the agent's sentences from their units."""
        return SentenceMatcher(self.bundle)

    def duplex(self, latency_ms: int | None = None) -> Duplex:
        """The engine that talks with a user, at the run's latency by default."""
        return self._opened(self.run.latency_ms if latency_ms is None else latency_ms, "agent")

    def pair(self) -> list[Duplex]:
        """Two more, that talk with one another."""
        return [self._opened(self.run.latency_ms, name) for name in ("first", "second")]

    def _opened(self, latency_ms: int | None, name: str) -> Duplex:
        key = latency_ms, name
        if key not in self._duplexes:
            run = self.run
            self._duplexes[key] = Duplex(self.bundle, run.chunk_ms, latency_ms, seed=run.seed)
        return self._duplexes[key]

    @cached_property
    def orders(self) -> list[tuple[str, np.ndarray]]:
        """(slots as spoken, sound) of orders that no training heard; none without data."""
        return list(held_out_orders(self.run.data / "speech")) if self.run.data else []

    @cached_property
    def people(self) -> list[np.ndarray]:
        """Speech of people that no training heard; none without data."""
        return list(held_out_people(self.run.data / "speech")) if self.run.data else []


@lru_cache(maxsize=1)
def context_of(run: Run) -> EvaluationContext:
    """The process's own studio."""
    return EvaluationContext(run)
