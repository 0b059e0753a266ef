"""Training sequences cut out of people's dialogues, for stage 3.

The sequences with the numbers 2k and 2k + 1 begin with the same stretch of a call, each of its two
sides once as the agent. Both speakers have one table of units and no words, as in the paper. Knows
no network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.tokens import TokenFormat, encode
from engine.timebase import FRAME_MS
from models.dialogue.recorded_dialogues import (
    TRAINING,
    VALIDATION,
    EncodedCall,
    read_all_calls,
)
from models.language.sequences import (
    CHUNK_SHARES,
    NOTHING_SAID,
    SequencePlan,
    Source,
    TrainingSequence,
    delayed,
    duplex_weights,
)
from models.language.vocabulary import Vocabulary

_REAL = 7
"""Tells the random numbers of these sequences from those of composed ones."""
_FRAMES_A_TOKEN = 1.0
"""Frames per token that are cut out at first; quiet stretches need more."""
_LEAST_FRAMES = max(CHUNK_SHARES) // FRAME_MS
"""A shorter call has no chunk of every length."""


def check_real(plan: SequencePlan, vocabulary: Vocabulary) -> None:
    """Raise DuologueError where people's dialogues cannot be trained on in this format."""
    if not plan.real.folders:
        return
    if vocabulary.own_unit_count or plan.format.text:
        raise DuologueError(
            "People's dialogues have one table of units for both speakers and no words beside "
            "them; add --no-own-table --no-text."
        )
    if not _calls(plan, vocabulary, TRAINING):
        raise DuologueError(
            "The dialogues have no call for training; run duologue-train corpus to its end."
        )


def _calls(plan: SequencePlan, vocabulary: Vocabulary, split: str) -> list[EncodedCall]:
    calls = read_all_calls(plan.real.folders, split, vocabulary.unit_count)
    return [call for call in calls if call.frames >= _LEAST_FRAMES]


def real_source(
    vocabulary: Vocabulary, plan: SequencePlan, seed: int, held_out: bool
) -> Source | None:
    """Gives the sequences that are cut out of people's dialogues, as many as their share.

    Held-out ones come from the calls for validation. None where there is no such call.
    """
    calls = _calls(plan, vocabulary, VALIDATION if held_out else TRAINING)
    if not calls:
        return None
    lengths = np.array([call.frames for call in calls], np.float64)
    shares = lengths / lengths.sum()

    def sequence(number: int) -> TrainingSequence | None:
        rng = np.random.default_rng([seed, plan.stage, number // 2, _REAL])
        if rng.random() >= plan.real.share:
            return None
        return _real_sequence(calls, shares, vocabulary, plan, rng, number % 2)

    return sequence


def stretch(
    encoded: Callable[[int, int], list[int]], frames: int, enough: int, rng: np.random.Generator
) -> list[int]:
    """The tokens of a dialogue of ``frames`` frames from any frame on, a short one's from the
    first.

    ``encoded`` gives the tokens of frames [first, last). It gets more of them until there are
    ``enough`` tokens or the dialogue ends.
    """
    count = round(enough * _FRAMES_A_TOKEN)
    first = int(rng.integers(max(frames - count, 0) + 1))
    while True:
        last = min(first + count, frames)
        found = encoded(first, last)
        if last == frames or len(found) >= enough:
            return found
        count += count // 2


def _real_sequence(
    calls: list[EncodedCall],
    shares: np.ndarray,
    vocabulary: Vocabulary,
    plan: SequencePlan,
    rng: np.random.Generator,
    agent: int,
) -> TrainingSequence:
    """A stretch of a call, whose channel ``agent`` is the agent's. If the call ends too soon, a
    stretch of another follows, after a first token of its own."""
    chunk_ms = int(rng.choice([*CHUNK_SHARES], p=[*CHUNK_SHARES.values()]))
    fmt = vocabulary.format(chunk_ms, plan.format.boundary_emit, text=False)
    late = 0 if plan.format.estimate else fmt.chunk_frames
    ids: list[int] = []
    while len(ids) <= plan.context:
        call = calls[rng.choice(len(calls), p=shares)]
        encoded = partial(_encoded, call, agent, fmt, late)
        found = stretch(encoded, call.frames, plan.context + 1 - len(ids), rng)
        # Two first tokens in a row say nothing.
        if len(found) > 1:
            ids += found
    sequence = np.array(ids[: plan.context + 1], np.int64)
    said = np.full(len(sequence), NOTHING_SAID, np.int64)
    return sequence, duplex_weights(sequence, vocabulary, plan.format), said


def _encoded(
    call: EncodedCall, agent: int, fmt: TokenFormat, late: int, first: int, last: int
) -> list[int]:
    part = np.asarray(call.units[:, first:last])
    return encode(part[agent], delayed(part[1 - agent], late), fmt)
