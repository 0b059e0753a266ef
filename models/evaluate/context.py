"""What all parts of an evaluation share: the run's options, the bundle's models, the recordings.

Each process opens the models once, for all parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.unit_reader import UnitReader
from models.evaluate.agent_side import AgentSource, agent_source
from models.evaluate.sentence_matcher import SentenceMatcher
from models.speech.corpus import Reading, held_out_orders, held_out_people, held_out_readings


@dataclass(frozen=True)
class Run:
    """The options of one evaluation."""

    bundle: Path | None = None
    """None: the starter's."""
    exchanges: int = 396
    minutes: float = 60.0
    """Length of the conversations between two agents."""
    seed: int = 0
    chunk_ms: int | None = None
    latency_ms: int | None = None
    data: Path | None = None
    """The folder of open data, with speech/, noise/ and dialogues/."""
    packs: Path | None = None
    """The folder of style packs of the natural voices; None: these are left out."""
    kept: Path | None = None
    """The folder in which natural speech is kept for the next run; None: it is not kept."""

    @property
    def situations(self) -> int:
        """Number of pauses, of interruptions, and of other situations."""
        return max(self.exchanges // 4, 1)


class EvaluationContext:
    """The models of one bundle, and the recordings; opened at their first use."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.bundle = load_bundle(run.bundle)
        self._duplexes: dict[tuple[int | None, str], Duplex] = {}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The bundle's tokenizer, for sounds outside a conversation."""
        return Tokenizer(self.bundle.tokenizer)

    @cached_property
    def unit_reader(self) -> UnitReader | None:
        """The bundle's reader, if there is one."""
        reader = self.bundle.reader
        return UnitReader(reader, self.bundle.pieces) if reader else None

    @cached_property
    def agent_source(self) -> AgentSource:
        """Gives the units of the agent's sentences."""
        return agent_source(self.bundle)

    @cached_property
    def matcher(self) -> SentenceMatcher:
        """Finds the known sentence that the agent's units are nearest to."""
        return SentenceMatcher(self.agent_source)

    def duplex(self, latency_ms: int | None = None) -> Duplex:
        """The engine for a conversation with a user, by default at the run's latency."""
        return self._opened(self.run.latency_ms if latency_ms is None else latency_ms, "agent")

    def pair(self) -> list[Duplex]:
        """Two more engines, which talk to each other."""
        return [self._opened(self.run.latency_ms, name) for name in ("first", "second")]

    def _opened(self, latency_ms: int | None, name: str) -> Duplex:
        key = latency_ms, name
        if key not in self._duplexes:
            run = self.run
            self._duplexes[key] = Duplex(self.bundle, run.chunk_ms, latency_ms, seed=run.seed)
        return self._duplexes[key]

    @cached_property
    def orders(self) -> list[tuple[str, np.ndarray]]:
        """(slots as spoken, sound) of the held-out orders; empty without data."""
        return list(held_out_orders(self.run.data / "speech")) if self.run.data else []

    @cached_property
    def people(self) -> list[np.ndarray]:
        """Recordings of held-out speakers; empty without data."""
        return list(held_out_people(self.run.data / "speech")) if self.run.data else []

    @cached_property
    def readings(self) -> list[Reading]:
        """Texts that held-out people read; empty without data."""
        return list(held_out_readings(self.run.data / "speech")) if self.run.data else []


@lru_cache(maxsize=1)
def context_of(run: Run) -> EvaluationContext:
    """The process's own context."""
    return EvaluationContext(run)
