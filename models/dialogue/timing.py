"""The timing of turn-taking in composed dialogues: floor-transfer offsets, pauses and overlap.

``ALTERNATING`` is for the paper's stage 2 (section 4: two speakers take turns without overlap).
``HUMAN`` is for stage 3, with people's offsets and pauses. Its figures are our own computation from
the ICSI meetings (CC BY 4.0; A. Janin et al. 2003; MRDA dialogue acts: E. Shriberg et al. 2004), of
stretches in which only two people talk, without backchannels. ``read_timing`` takes the whole
histograms from the data folder. Times are in seconds; an offset is negative where speech overlaps.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

_QUANTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
_FLOOR_TRANSFER_OFFSETS = (-1.22, -0.71, -0.45, -0.10, 0.24, 0.65, 1.37, 2.19, 5.33)
_PAUSES = (0.21, 0.23, 0.25, 0.34, 0.52, 0.81, 1.23, 1.64, 3.04)
_HISTOGRAMS = ("two_party_fto_no_backchannels", "two_party_pause_no_backchannels")


@dataclass(frozen=True)
class Distribution:
    """A distribution of times, linear between the points of its cumulative curve."""

    seconds: tuple[float, ...]
    shares: tuple[float, ...]
    """Share of all times up to each point of ``seconds``, in rising order."""

    def share_below(self, seconds: float) -> float:
        """Share of times below ``seconds``."""
        return float(np.interp(seconds, self.seconds, self.shares))

    def draw(self, rng: random.Random, low: float, high: float) -> float:
        """A random time, restricted to those between ``low`` and ``high``."""
        share = rng.uniform(self.share_below(low), self.share_below(high))
        return float(np.interp(share, self.shares, self.seconds))


@dataclass(frozen=True)
class Timing:
    """Distributions and the ranges of them that are used, in seconds."""

    floor_transfer: Distribution
    """Offsets from the end of one speaker's turn to the beginning of the other's."""
    pause: Distribution
    """Pauses inside a turn."""
    agent_offset: tuple[float, float] = (0.04, 0.3)
    """The agent's: never before it has heard the end, and never long after."""
    user_offset: tuple[float, float] = (-0.4, 3.0)
    """The user's, who may foresee how the agent's sentence ends."""
    pauses: tuple[float, float] = (0.3, 1.2)
    overlap: bool = True
    """Whether there are backchannels, barge-ins, pauses inside a sentence, and users who begin
    before the agent ends."""


HUMAN = Timing(Distribution(_FLOOR_TRANSFER_OFFSETS, _QUANTILES), Distribution(_PAUSES, _QUANTILES))
ALTERNATING = replace(HUMAN, user_offset=(0.1, 3.0), overlap=False)


def read_timing(folder: Path) -> Timing:
    """``HUMAN`` from the histograms of a folder of turn-taking data."""
    entries = json.loads((folder / "histograms.json").read_text(encoding="utf8"))["icsi"]
    offset, pause = (_curve(entries[name]) for name in _HISTOGRAMS)
    return replace(HUMAN, floor_transfer=offset, pause=pause)


def _curve(entry: dict[str, float | list[int]]) -> Distribution:
    """The cumulative curve of a histogram, without the times outside its range."""
    counts = entry["counts"]
    low, step = entry["lo"], entry["step"]
    assert isinstance(counts, list) and isinstance(low, int | float)
    assert isinstance(step, int | float)
    total = sum(counts)
    sums = accumulate(counts, initial=0)
    edges = tuple(low + step * index for index in range(len(counts) + 1))
    return Distribution(edges, tuple(part / total for part in sums))
