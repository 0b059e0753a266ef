"""Windows of dialogues in two streams of units, which dGSLM is trained on.

They are dialogues of the same composer and store as the language model's of stage 3, with one table
of units for both speakers, and stretches of people's dialogues. Every frame has its unit; nothing
is deduplicated. A window depends only on its number and the seed. Which speaker is the first
channel makes no difference to the network, so each comes in one order. Knows no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.timebase import FRAME_MS
from models.dgslm.losses import LONGEST_RUN, run_lengths
from models.dialogue.composer import Composer
from models.dialogue.recorded_dialogues import NO_DIALOGUES, EncodedCall, RealDialogues
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import UnitStore
from models.language.sequences import CHUNK_SHARES

_MOST_START = 60
"""Most frames of a dialogue before its window begins."""
TrainingWindow = tuple[np.ndarray, np.ndarray]
"""Units, and lengths of runs at the edges that are learned (``run_lengths``); int64 (2, window)."""


@dataclass(frozen=True)
class WindowPlan:
    """What windows depend on besides the store, the seed and their numbers."""

    window: int
    """Frames of a window."""
    timing: Timing = HUMAN
    real: RealDialogues = NO_DIALOGUES


def training_windows(
    store: UnitStore,
    plan: WindowPlan,
    seed: int,
    numbers: Iterable[int],
    calls: list[EncodedCall],
) -> Iterator[TrainingWindow]:
    """The windows with these numbers. ``store`` has one table of units. ``calls`` are people's, of
    which ``plan.real.share`` of the windows are cut out, if there are any."""
    lengths = np.array([call.frames for call in calls], np.float64)
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        if calls and rng.random() < plan.real.share:
            yield _real_window(calls, lengths / lengths.sum(), plan, rng)
        else:
            yield _composed_window(store, plan, rng)


def _composed_window(
    store: UnitStore, plan: WindowPlan, rng: np.random.Generator
) -> TrainingWindow:
    chunk_ms = int(rng.choice([*CHUNK_SHARES], p=[*CHUNK_SHARES.values()]))
    # The agent of a composed dialogue learns chunk by chunk what was said.
    composer = Composer(store, int(rng.integers(1 << 62)), plan.timing, chunk_ms // FRAME_MS)
    start = int(rng.integers(_MOST_START))
    dialogue = composer.compose(start + plan.window + LONGEST_RUN)
    units = np.stack([dialogue.own, dialogue.user]).astype(np.int64)[:, start:]
    runs = run_lengths(units, plan.window)
    for first, last in dialogue.masked:
        runs[0, max(first - start, 0) : max(last - start, 0)] = 0
    return units[:, : plan.window], runs


def _real_window(
    calls: list[EncodedCall], shares: np.ndarray, plan: WindowPlan, rng: np.random.Generator
) -> TrainingWindow:
    """A stretch of a call; where the call ends too soon, a stretch of another follows."""
    needed = plan.window + LONGEST_RUN
    parts: list[np.ndarray] = []
    while needed > 0:
        call = calls[rng.choice(len(calls), p=shares)]
        first = int(rng.integers(max(call.frames - needed, 0) + 1))
        parts.append(np.asarray(call.units[:, first : first + needed], np.int64))
        needed -= parts[-1].shape[1]
    units = np.concatenate(parts, 1)
    return units[:, : plan.window], run_lengths(units, plan.window)
