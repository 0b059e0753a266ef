"""Spoken dialogues as a training takes them: shard after shard, with a hundredth held out.

A shard is read when its turn comes, so a store may be larger than the memory. The order of the
shards depends on the seed alone. Which dialogues are held out depends on their texts, so one that
was spoken twice is on one side only. Knows no tokens and no network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DuologueError
from engine.timebase import FRAME_SAMPLES
from models.dialogue.unit_store import DELAY_FRAMES
from models.spoken.parquet_shards import read_description, read_shard

AGENT_CHANNEL = 1
"""Who answers: the other one speaks first."""
_HELD_OUT_SHARE = 100
"""One dialogue of so many is held out."""
_MOST_HELD_OUT = 64
_LEAST_FRAMES = 25
"""A shorter dialogue says nothing."""
_MOST_SHARDS_OF_WORDS = 2_000
"""So many shards tell the words: a word that none of them has is rare."""
_COLUMNS = ("frames", "units", "turns.list.element.channel", "turns.list.element.words")
_WORDS = ("turns.list.element.text",)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.?!;][\"'”’)]*$")


@dataclass(frozen=True)
class SpokenDialogues:
    """Folders of shards that a training takes."""

    folders: tuple[Path, ...] = ()
    share: float = 0.5
    """Share of the sequences of stages 1 and 2 that are of them."""


NOTHING_SPOKEN = SpokenDialogues()


@dataclass(frozen=True)
class TimedText:
    """A word, or a sentence of them."""

    text: str
    """Plain words: lower case, without marks."""
    onset: int
    """First frame of the speaker's units that describes it."""
    offset: int
    """First frame after the last."""


@dataclass(frozen=True)
class TrainingTurn:
    """A turn of a dialogue."""

    channel: int
    sentences: tuple[tuple[TimedText, ...], ...]
    """The words of each; none is empty."""


@dataclass(frozen=True, eq=False)
class TrainingDialogue:
    """A dialogue."""

    units: np.ndarray
    """int16 (2, frames), both channels with the tokenizer's delay in them."""
    turns: tuple[TrainingTurn, ...]

    @property
    def frames(self) -> int:
        return int(self.units.shape[1])


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case, without marks: "Well-known, isn't it?" has four."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def all_shards(folders: Sequence[Path]) -> list[Path]:
    """The shards of all folders, in the order of their names.

    Raises DuologueError where a folder holds none, or where two tokenizers made their units.
    """
    shards: list[Path] = []
    tokenizers = {read_description(folder)["tokenizer"] for folder in folders}
    if len(tokenizers) > 1:
        raise DuologueError(
            "The spoken dialogues have units of different tokenizers; speak them with one --bundle."
        )
    for folder in folders:
        found = sorted(folder.glob("*.parquet"))
        if not found:
            raise DuologueError(f"{folder} has no shard yet; run duologue-train speak first.")
        shards += found
    return shards


def words_in(folders: Sequence[Path]) -> list[str]:
    """The plain words of the texts, sorted; of large stores, those of evenly spread shards."""
    shards = all_shards(folders)
    step = max(-(-len(shards) // _MOST_SHARDS_OF_WORDS), 1)
    rows = chain.from_iterable(read_shard(shard, _WORDS) for shard in shards[::step])
    return sorted({w for row in rows for turn in row["turns"] for w in plain_words(turn["text"])})


def shard_dialogues(shard: Path, unit_count: int, held_out: bool) -> list[TrainingDialogue]:
    """The dialogues of a shard that are held out, or the others.

    Raises DuologueError where the shard is damaged or has other units.
    """
    rows = read_shard(shard, _COLUMNS)
    try:
        said = (row for row in rows if row["frames"] >= _LEAST_FRAMES)
        found = [_dialogue(row) for row in said if _is_held_out(row) == held_out]
    except (KeyError, TypeError, ValueError) as error:
        raise DuologueError(
            f"{shard} holds no spoken dialogues; give a folder that duologue-train speak has "
            "written."
        ) from error
    found = [dialogue for dialogue in found if dialogue.turns]
    for dialogue in found:
        if not 0 <= dialogue.units.min() <= dialogue.units.max() < unit_count:
            raise DuologueError(
                f"{shard} has other units than this training's; speak the dialogues with the "
                "bundle whose tokenizer the work folder has."
            )
    return found


def held_out_dialogues(folders: Sequence[Path], unit_count: int) -> list[TrainingDialogue]:
    """The first held-out dialogues, as many as measure a loss; small stores may have none."""
    found: list[TrainingDialogue] = []
    for shard in all_shards(folders):
        found += shard_dialogues(shard, unit_count, held_out=True)
        if len(found) >= _MOST_HELD_OUT:
            break
    return found


class ShuffledShards:
    """Endless passes over the shards, each in an order of its own."""

    def __init__(self, folders: Sequence[Path], unit_count: int, seed: Sequence[int]) -> None:
        """Raises DuologueError as ``all_shards``."""
        self._shards = all_shards(folders)
        self._unit_count, self._seed = unit_count, tuple(seed)
        self._order = lru_cache(maxsize=2)(self._ordered)
        self._read = lru_cache(maxsize=2)(self._dialogues)

    def dialogues(self, number: int) -> list[TrainingDialogue]:
        """The dialogues to train on of the shard with this number in the passes, or of the next one
        that has some. Raises DuologueError where none has any."""
        for after in range(len(self._shards)):
            if found := self._read(self._place(number + after)):
                return found
        raise DuologueError("The spoken dialogues have none to train on; speak more of them.")

    def _place(self, number: int) -> int:
        turn, place = divmod(number, len(self._shards))
        return int(self._order(turn)[place])

    def _ordered(self, turn: int) -> np.ndarray:
        return np.random.default_rng([*self._seed, turn]).permutation(len(self._shards))

    def _dialogues(self, place: int) -> list[TrainingDialogue]:
        return shard_dialogues(self._shards[place], self._unit_count, held_out=False)


def _is_held_out(row: dict[str, Any]) -> bool:
    text = "\n".join(" ".join(word["word"] for word in turn["words"]) for turn in row["turns"])
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") % _HELD_OUT_SHARE == 0


def _dialogue(row: dict[str, Any]) -> TrainingDialogue:
    units = np.array(row["units"], np.int16)
    turns = []
    for turn in row["turns"]:
        sentences = tuple(_sentences(turn["words"], units.shape[1]))
        if sentences:
            turns.append(TrainingTurn(turn["channel"], sentences))
    return TrainingDialogue(units, tuple(turns))


def _sentences(words: list[dict[str, Any]], frames: int) -> Iterator[tuple[TimedText, ...]]:
    """The words of a turn, sentence by sentence."""
    sentence: list[TimedText] = []
    for word in words:
        onset = min(word["start_sample"] // FRAME_SAMPLES + DELAY_FRAMES, frames - 1)
        end = -(-word["end_sample"] // FRAME_SAMPLES) + DELAY_FRAMES
        if plain := plain_words(word["word"]):
            offset = max(min(end, frames), onset + 1)
            sentence.append(TimedText(" ".join(plain), onset, offset))
        if sentence and _SENTENCE_END.search(word["word"]):
            yield tuple(sentence)
            sentence = []
    if sentence:
        yield tuple(sentence)
