"""The sequences of a stage: composed ones, and some that are cut out of other dialogues.

Stages 1 and 2 may have spoken text dialogues, stage 3 people's. Whether a sequence is composed
depends on the seed and its number alone. Knows no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import DuologueError
from models.dialogue.recorded_dialogues import RealDialogues
from models.dialogue.unit_store import UnitStore
from models.language.real_sequences import check_real, real_source
from models.language.sequences import SequencePlan, TrainingSequence, training_sequences
from models.language.spoken_sequences import check_spoken, spoken_source
from models.language.vocabulary import Vocabulary
from models.spoken.training_dialogues import SpokenDialogues


def check_dialogues(plan: SequencePlan, vocabulary: Vocabulary) -> None:
    """Raise DuologueError where the plan's dialogues cannot be trained on in this format."""
    check_real(plan, vocabulary)
    check_spoken(plan, vocabulary)


def composes(stages: Iterable[int], real: RealDialogues, spoken: SpokenDialogues) -> bool:
    """Whether any sequence of these stages is composed of a store's sentences."""
    sources: dict[int, RealDialogues | SpokenDialogues] = {1: spoken, 2: spoken, 3: real}
    return any(not sources[stage].folders or sources[stage].share < 1 for stage in stages)


def all_sequences(
    store: UnitStore,
    vocabulary: Vocabulary,
    plan: SequencePlan,
    seed: int,
    sequence_numbers: Iterable[int],
    held_out: bool,
) -> Iterator[TrainingSequence]:
    """The sequences with these numbers. Without held-out dialogues all held-out ones are composed.

    Raises DuologueError where the dialogues are damaged.
    """
    source = real_source(vocabulary, plan, seed, held_out)
    source = source or spoken_source(vocabulary, plan, seed, held_out)
    if source is None and not store.user:
        raise DuologueError(
            "Of these dialogues none is held out, to measure the training by; give more of them, "
            "or make a store of sentences with duologue-train units."
        )
    if source is None:
        yield from training_sequences(store, vocabulary, plan, seed, sequence_numbers)
        return
    number_waiting: list[int] = []
    # It takes its next number when it is asked for its next sequence.
    composed = training_sequences(store, vocabulary, plan, seed, iter(number_waiting.pop, None))
    for number in sequence_numbers:
        if (sequence := source(number)) is None:
            number_waiting.append(number)
            sequence = next(composed)
        yield sequence
