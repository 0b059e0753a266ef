"""Training sequences cut out of people's dialogues, and their mixture with composed ones.

The sequences with the numbers 2k and 2k + 1 begin with the same stretch of a call, each of its two
sides once as the agent. Both speakers have one table of units and no words, as in the paper. Knows
no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.tokens import encode
from engine.timebase import FRAME_MS
from models.dialogue.recorded_dialogues import (
    TRAINING,
    VALIDATION,
    EncodedCall,
    read_all_calls,
)
from models.dialogue.unit_store import UnitStore
from models.language.sequences import (
    CHUNK_SHARES,
    NOTHING_SAID,
    SequencePlan,
    TrainingSequence,
    duplex_weights,
    training_sequences,
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


def all_sequences(
    store: UnitStore,
    vocabulary: Vocabulary,
    plan: SequencePlan,
    seed: int,
    sequence_numbers: Iterable[int],
    held_out: bool,
) -> Iterator[TrainingSequence]:
    """The sequences with these numbers: composed ones, and some of people's dialogues if there are
    any. Held-out ones come from the calls for validation; without such a call all are composed.
    """
    calls = _calls(plan, vocabulary, VALIDATION if held_out else TRAINING)
    if not calls:
        yield from training_sequences(store, vocabulary, plan, seed, sequence_numbers)
        return
    lengths = np.array([call.frames for call in calls], np.float64)
    shares = lengths / lengths.sum()
    number_waiting: list[int] = []
    # It takes its next number when it is asked for its next sequence.
    composed = training_sequences(store, vocabulary, plan, seed, iter(number_waiting.pop, None))
    for number in sequence_numbers:
        rng = np.random.default_rng([seed, plan.stage, number // 2, _REAL])
        if rng.random() < plan.real.share:
            yield _real_sequence(calls, shares, vocabulary, plan, rng, number % 2)
        else:
            number_waiting.append(number)
            yield next(composed)


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
        needed = round((plan.context + 1 - len(ids)) * _FRAMES_A_TOKEN)
        first = int(rng.integers(max(call.frames - needed, 0) + 1))
        found: list[int] = []
        while len(ids) + len(found) <= plan.context:
            part = np.asarray(call.units[:, first : first + needed])
            own, user = part[agent], np.roll(part[1 - agent], late)
            user[:late] = part[1 - agent][:1]
            found = encode(own, user, fmt)
            if first + needed >= call.frames:
                break
            needed += needed // 2
        # Two first tokens in a row say nothing.
        if len(found) > 1:
            ids += found
    sequence = np.array(ids[: plan.context + 1], np.int64)
    said = np.full(len(sequence), NOTHING_SAID, np.int64)
    return sequence, duplex_weights(sequence, vocabulary, plan.format), said
