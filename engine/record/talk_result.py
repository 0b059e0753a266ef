"""The result of a conversation: counts, turn-taking and the figures of the summary."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.record.transcript import Line
from engine.sound.turn_taking import TurnTaking
from engine.syncllm.duplex import Step


@dataclass
class Tally:
    """The counts of a running conversation."""

    chunk_ms: int
    chunks: int = 0
    hits: int = 0
    misses: int = 0
    tokens_refed: int = 0
    met: int = 0
    """Deadlines met: chunks that were ready within the length of a chunk."""
    broken: int = 0
    """Chunks in which a model's output was not finite."""
    took_ms: array[float] = field(default_factory=lambda: array("f"))
    """Computing time of each chunk."""

    def add(self, step: Step, ready_ms: float) -> None:
        """Count one step, which was ready ``ready_ms`` after its sound was complete."""
        self.chunks += 1
        self.hits += step.estimate_hits
        self.misses += step.estimate_misses
        self.tokens_refed += step.tokens_refed
        self.met += ready_ms <= self.chunk_ms
        self.broken += step.not_numbers > 0
        self.took_ms.append(step.timings_ms["total"])

    def remarks(self) -> list[str]:
        """What went wrong, one sentence each."""
        if not self.broken:
            return []
        return [
            f"In {self.broken} of {self.chunks} chunks the models produced values that are not "
            "numbers, and silence replaces them; choose another bundle."
        ]

    @property
    def hit_share(self) -> float | None:
        """Share of the estimates that were right; None if there was none."""
        known = self.hits + self.misses
        return self.hits / known if known else None

    def took_percentile_ms(self, percent: float) -> float:
        """Percentile of the computing time of a chunk; 0 without chunks."""
        return float(np.percentile(self.took_ms, percent)) if self.took_ms else 0.0


@dataclass(frozen=True)
class Conversation:
    """A conversation that is over."""

    folder: Path
    chunk_ms: int
    latency_ms: int
    tally: Tally
    turn_taking: TurnTaking
    user_peaks: np.ndarray
    """Peak of each 10 ms of the user's track, 0 to 1; the next is the agent's."""
    agent_peaks: np.ndarray
    elapsed_seconds: float
    """How long it took in real time."""
    complete: bool
    """False if it was stopped before its end."""
    remarks: list[str]
    """What the user should know about the recording, one sentence each."""
    lines: list[Line] = field(default_factory=list)
    """What both said, if the bundle writes words."""

    @property
    def duration_seconds(self) -> float:
        """Length of the conversation."""
        return self.tally.chunks * self.chunk_ms / 1000

    def figures(self) -> dict[str, Any]:
        """The summary, ready for JSON."""
        taking = self.turn_taking
        hit_share = self.tally.hit_share
        return {
            "duration_ms": self.tally.chunks * self.chunk_ms,
            "complete": self.complete,
            "user_turns": len(taking.user_turns),
            "agent_turns": len(taking.agent_turns),
            "reactions_ms": [round(transfer.offset_ms) for transfer in taking.floor_transfers],
            "overlaps": len(taking.overlaps),
            "overlap_ms": round(sum(span.duration_ms for span in taking.overlaps)),
            "yields_ms": [round(entry.yield_ms) for entry in taking.interruptions],
            "estimate_hits": self.tally.hits,
            "estimate_misses": self.tally.misses,
            "estimate_hit_share": None if hit_share is None else round(hit_share, 4),
            "chunks": self.tally.chunks,
            "deadlines_met": self.tally.met,
            "chunk_p50_ms": round(self.tally.took_percentile_ms(50), 2),
            "chunk_p99_ms": round(self.tally.took_percentile_ms(99), 2),
            "remarks": self.remarks,
        }
