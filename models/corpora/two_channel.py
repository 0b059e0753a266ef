"""Reads any folder of recordings with two people, one on each channel.

A file ``speakers.csv`` in the folder may say who speaks (columns ``file``, ``first``, ``second``).
Without it everybody counts as a person of their own, and the splits may share people.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from engine.errors import DuologueError
from models.corpora.call import Call, Reading, files_below, listed, relative_name
from models.corpora.sound import SOUND_SUFFIXES, two_channel_blocks

LICENCE = (
    "These recordings are yours to answer for: use them only if everybody who speaks in them has "
    "agreed to that, and if their licence allows to train a model on them."
)

_SPEAKERS = "speakers.csv"


def read_two_channel(folder: Path) -> Reading:
    """The recordings below a folder.

    Whether they have two channels is seen only when they are read. Raises DuologueError where there
    is no recording, or the table of speakers is wrong.
    """
    reading, others = Reading(), []
    people = _people(folder / _SPEAKERS)
    unknown = dict(people)
    for path in sorted(files_below(folder)):
        name = relative_name(path, folder)
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if hidden or name == _SPEAKERS or not path.is_file():
            continue
        if path.suffix.lower() not in SOUND_SUFFIXES:
            others.append(name)
            continue
        speakers = people.get(name) or (f"{name}:1", f"{name}:2")
        unknown.pop(name, None)
        reading.calls.append(Call(name, speakers, partial(two_channel_blocks, path)))
    if not reading.calls:
        raise DuologueError(f"There are no WAV, FLAC, MP3, OGG or SPHERE files in {folder}.")
    if others:
        reading.remarks.append(f"Left out, since they are no recordings: {listed(others)}.")
    if not people:
        reading.remarks.append(
            f"There is no {_SPEAKERS} (file,first,second), so every speaker counts as a person of "
            "their own, and the splits may share people."
        )
    elif unnamed := [call.id for call in reading.calls if call.id not in people]:
        reading.remarks.append(
            f"{_SPEAKERS} does not name the speakers of {listed(unnamed)}; each counts as a person "
            "of their own."
        )
    if unknown:
        reading.remarks.append(f"{_SPEAKERS} names files that are not there: {listed([*unknown])}.")
    return reading


def _people(table: Path) -> dict[str, tuple[str, str]]:
    """The persons on the first and second channel of each file."""
    if not table.is_file():
        return {}
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
        return {row["file"]: (row["first"].strip(), row["second"].strip()) for row in rows}
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise DuologueError(f"{table} needs the columns file, first and second.") from error
