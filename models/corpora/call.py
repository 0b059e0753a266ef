"""A call of a corpus: two people, each on a channel of their own. Knows no corpus and no units."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.dialogue.recorded_dialogues import SpokenLine

Remark = Callable[[str], None]
"""Receives what the user should know, one sentence each."""
Sound = Callable[[Remark], Iterator[np.ndarray]]
"""Opens a call's sound: blocks of both channels, float32 (2, n) at 16 kHz. It may be opened again.
Raises DuologueError, at the first block or later."""

Transcript = Callable[[], tuple[SpokenLine, ...]]
"""Reads a transcript. Raises DuologueError."""


@dataclass(frozen=True, eq=False)
class Call:
    """A call; its sound is read when it is asked for. It can be sent to another process."""

    id: str
    speakers: tuple[str, str]
    """Of the first channel and of the second."""
    sound: Sound
    lines: Transcript = tuple
    """Empty where there is no transcript."""


@dataclass
class Reading:
    """What a reader found in a folder."""

    calls: list[Call] = field(default_factory=list)
    """In the order of their ids."""
    remarks: list[str] = field(default_factory=list)
    """What was left out and why, one sentence each."""


def folders_below(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder and all below it, in their order, each with the sorted names of its files. Links are
    followed, because discs and parts are often linked in; no folder comes twice."""
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield Path(parent), sorted(names)


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, found in the same way."""
    for parent, names in folders_below(folder):
        yield from (parent / name for name in names)


def listed(names: list[str], most: int = 5) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def relative_name(path: Path, folder: Path) -> str:
    """How a file is named in sentences and ids: its path within the corpus."""
    return path.relative_to(folder).as_posix()
