"""Training sequences of tokens for the paper's three stages, from a store of utterances in units.

Stage 1 mixes text and units sentence by sentence, turn by turn and without time. Stage 2 is the
duplex format without overlap, stage 3 with people's timing (SyncLLM, arXiv 2409.15594, section 4).
A sequence depends only on its number, its stage and the seed, so a resumed training sees the same
sequences as an uninterrupted one. Knows no network.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from engine.errors import DuologueError
from engine.syncllm.tokens import KNOWN_AFTER_CHUNKS, TokenFormat, encode, place_text
from models import script
from models.dialogue.composer import Composer
from models.dialogue.recorded_dialogues import NO_DIALOGUES, RealDialogues
from models.dialogue.timing import ALTERNATING, HUMAN, Timing
from models.dialogue.unit_store import UnitStore
from models.dialogue.unit_streams import Dialogue
from models.language.vocabulary import Vocabulary
from models.script.scene import Memory
from models.spoken.training_dialogues import NOTHING_SPOKEN, SpokenDialogues

STAGES = (1, 2, 3)
CHUNK_SHARES = {160: 0.6, 200: 0.2, 240: 0.2}
SPEECH_MEANS = (20.0, 50.0, 90.0)
"""Percent of speech in stage 1 in epochs 0, 1 and from 2 on, before truncation (Fig. 4)."""
SPEECH_SIGMA = 20.0
USER_WEIGHT = 0.3
"""Loss weight of the user's units: most of what a user says cannot be predicted."""
TEXT_WEIGHT = 3.0
"""Loss weight of text: few tokens decide what the many units say."""
FREE_WEIGHT = 0.1
"""Loss weight of the agent's units in free text, for the same reason. Not zero: it goes on there,
which is what the network is to know."""
NOTHING_SAID = -1
_SAID_FRAMES = 25
"""Frames after the end of the user's sentence in which its words are to be named."""
_SAID_TOKENS = 4
"""The same in stage 1: tokens from the agent's tag on."""
_TRANSCRIPT_ERROR_SHARE = 0.35
"""Share of the user's sentences with wrong words in the transcript."""
_FRAMES_A_TOKEN = 1.7
"""Frames per token that are enough in nearly every dialogue."""
_MOST_START = 60
"""Most frames of a dialogue before its sequence begins."""
TrainingSequence = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Ids, loss weights, and numbers of the sentences to be named, each (context + 1,)."""
Source = Callable[[int], TrainingSequence | None]
"""Gives the sequence with a number, or None where that one is to be composed."""


@dataclass(frozen=True)
class Format:
    """Variants of the token stream; the defaults are what is shipped."""

    boundary_emit: bool = True
    """False is the paper's format."""
    estimate: bool = True
    """As in the paper: the agent's chunk follows the user's chunk just before it, which is an
    estimate at inference. False: the user's stream is a chunk later, so no estimate is needed, and
    reactions are slower by a chunk."""
    text: bool = True
    """Whether the agent's chunks hold the words of both; the paper has no text."""
    own_table: bool = True
    """Whether the agent speaks in units of its own, where the store has them. False: both speakers
    have the tokenizer's, as in the paper."""
    both_orders: bool = False
    """Whether every other sequence of stages 2 and 3 has the agent's channel in the user's place
    and the user's in the agent's, and units of both weigh the same. The network then writes either
    side. It needs one table of units, and no text."""

    def described(self) -> dict[str, bool]:
        """As a checkpoint tells it: checkpoints are older than the last field."""
        fields = asdict(self)
        if not self.both_orders:
            del fields["both_orders"]
        return fields


@dataclass(frozen=True)
class SequencePlan:
    """What sequences depend on besides the store, the seed and their numbers."""

    stage: int
    context: int
    epoch_sequences: int
    format: Format = Format()
    timing: Timing = HUMAN
    """For stage 3."""
    real: RealDialogues = NO_DIALOGUES
    """For stage 3 (``models.language.real_sequences``)."""
    spoken: SpokenDialogues = NOTHING_SPOKEN
    """For stages 1 and 2 (``models.language.spoken_sequences``)."""


def check_orders(plan: SequencePlan, vocabulary: Vocabulary) -> None:
    """Raise DuologueError where the speakers cannot change places in this format."""
    if plan.format.both_orders and (vocabulary.own_unit_count or plan.format.text):
        raise DuologueError(
            "In both orders each speaker takes the other's place, so both need one table of units "
            "and no words beside them; add --no-own-table --no-text."
        )


