"""A store of people's dialogues as units: both channels of whole calls, in shards.

A folder holds ``corpus.json`` (what corpus, and which tokenizer encoded it), ``splits.json`` (which
calls are for training) and shards: ``00000.npy``, int16 (2, frames), the calls of a shard end to
end, beside ``00000.json``, which says where each begins. A shard without its JSON is not finished.
The units are mapped, not read, so that a store may be larger than the memory. Numpy only, so that
training needs no audio library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.atomic_write import writing_whole
from engine.errors import DuologueError

TRAINING, VALIDATION, TEST = "training", "validation", "test"
_BY_RANK = (TEST, VALIDATION, TRAINING)
"""Who speaks in a split is not heard in those after it."""
_CORPUS, _SPLITS = "corpus.json", "splits.json"


@dataclass(frozen=True)
class SpokenLine:
    """A line of a call's transcript."""

    channel: int
    """0 the first, 1 the second."""
    start_s: float
    end_s: float
    text: str
    """What was said, as the corpus writes it, without its marks."""
    unclear: bool = False
    """Whether the transcriber was not sure of a part of it."""


@dataclass(frozen=True)
class CorpusDescription:
    """What a store was made of."""

    kind: str
    licence: str
    """The terms that were accepted, in a few sentences."""
    tokenizer: str
    """SHA-256 of the tokenizer's checkpoint."""
    unit_count: int


@dataclass(frozen=True, eq=False)
class EncodedCall:
    """Both channels of a whole call."""

    id: str
    speakers: tuple[str, str]
    units: np.ndarray
    """int16 (2, frames), 25 a second, both with the tokenizer's delay in them."""
    lines: tuple[SpokenLine, ...] = ()

    @property
    def frames(self) -> int:
        return int(self.units.shape[1])


@dataclass(frozen=True)
class StoredCall:
    """What a store knows of a call without its units."""

    id: str
    speakers: tuple[str, str]


@dataclass(frozen=True)
class RealDialogues:
    """Stores of people's dialogues that a training takes."""

    folders: tuple[Path, ...] = ()
    share: float = 0.5
    """Share of the training's sequences that are cut out of them."""


NO_DIALOGUES = RealDialogues()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DuologueError(
            f"{path} cannot be read; give a folder that duologue-train corpus has written."
        ) from error


def _write_json(path: Path, content: object) -> None:
    with writing_whole(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def read_description(folder: Path) -> CorpusDescription | None:
    """What the store in a folder was made of; None if there is none yet.

    Raises DuologueError where the file is damaged.
    """
    path = folder / _CORPUS
    if not path.exists():
        return None
    try:
        return CorpusDescription(**_read_json(path))
    except TypeError as error:
        raise DuologueError(f"{path} is of another version; make the corpus again.") from error


def description_of(folder: Path) -> CorpusDescription:
    """What the store in a folder was made of. Raises DuologueError where there is none."""
    description = read_description(folder)
    if description is None:
        raise DuologueError(
            f"{folder} holds no dialogues; give the --out folder of duologue-train corpus."
        )
    return description


def write_description(folder: Path, description: CorpusDescription) -> None:
    """Write what the store is made of."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / _CORPUS, vars(description))


def write_splits(folder: Path, splits: dict[str, list[str]]) -> None:
    """Write the ids of the calls of each split."""
    _write_json(folder / _SPLITS, splits)


def _shard_tables(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]" * 5 + ".json"))


def stored_calls(folder: Path) -> list[StoredCall]:
    """All calls in finished shards, without their units."""
    tables = _shard_tables(folder)
    entries = [entry for table in tables for entry in _read_json(table)]
    return [StoredCall(entry["id"], tuple(entry["speakers"])) for entry in entries]


def stored_ids(folder: Path) -> set[str]:
    """The ids of all calls in finished shards."""
    return {call.id for call in stored_calls(folder)}


def write_shard(folder: Path, calls: Sequence[EncodedCall]) -> None:
    """Add a shard; it counts only once it is whole."""
    tables = _shard_tables(folder)
    number = int(tables[-1].stem) + 1 if tables else 0
    table, start = [], 0
    for call in calls:
        lines = [vars(line) for line in call.lines]
        entry = {"id": call.id, "speakers": call.speakers, "start": start, "frames": call.frames}
        table.append(entry | {"lines": lines})
        start += call.frames
    with writing_whole(folder / f"{number:05}.npy") as part, part.open("wb") as stream:
        np.save(stream, np.concatenate([call.units for call in calls], 1).astype(np.int16))
    _write_json(folder / f"{number:05}.json", table)


def read_calls(
    folder: Path, split: str | None = None, transcripts: bool = True
) -> list[EncodedCall]:
    """The calls of a split, or all; their units are mapped into memory.

    Raises DuologueError where the folder is no store, or damaged.
    """
    description_of(folder)
    wanted = None if split is None else set(_read_json(folder / _SPLITS).get(split, ()))
    calls = []
    for path in _shard_tables(folder):
        units_path = path.with_suffix(".npy")
        try:
            units = np.load(units_path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise DuologueError(
                f"{units_path} is damaged; delete it and {path.name}, and run duologue-train "
                "corpus again."
            ) from error
        for entry in _read_json(path):
            if wanted is None or entry["id"] in wanted:
                first, frames = entry["start"], entry["frames"]
                lines = tuple(SpokenLine(**line) for line in entry["lines"] if transcripts)
                part = units[:, first : first + frames]
                calls.append(EncodedCall(entry["id"], tuple(entry["speakers"]), part, lines))
    return calls


def _kept_out(folders: Iterable[Path], split: str) -> set[str]:
    """Whom stores of one corpus have in splits that this one must not hear."""
    speakers: set[str] = set()
    for folder in folders:
        splits = _read_json(folder / _SPLITS)
        others = _BY_RANK[: _BY_RANK.index(split)]
        ids = {name for other in others for name in splits.get(other, ())}
        calls = (call for call in stored_calls(folder) if call.id in ids)
        speakers.update(speaker for call in calls for speaker in call.speakers)
    return speakers


def read_all_calls(folders: Iterable[Path], split: str, unit_count: int) -> list[EncodedCall]:
    """The calls of a split of several stores, which one tokenizer has to have encoded, without
    their transcripts.

    A store keeps its own speakers apart; of several of one corpus (its parts), calls are left out
    whose speakers another keeps for validation or test. Raises DuologueError where a store has
    other units.
    """
    folders = list(folders)
    corpora = [description_of(folder).kind.partition(" ")[0] for folder in folders]
    calls: list[EncodedCall] = []
    tokenizers: dict[str, Path] = {}
    for folder, corpus in zip(folders, corpora, strict=True):
        parts = [other for other, its in zip(folders, corpora, strict=True) if its == corpus]
        kept_out = _kept_out(parts, split) if len(parts) > 1 else set()
        found = read_calls(folder, split, transcripts=False)
        calls += [call for call in found if not kept_out & {*call.speakers}]
        description = description_of(folder)
        tokenizers[description.tokenizer] = folder
        if description.unit_count != unit_count or len(tokenizers) > 1:
            raise DuologueError(
                f"The dialogues in {folder} were encoded by another tokenizer; make the corpus "
                "again with the tokenizer of this work folder."
            )
    return calls
