"""The events of a dialogue's timing, and the statistics over them. Pure functions over spans.

Definitions are dGSLM's (arXiv 2203.16502, section 4.4). Speech of one speaker with silences of up
to 200 ms inside is an IPU. Silence of both is a pause where the same speaker goes on and a gap
where the other does; both speaking is overlap. IPUs of one speaker joined by pauses are a turn. The
floor-transfer offset, FTO, is from the end of a turn to the beginning of the other speaker's next,
below 0 where they overlap; a turn that lies wholly inside the other's takes no floor. Silence at a
window's edges is none of these.

Three statistics are kept apart. A (dGSLM): events and seconds a minute, pooled. B (dGSLM): Pearson
correlation of *total* durations in a prompt and in its continuation. C (SyncLLM, section 5.2):
Pearson correlation of *mean* durations in a generated and in the true continuation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.sound.turn_taking import Span, merged, overlaps, turns
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import Interval, bootstrap
from models.evaluate.two_agents import clipped, silences

KINDS = ("ipu", "pause", "gap", "overlap", "backchannel")
CORRELATED = ("ipu", "pause", "fto")
"""What SyncLLM correlates; its average is over these."""
_BACKCHANNEL_S, _SILENT_BEFORE_S, _SILENT_AFTER_S = 1.0, 1.0, 2.0
_LEAST_PAIRS = 3


@dataclass(frozen=True)
class Events:
    """The events of one dialogue or of a part of it: the length of each in seconds."""

    seconds: float
    """Length of the part."""
    ipu: tuple[float, ...] = ()
    pause: tuple[float, ...] = ()
    gap: tuple[float, ...] = ()
    overlap: tuple[float, ...] = ()
    backchannel: tuple[float, ...] = ()
    """IPUs that are short and alone; they are among ``ipu``, too."""
    fto: tuple[float, ...] = ()
    """Floor-transfer offsets, which may be below 0."""

    def __add__(self, other: Events) -> Events:
        kinds = (*KINDS, "fto")
        return Events(
            self.seconds + other.seconds,
            **{kind: (*getattr(self, kind), *getattr(other, kind)) for kind in kinds},
        )

    def count_a_minute(self, kind: str) -> float:
        return 60 * len(getattr(self, kind)) / self.seconds

    def seconds_a_minute(self, kind: str) -> float:
        return 60 * sum(getattr(self, kind)) / self.seconds

    def mean(self, kind: str) -> float | None:
        """Mean length; None where there is no such event."""
        lengths = getattr(self, kind)
        return float(np.mean(lengths)) if lengths else None


def events(first: Sequence[Span], second: Sequence[Span], piece: Span) -> Events:
    """The events of two speakers' speech in a piece of a dialogue; speech is cut at its edges."""
    sides = [merged(clipped(side, piece)) for side in (first, second)]
    pauses, gaps = silences(*sides)
    return Events(
        _seconds(piece),
        ipu=tuple(_seconds(span) for side in sides for span in side),
        pause=tuple(map(_seconds, pauses)),
        gap=tuple(map(_seconds, gaps)),
        overlap=tuple(map(_seconds, overlaps(*sides))),
        backchannel=tuple(_seconds(span) for side in sides for span in backchannels(side)),
        fto=tuple(floor_transfer_offsets_s(*sides)),
    )


def backchannels(spans: Sequence[Span]) -> list[Span]:
    """One speaker's IPUs that are backchannels by their timing alone.

    At most 1 s long, after at least 1 s and before at least 2 s of that speaker's silence (Ekstedt
    and Skantze 2022, arXiv 2205.09812). dGSLM describes backchannels, but counts none.
    """
    found = []
    for index, span in enumerate(spans):
        before = _between(spans[index - 1], span) if index else np.inf
        last = index + 1 == len(spans)
        after = np.inf if last else _between(span, spans[index + 1])
        short = _seconds(span) <= _BACKCHANNEL_S
        if short and before >= _SILENT_BEFORE_S and after >= _SILENT_AFTER_S:
            found.append(span)
    return found


def floor_transfer_offsets_s(first: Sequence[Span], second: Sequence[Span]) -> list[float]:
    """The offsets of both speakers' floor transfers in order of time."""
    taken = sorted(
        [(turn, 0) for turn in turns(first, second)] + [(turn, 1) for turn in turns(second, first)],
        key=lambda one: (one[0].start_sample, one[0].end_sample),
    )
    found: list[float] = []
    floor: tuple[Span, int] | None = None
    for turn, side in taken:
        if floor and turn.end_sample <= floor[0].end_sample:
            continue  # wholly inside the turn of whoever has the floor
        if floor and side != floor[1]:
            found.append((turn.start_sample - floor[0].end_sample) / SAMPLE_RATE_HZ)
        floor = turn, side
    return found


def _seconds(span: Span) -> float:
    return span.duration_ms / 1000


def _between(before: Span, after: Span) -> float:
    return (after.start_sample - before.end_sample) / SAMPLE_RATE_HZ


# --- statistics over dialogues --------------------------------------------------------------------


def pearson(pairs: Sequence[tuple[float | None, float | None]]) -> Interval | None:
    """Pearson correlation with a bootstrap interval over dialogues.

    Dialogues in which one of the two is None are left out; None where fewer than three are left, or
    where one side does not vary.
    """
    rows = [(a, b) for a, b in pairs if a is not None and b is not None]
    if len(rows) < _LEAST_PAIRS or np.isnan(_correlation(np.array(rows))):
        return None
    return bootstrap(rows, _correlation)


def _correlation(rows: np.ndarray) -> float:
    a, b = (rows - rows.mean(axis=0)).T
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / spread if spread > 1e-12 else float("nan")


def total_correlation(
    prompts: Sequence[Events], continuations: Sequence[Events], kind: str
) -> Interval | None:
    """Statistic B: of the seconds a minute of a kind, prompt against continuation."""
    pairs = zip(prompts, continuations, strict=True)
    return pearson([(a.seconds_a_minute(kind), b.seconds_a_minute(kind)) for a, b in pairs])


def mean_correlation(
    generated: Sequence[Events], true: Sequence[Events], kind: str
) -> Interval | None:
    """Statistic C: of the mean lengths of a kind, generated against true."""
    return pearson([(a.mean(kind), b.mean(kind)) for a, b in zip(generated, true, strict=True)])
