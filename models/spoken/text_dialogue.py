"""Dialogues as text, and how a corpus of them is cut into shards.

A file has one JSON object a line: ``{"id": "...", "turns": ["...", ...]}``, plain or gzipped. Two
people take turns; a turn may also be ``{"speaker": 0, "text": "..."}``. A shard is a stretch of
one file, so whoever speaks it needs the file's name and two numbers.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import DuologueError

DIALOGUES_PER_SHARD = 64
_ENDINGS = (".jsonl", ".jsonl.gz")
_MOST_LETTERS = 20_000
"""Of a dialogue; one that is longer is no dialogue."""


@dataclass(frozen=True)
class TextDialogue:
    """A dialogue."""

    id: str
    turns: tuple[tuple[int, str], ...]
    """(channel, text), in order; the channels are 0 and 1."""


@dataclass(frozen=True)
class ShardPlan:
    """A shard of a corpus."""

    file: str
    """Path of the texts."""
    first: int
    """Number of its first line there."""
    count: int

    @property
    def name(self) -> str:
        """Name of the shard's file."""
        stem = Path(self.file).name.removesuffix(".gz").removesuffix(".jsonl")
        return f"{stem}-{self.first // DIALOGUES_PER_SHARD:05}.parquet"


def text_files(path: Path) -> list[Path]:
    """The files of a corpus: ``path`` itself, or those of a folder in the order of their names.

    Raises DuologueError where there is none, or where two would give shards of one name.
    """
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.is_file())
    files = [file for file in files if file.name.endswith(_ENDINGS)]
    if not files:
        raise DuologueError(f"{path} has no dialogues; give a .jsonl or .jsonl.gz, or a folder.")
    stems = {file.name.removesuffix(".gz") for file in files}
    if len(stems) < len(files):
        raise DuologueError(f"{path} has a file both plain and gzipped; remove one of them.")
    return files


def plan_shards(files: list[Path], most: int | None = None) -> list[ShardPlan]:
    """The shards of the first ``most`` dialogues, or of all."""
    plans: list[ShardPlan] = []
    left = most
    for file in files:
        with _opened(file) as lines:
            count = sum(1 for line in islice(lines, left) if line.strip())
        plans += [
            ShardPlan(str(file), first, min(DIALOGUES_PER_SHARD, count - first))
            for first in range(0, count, DIALOGUES_PER_SHARD)
        ]
        if left is not None:
            left -= count
    return plans


def read_shard(plan: ShardPlan) -> Iterator[TextDialogue]:
    """The dialogues of a shard. Raises DuologueError where a line is none."""
    with _opened(Path(plan.file)) as lines:
        full = (line for line in lines if line.strip())
        for number, line in enumerate(islice(full, plan.first, plan.first + plan.count)):
            yield _dialogue(line, f"{plan.file}, dialogue {plan.first + number + 1}")


def _opened(file: Path) -> Any:
    try:
        return gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open()
    except OSError as error:
        raise DuologueError(f"{file} cannot be read ({error.strerror}).") from error


def _dialogue(line: str, where: str) -> TextDialogue:
    try:
        content = json.loads(line)
        turns = []
        for number, turn in enumerate(content["turns"]):
            speaker, text = (
                (turn["speaker"], turn["text"]) if isinstance(turn, dict) else (number % 2, turn)
            )
            if speaker not in (0, 1) or not isinstance(text, str):
                raise ValueError(turn)
            turns.append((int(speaker), " ".join(text.split())))
        if sum(len(text) for _, text in turns) > _MOST_LETTERS:
            raise ValueError(len(turns))
        return TextDialogue(str(content["id"]), tuple(turns))
    except (ValueError, KeyError, TypeError) as error:
        raise DuologueError(
            f"{where} is no dialogue; it needs an id and turns of two speakers, each a text."
        ) from error
