"""Reads CANDOR: conversations over video, in folders named by their ids.

    ID/processed/ID.mp3             both people, one on each channel
    ID/processed/channel_map.json   {"L": person, "R": person}, or in transcription/
    ID/transcription/               transcript_audiophile.csv, transcript_cliffhanger.csv and
                                    transcript_backbiter.csv

The three tables cut the same words into turns in three ways. They are read with the csv module:
readers of tables that guess types take the utterance "None" for a missing one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from engine.errors import DuologueError
from models.corpora.call import Call, Reading, Transcript, folders_below, listed
from models.corpora.sound import SOUND_SUFFIXES, two_channel_blocks
from models.dialogue.recorded_dialogues import SpokenLine

LICENCE = (
    "CANDOR (BetterUp) is passed on to those only who have accepted its terms. Its licence allows "
    "research and commercial use, and forbids passing on the data or anything derived from it, "
    "synthetic media of the participants, and identifying them; what a participant wants deleted "
    "has to be deleted. Think of that before you pass on a model that was trained on it."
)
TRANSCRIPTS = ("audiophile", "cliffhanger", "backbiter")

_MAP = "channel_map.json"
_PARTS = ("processed", "transcription")


def read_candor(folder: Path, transcript: str = "audiophile") -> Reading:
    """The conversations below a folder, with one of the ``TRANSCRIPTS``.

    A conversation that cannot be used is told in the remarks. Raises DuologueError where there is
    none at all.
    """
    reading, silent, twice = Reading(), [], []
    found = [part for part, _ in folders_below(folder) if part.name in _PARTS and part != folder]
    parents = {part.parent for part in found}
    for place in sorted(parents):
        try:
            people, sound = _channels(place), _sound(place)
        except DuologueError as error:
            reading.remarks.append(f"{error} {place.name} is left out.")
            continue
        if any(call.id == place.name for call in reading.calls):
            twice.append(place.name)
            continue
        table = place / "transcription" / f"transcript_{transcript}.csv"
        lines: Transcript = partial(read_table, table, people)
        if not table.is_file():
            lines = tuple
            silent.append(place.name)
        reading.calls.append(Call(place.name, people, partial(two_channel_blocks, sound), lines))
    if not parents:
        raise DuologueError(
            f"There are no conversations of CANDOR in {folder}; give the folder whose folders hold "
            "processed/ and transcription/."
        )
    if twice:
        reading.remarks.append(f"Found twice and read once: {listed(twice)}.")
    if silent:
        reading.remarks.append(f"Without transcript_{transcript}.csv: {listed(silent)}.")
    return reading


def _channels(place: Path) -> tuple[str, str]:
    """The persons on the left channel and on the right one."""
    paths = [place / part / _MAP for part in _PARTS] + [place / _MAP]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise DuologueError(
            f"{place} has no {_MAP}, which tells who speaks on which channel; add it."
        )
    try:
        told = json.loads(path.read_text("utf-8"))
        left, right = str(told["L"]), str(told["R"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DuologueError(f'{path} is not of the form {{"L": person, "R": person}}.') from error
    if left == right:
        raise DuologueError(f"{path} names one person on both channels.")
    return left, right


def _sound(place: Path) -> Path:
    """The recording of both."""
    folder = place / "processed"
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    sounds = [path for path in files if path.suffix.lower() in SOUND_SUFFIXES]
    named = [path for path in sounds if path.stem == place.name]
    found = named or sounds
    if len(found) != 1:
        has = "no sound" if not found else f"{len(found)} sounds"
        raise DuologueError(f"{folder} holds {has}; it needs {place.name}.mp3 with both people.")
    return found[0]


def read_table(path: Path, people: tuple[str, str]) -> tuple[SpokenLine, ...]:
    """The turns of a table in the order of their starts; a backbiter table's backchannels, too.

    Raises DuologueError where a row cannot be read.
    """
    lines: list[SpokenLine] = []
    number = 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            # Strict, so that a quotation mark that was not closed swallows no rows unseen.
            for row in csv.DictReader(stream, strict=True):
                lines += _turn(row, people)
                number += 1
    except (OSError, UnicodeDecodeError) as error:
        raise DuologueError(f"{path} cannot be read as a table ({error}).") from error
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        raise DuologueError(
            f"Row {number} of {path} does not say who spoke when: it needs speaker, start, stop "
            "and utterance, and a person of the channel map."
        ) from error
    return tuple(sorted(lines, key=lambda line: line.start_s))


def _turn(row: dict[str, str], people: tuple[str, str]) -> Iterator[SpokenLine]:
    """The turn of a row and its backchannel. Of the other columns none is needed: ``interval`` is
    empty in row 0, since no turn comes before it."""
    for name, said, start, stop in (
        ("speaker", "utterance", "start", "stop"),
        ("backchannel_speaker", "backchannel", "backchannel_start", "backchannel_stop"),
    ):
        if name == "speaker" or row.get(start, ""):
            text = " ".join(row[said].split())
            channel = people.index(row[name].strip())
            yield SpokenLine(channel, float(row[start]), float(row[stop]), text)
