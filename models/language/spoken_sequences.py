"""Training sequences of text dialogues that a synthesiser spoke, for the paper's stages 1 and 2.

Stage 1 has each sentence as text or as units, stage 2 the duplex format. Who answers is the agent,
but in both orders every other sequence of stage 2 has the speakers in each other's place.
Both speakers have one table of units, as in the paper. A sentence is written only if the vocabulary
knows all of its words; otherwise it is heard alone. Knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.tokens import KNOWN_AFTER_CHUNKS, TokenFormat, encode, place_text
from models.language.real_sequences import stretch
from models.language.sequences import (
    CHUNK_SHARES,
    NOTHING_SAID,
    SPEECH_MEANS,
    SequencePlan,
    Source,
    TrainingSequence,
    deduplicated,
    delayed,
    duplex_weights,
    speech_share,
    token_weights,
)
from models.language.vocabulary import Vocabulary
from models.spoken.training_dialogues import (
    AGENT_CHANNEL,
    ShuffledShards,
    TimedText,
    TrainingDialogue,
    TrainingTurn,
    held_out_dialogues,
)

_SPOKEN = 11
"""Tells the random numbers of these sequences from those of composed ones."""
_SEQUENCES_PER_SHARD = 8
"""In a row; they begin with different dialogues of it."""


def check_spoken(plan: SequencePlan, vocabulary: Vocabulary) -> None:
    """Raise DuologueError where spoken dialogues cannot be trained on in this format."""
    if not plan.spoken.folders:
        return
    if vocabulary.own_unit_count:
        raise DuologueError(
            "Spoken dialogues have one table of units for both speakers; add --no-own-table."
        )
    ShuffledShards(plan.spoken.folders, vocabulary.unit_count, [0]).dialogues(0)


def spoken_source(
    vocabulary: Vocabulary, plan: SequencePlan, seed: int, held_out: bool
) -> Source | None:
    """Gives the sequences of spoken dialogues, as many as their share; None where there is none.

    Raises DuologueError where a shard is damaged or has other units.
    """
    folders, units = plan.spoken.folders, vocabulary.unit_count
    if not folders:
        return None
    dialogues: Callable[[int], list[TrainingDialogue]]
    if held_out:
        pool = held_out_dialogues(folders, units)
        if not pool:
            return None
        dialogues = lambda _: pool  # noqa: E731 - the other one is a method
    else:
        dialogues = ShuffledShards(folders, units, [seed, plan.stage]).dialogues

    def sequence(number: int) -> TrainingSequence | None:
        rng = np.random.default_rng([seed, plan.stage, number, _SPOKEN])
        if rng.random() >= plan.spoken.share:
            return None
        found = dialogues(number // _SEQUENCES_PER_SHARD)
        epoch = min(number // plan.epoch_sequences, len(SPEECH_MEANS) - 1)
        first = int(rng.integers(len(found)))
        following = _from(found, first)
        if plan.stage == 1:
            ids = _mixed_sequence(following, vocabulary, plan, epoch, rng)
        else:
            turned = plan.format.both_orders and number % 2 == 1
            agent = 1 - AGENT_CHANNEL if turned else AGENT_CHANNEL
            ids = _duplex_sequence(following, vocabulary, plan, agent, rng)
        ids_T = np.array(ids[: plan.context + 1], np.int64)
        said = np.full(len(ids_T), NOTHING_SAID, np.int64)
        if plan.stage == 1:
            return ids_T, token_weights(ids_T, vocabulary), said
        return ids_T, duplex_weights(ids_T, vocabulary, plan.format), said

    return sequence


def _from(dialogues: Sequence[TrainingDialogue], first: int) -> Iterator[TrainingDialogue]:
    """These dialogues from one on, again and again."""
    while True:
        yield dialogues[first % len(dialogues)]
        first += 1


def _written(sentence: Sequence[TimedText], vocabulary: Vocabulary) -> bool:
    return all(word in vocabulary.known for timed in sentence for word in timed.text.split())


# --- stage 1 --------------------------------------------------------------------------------------


def _mixed_sequence(
    dialogues: Iterator[TrainingDialogue],
    vocabulary: Vocabulary,
    plan: SequencePlan,
    epoch: int,
    rng: np.random.Generator,
) -> list[int]:
    """[S1] sentence sentence [S0] sentence ..., each as text or as deduplicated units. The first
    dialogue begins at any of its turns."""
    share = speech_share(epoch, rng)
    ids: list[int] = []
    while len(ids) <= plan.context:
        dialogue = next(dialogues)
        turns = dialogue.turns[int(rng.integers(len(dialogue.turns))) if not ids else 0 :]
        ids.append(vocabulary.text_bos)
        for turn in turns:
            tag, base = vocabulary.s1, vocabulary.heard_base
            if turn.channel == AGENT_CHANNEL:
                tag, base = vocabulary.s0, vocabulary.own_base
            ids.append(tag)
            for sentence in turn.sentences:
                if rng.random() < share or not _written(sentence, vocabulary):
                    units = dialogue.units[turn.channel, sentence[0].onset : sentence[-1].offset]
                    ids += deduplicated(units).tolist()
                else:
                    text = " ".join(word.text for word in sentence)
                    ids += [base + piece for piece in vocabulary.text_pieces(text)]
    return ids


# --- stage 2 --------------------------------------------------------------------------------------


def _duplex_sequence(
    dialogues: Iterator[TrainingDialogue],
    vocabulary: Vocabulary,
    plan: SequencePlan,
    agent: int,
    rng: np.random.Generator,
) -> list[int]:
    """Stretches of dialogues whose channel ``agent`` is the agent's, each after a first token of
    its own. A dialogue that is longer than the sequence begins at any frame."""
    chunk_ms = int(rng.choice([*CHUNK_SHARES], p=[*CHUNK_SHARES.values()]))
    fmt = vocabulary.format(chunk_ms, plan.format.boundary_emit, plan.format.text)
    late = 0 if plan.format.estimate else fmt.chunk_frames
    ids: list[int] = []
    while len(ids) <= plan.context:
        dialogue = next(dialogues)
        encoded = partial(_encoded, dialogue, vocabulary, fmt, late, agent)
        ids += stretch(encoded, dialogue.frames, plan.context + 1 - len(ids), rng)
    return ids


def _encoded(
    dialogue: TrainingDialogue,
    vocabulary: Vocabulary,
    fmt: TokenFormat,
    late: int,
    agent: int,
    first: int,
    last: int,
) -> list[int]:
    """The tokens of frames [first, last)."""
    own = dialogue.units[agent, first:last]
    user = delayed(dialogue.units[1 - agent, first:last], late)
    slot = fmt.text
    if slot is None:
        return encode(own, user, fmt)
    words = _words(dialogue.turns, vocabulary, agent)
    own_words = [(word.onset - first, pieces) for word, pieces in words]
    # The transcript can have a word when the chunk of its end is known.
    known = KNOWN_AFTER_CHUNKS * fmt.chunk_frames + late - first
    words = _words(dialogue.turns, vocabulary, 1 - agent)
    heard_words = [(word.offset - 1 + known, pieces) for word, pieces in words]
    chunks = (last - first) // fmt.chunk_frames
    placed = [
        place_text([(at, pieces) for at, pieces in words if at >= 0], chunks, most, fmt)
        for words, most in ((own_words, slot.most_own), (heard_words, slot.most_heard))
    ]
    return encode(own, user, fmt, *placed)


def _words(
    turns: Sequence[TrainingTurn], vocabulary: Vocabulary, channel: int
) -> Iterator[tuple[TimedText, list[int]]]:
    """The words of a speaker's written sentences, with their pieces."""
    for turn in turns:
        if turn.channel == channel:
            for sentence in turn.sentences:
                if _written(sentence, vocabulary):
                    for word in sentence:
                        yield word, vocabulary.text_pieces(word.text)