def spoken_texts(store: UnitStore) -> list[str]:
    """All sentences of the store; their places here are their numbers in sequences."""
    return sorted({*store.user, *store.agent})


def training_sequences(
    store: UnitStore,
    vocabulary: Vocabulary,
    plan: SequencePlan,
    seed: int,
    sequence_numbers: Iterable[int],
) -> Iterator[TrainingSequence]:
    """The sequences with these numbers; each begins a context."""
    numbers = {text: number for number, text in enumerate(spoken_texts(store))}
    for number in sequence_numbers:
        rng = np.random.default_rng([seed, plan.stage, number])
        if plan.stage == 1:
            epoch = min(number // plan.epoch_sequences, len(SPEECH_MEANS) - 1)
            ids, said = _mixed_sequence(store, vocabulary, plan.context, epoch, rng, numbers)
            weights = token_weights(ids, vocabulary)
        else:
            turned = plan.format.both_orders and number % 2 == 1
            ids, said, shares = _duplex_sequence(store, vocabulary, plan, rng, numbers, turned)
            weights = shares * duplex_weights(ids, vocabulary, plan.format)
        yield ids, weights, said


def speech_share(epoch: int, rng: np.random.Generator) -> float:
    """Share of speech among a sequence's sentences, from a normal truncated to [0, 1]."""
    while True:
        percent = rng.normal(SPEECH_MEANS[epoch], SPEECH_SIGMA)
        if 0 <= percent <= 100:
            return float(percent / 100)


def token_weights(ids: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Loss weights (T,): ``USER_WEIGHT`` for the user's units, ``TEXT_WEIGHT`` for text, else 1."""
    theirs = (token_owners(ids, vocabulary) == vocabulary.s1) & is_unit(ids, vocabulary)
    weights = np.where(theirs, USER_WEIGHT, 1.0)
    text = _is_text(ids, vocabulary.own_base, vocabulary)
    return np.where(text, TEXT_WEIGHT, weights).astype(np.float32)


def duplex_weights(ids: np.ndarray, vocabulary: Vocabulary, form: Format) -> np.ndarray:
    """Loss weights (T,) in stages 2 and 3: in both orders neither side is the user's."""
    if form.both_orders:
        return np.ones(len(ids), np.float32)
    return token_weights(ids, vocabulary)


def token_owners(ids: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """(T,): the speaker tag before each token."""
    tags = np.where((ids == vocabulary.s0) | (ids == vocabulary.s1), np.arange(len(ids)), 0)
    return ids[np.maximum.accumulate(tags)]


def is_unit(ids: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    return (ids < vocabulary.unit_count) | (ids >= vocabulary.own_unit_base)


def _is_text(ids: np.ndarray, base: int, vocabulary: Vocabulary) -> np.ndarray:
    """Which ids are pieces of text, from the one with the id ``base`` on."""
    return (ids >= base) & (ids < vocabulary.own_unit_base)


# --- stage 1 --------------------------------------------------------------------------------------


def _mixed_sequence(
    store: UnitStore,
    vocabulary: Vocabulary,
    context: int,
    epoch: int,
    rng: np.random.Generator,
    numbers: dict[str, int],
) -> tuple[np.ndarray, np.ndarray]:
    """[S1] sentence [S0] sentence ..., each as text or as deduplicated units."""
    share = speech_share(epoch, rng)
    choose = random.Random(int(rng.integers(1 << 62)))
    ids, said = [vocabulary.text_bos], [NOTHING_SAID]

    def add(tag: int, text: str, about: int) -> None:
        base = vocabulary.heard_base if tag == vocabulary.s1 else vocabulary.own_base
        sentence = [base + piece for piece in vocabulary.text_pieces(text)]
        if choose.random() < share:
            spoken = choose.choice(store.user[text]) if tag == vocabulary.s1 else store.agent[text]
            units = spoken.units[spoken.onset : spoken.offset]
            own = tag == vocabulary.s0 and vocabulary.own_unit_count
            base = vocabulary.own_unit_base if own else 0
            sentence = (deduplicated(units) + base).tolist()
        ids.extend((tag, *sentence))
        told = min(_SAID_TOKENS, len(sentence) + 1) if about != NOTHING_SAID else 0
        said.extend([about] * told + [NOTHING_SAID] * (len(sentence) + 1 - told))

    memory = Memory()
    while len(ids) <= context:
        scene = script.draw_scene(choose, memory)
        memory = memory.after(scene)
        for turn in scene.turns:
            text = choose.choice(turn.users)
            add(vocabulary.s1, text, NOTHING_SAID)
            add(vocabulary.s0, turn.agent, numbers[text])
    return np.array(ids[: context + 1], np.int64), np.array(said[: context + 1], np.int64)


# --- stages 2 and 3 -------------------------------------------------------------------------------


def _duplex_sequence(
    store: UnitStore,
    vocabulary: Vocabulary,
    plan: SequencePlan,
    rng: np.random.Generator,
    numbers: dict[str, int],
    turned: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, numbers of the sentences to be named, and shares of the loss weights, (context + 1,)
    each. ``turned``: the agent speaks in the user's place and the user in the agent's."""
    timing = plan.timing if plan.stage == 3 else ALTERNATING
    chunk_ms = int(rng.choice([*CHUNK_SHARES], p=[*CHUNK_SHARES.values()]))
    fmt = vocabulary.format(chunk_ms, plan.format.boundary_emit, plan.format.text)
    composer = Composer(
        store, int(rng.integers(1 << 62)), timing, fmt.chunk_frames, plan.format.text
    )
    # The sequence begins at a chunk border of the dialogue, since answers depend on the chunks.
    start = fmt.chunk_frames * int(rng.integers(0, _MOST_START // fmt.chunk_frames))
    late = 0 if plan.format.estimate else fmt.chunk_frames
    frames = round(plan.context * _FRAMES_A_TOKEN) + _MOST_START
    ids: list[int] = []
    while len(ids) <= plan.context:
        dialogue = composer.compose(frames)
        frames += frames // 2
        first, second = dialogue.own, dialogue.user
        if turned:
            first, second = second, first
        second = delayed(second, late)
        heard = _transcribed_words(dialogue, store, rng)
        own_text, heard_text = _texts(dialogue, heard, vocabulary, fmt, start, late)
        ids = encode(first[start:], second[start:], fmt, own_text, heard_text)
    sequence = np.array(ids[: plan.context + 1], np.int64)
    # The user's channel is the late one only where it is the second.
    frame = (np.cumsum(sequence == vocabulary.s0) - 1) * fmt.chunk_frames + start
    frame -= 0 if turned else late
    masked = _mistaken(sequence, heard, vocabulary, fmt, start, late)
    agents = (second, vocabulary.s1, late) if turned else (first, vocabulary.s0, 0)
    masked |= _units_in(dialogue.masked, sequence, *agents, vocabulary, fmt, start)
    free = _units_in(dialogue.free, sequence, *agents, vocabulary, fmt, start)
    shares = np.where(masked, 0, np.where(free, FREE_WEIGHT, 1)).astype(np.float32)
    return sequence, _said(frame, dialogue, numbers), shares


def deduplicated(units: np.ndarray) -> np.ndarray:
    """The first unit of each run of equal ones."""
    first: np.ndarray = units[np.r_[True, units[1:] != units[:-1]]]
    return first


def delayed(stream: np.ndarray, frames: int) -> np.ndarray:
    """The stream ``frames`` later, as long as before."""
    later = np.roll(stream, frames)
    later[:frames] = stream[0]
    return later


@dataclass(frozen=True)
class _TranscribedWord:
    """A word of the user's transcript."""

    word: str
    offset: int
    mistaken: bool


def _transcribed_words(
    dialogue: Dialogue, store: UnitStore, rng: np.random.Generator
) -> list[_TranscribedWord]:
    """The transcript of the user's words, with mistakes: in some sentences a part is replaced by
    that of another sentence.

    At inference the network's own transcript stays in the context. A network that never saw a
    mistake in training would trust its own mistakes more than the sound.
    """
    sentences = list(store.user)
    heard = []
    for said in sorted(dialogue.events, key=lambda said: said.onset):
        if said.side == 0 or not said.words:
            continue
        other: list[str] = []
        if rng.random() < _TRANSCRIPT_ERROR_SHARE:
            other = sentences[int(rng.integers(len(sentences)))].split()
        first = int(rng.integers(len(said.words))) if rng.random() < 0.5 else 0
        last = int(rng.integers(first, len(said.words)))
        for index, (word, _, offset) in enumerate(said.words):
            mistaken = first <= index <= last and index < len(other)
            heard.append(_TranscribedWord(other[index] if mistaken else word, offset, mistaken))
    return heard


def _transcribed_at(heard: _TranscribedWord, fmt: TokenFormat, start: int, late: int) -> int:
    """The frame, counted from ``start``, in whose chunk the transcript can have a word."""
    return heard.offset - 1 + KNOWN_AFTER_CHUNKS * fmt.chunk_frames + late - start


def _texts(
    dialogue: Dialogue,
    heard: Sequence[_TranscribedWord],
    vocabulary: Vocabulary,
    fmt: TokenFormat,
    start: int,
    late: int,
) -> tuple[list[list[int]], list[list[int]]]:
    """Pieces of text in each chunk from frame ``start`` on: the agent's where a word begins, the
    user's where the word's end is known. The user's stream is ``late`` frames late."""
    slot = fmt.text
    if slot is None:
        return [], []
    own = [
        (onset - start, vocabulary.text_pieces(word))
        for said in sorted(dialogue.events, key=lambda said: said.onset)
        for word, onset, _ in said.words
        if said.side == 0
    ]
    theirs = [
        (_transcribed_at(one, fmt, start, late), vocabulary.text_pieces(one.word)) for one in heard
    ]
    chunks = (len(dialogue.own) - start) // fmt.chunk_frames
    return (
        place_text([(at, pieces) for at, pieces in own if at >= 0], chunks, slot.most_own, fmt),
        place_text(
            [(at, pieces) for at, pieces in theirs if at >= 0], chunks, slot.most_heard, fmt
        ),
    )


def _mistaken(
    sequence: np.ndarray,
    heard: Sequence[_TranscribedWord],
    vocabulary: Vocabulary,
    fmt: TokenFormat,
    start: int,
    late: int,
) -> np.ndarray:
    """(T,): which tokens of a sequence are text that was not said."""
    flags = [
        one.mistaken
        for one in heard
        if _transcribed_at(one, fmt, start, late) >= 0
        for _ in vocabulary.text_pieces(one.word)
    ]
    mistaken = np.zeros(len(sequence), bool)
    written = np.flatnonzero(_is_text(sequence, vocabulary.heard_base, vocabulary))
    mistaken[written] = flags[: len(written)]
    return mistaken


def _units_in(
    spans: Sequence[tuple[int, int]],
    sequence: np.ndarray,
    stream: np.ndarray,
    tag: int,
    late: int,
    vocabulary: Vocabulary,
    fmt: TokenFormat,
    start: int,
) -> np.ndarray:
    """(T,): which tokens of a sequence that begins at frame ``start`` are units of the speaker with
    this ``tag`` in these spans of frames [first, last). Its ``stream`` is ``late`` frames late."""
    units = stream[start:]
    units = units[: len(units) // fmt.chunk_frames * fmt.chunk_frames]
    begins = np.r_[True, units[1:] != units[:-1]]
    if fmt.boundary_emit:
        # A chunk with a new unit repeats the unit that goes on from the chunk before.
        by_chunk = begins.reshape(-1, fmt.chunk_frames)
        by_chunk[:, 0] |= by_chunk.any(1)
    inside = np.zeros(len(stream), bool)
    for first, last in spans:
        inside[max(first + late, 0) : max(last + late, 0)] = True
    flags = inside[start:][np.flatnonzero(begins)]
    found = np.zeros(len(sequence), bool)
    spoken = np.flatnonzero(
        (token_owners(sequence, vocabulary) == tag) & is_unit(sequence, vocabulary)
    )
    found[spoken] = flags[: len(spoken)]
    return found


def _said(frame: np.ndarray, dialogue: Dialogue, numbers: dict[str, int]) -> np.ndarray:
    """(T,): the number of the sentence that the user has just ended at each token's frame, or
    ``NOTHING_SAID``."""
    said = np.full(len(frame), NOTHING_SAID, np.int64)
    for event in dialogue.events:
        if event.side == 1 and event.text in numbers:
            told = (frame >= event.offset) & (frame < event.offset + _SAID_FRAMES)
            said[told] = numbers[event.text]
    return said
