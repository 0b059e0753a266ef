"""Reads Fisher English (LDC2004S13, LDC2005S13) and its transcripts (LDC2004T19, LDC2005T19).

Somewhere below the folder lie

    fe_03_p1_sph1/audio/000/fe_03_00001.sph         or fisher_eng_tr_sp_d1/audio/...
    fe_03_p1_tran/data/trans/000/fe_03_00001.txt    the transcripts, if there are any
    fe_03_p1_tran/doc/fe_03_p1_calldata.tbl         who spoke: APIN on channel 1, BPIN on channel 2

Part 2 has the same names with p2. Channel 1 is speaker A. A person made up to three calls, so
without the tables nobody can tell whether a split hears somebody of another.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from engine.errors import DuologueError
from models.corpora.call import Call, Reading, files_below, listed
from models.corpora.sound import SOUND_SUFFIXES, two_channel_blocks
from models.dialogue.recorded_dialogues import SpokenLine

LICENCE = (
    "Fisher English is licensed by the Linguistic Data Consortium (LDC2004S13, LDC2004T19, "
    "LDC2005S13, LDC2005T19). Your agreement with it says what you may do: without another one it "
    "allows language research only, and no passing on of the data or of what can replace it."
)

_NAME = re.compile(r"fe_03_(\d{5})")
_TABLE = re.compile(r"fe_03_p\d_calldata\.tbl", re.IGNORECASE)
_LINE = re.compile(r"(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+([AB]):\s*(.*)")
_UNCLEAR = re.compile(r"\(\(|\)\)")
_NOT_SPEECH = re.compile(r"\[[^\]]*\]")


def read_fisher(folder: Path) -> Reading:
    """The calls below a folder, which may hold both parts.

    Raises DuologueError where there is no sound of Fisher, or a table is damaged.
    """
    reading = Reading()
    sounds: dict[str, Path] = {}
    transcripts: dict[str, Path] = {}
    tables, twice = [], []
    for path in files_below(folder):
        found = _NAME.fullmatch(path.stem)
        suffix = path.suffix.lower()
        if _TABLE.fullmatch(path.name):
            tables.append(path)
        elif found and suffix in SOUND_SUFFIXES:
            if found[1] in sounds:
                twice.append(path.name)
            sounds.setdefault(found[1], path)
        elif found and suffix == ".txt":
            transcripts.setdefault(found[1], path)
    if not sounds:
        raise DuologueError(
            f"There are no calls of Fisher in {folder}; give the folder that holds fe_03_p1_sph1 "
            "or fisher_eng_tr_sp_d1, with files like audio/000/fe_03_00001.sph."
        )
    people = {number: pair for table in tables for number, pair in _people(table)}
    for number, path in sorted(sounds.items()):
        call_id = f"fe_03_{number}"
        # A speaker whom no table names counts as somebody who speaks nowhere else.
        speakers = people.get(number) or (f"{call_id}:A", f"{call_id}:B")
        transcript = transcripts.get(number)
        lines = partial(read_transcript, transcript) if transcript else tuple
        reading.calls.append(Call(call_id, speakers, partial(two_channel_blocks, path), lines))
    if twice:
        reading.remarks.append(f"Found twice and read once: {listed(twice)}.")
    if not tables:
        reading.remarks.append(
            "There is no table fe_03_p1_calldata.tbl or fe_03_p2_calldata.tbl (doc/ of the "
            "transcripts), so every speaker counts as a person of their own, and the splits may "
            "share people."
        )
    elif unnamed := [call.id for call in reading.calls if call.id[-5:] not in people]:
        reading.remarks.append(
            f"No table names the speakers of {listed(unnamed)}; each counts as a person of their "
            "own."
        )
    if silent := [call.id for call in reading.calls if call.id[-5:] not in transcripts]:
        reading.remarks.append(f"Without a transcript: {listed(silent)}.")
    return reading


def _people(table: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """(number of a call, persons on channels 1 and 2) of a table."""
    try:
        with table.open(newline="", encoding="latin-1") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            yield row["CALL_ID"].strip().zfill(5), (row["APIN"].strip(), row["BPIN"].strip())
    except (OSError, KeyError, AttributeError, csv.Error) as error:
        raise DuologueError(
            f"{table} is no table of Fisher's calls: it needs the columns CALL_ID, APIN and BPIN."
        ) from error


def read_transcript(path: Path) -> tuple[SpokenLine, ...]:
    """The lines of a transcript, in the file's order.

    Marks of sounds such as ``[noise]`` are left out; what stands in ``((...))`` is kept, and the
    line is unclear. Raises DuologueError at a line that is none of ``start end A: text``, a comment
    or empty.
    """
    lines = []
    try:
        written = path.read_bytes()
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}).") from error
    # Not splitlines of text, which takes some letters of other encodings for ends of lines.
    for number, line in enumerate(map(_decoded, written.splitlines()), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if not found or float(found[2]) < float(found[1]):
            raise DuologueError(
                f"Line {number} of {path} is not 'start end A: text', in seconds; correct it."
            )
        text = " ".join(_NOT_SPEECH.sub(" ", _UNCLEAR.sub(" ", found[4])).split())
        unclear = _UNCLEAR.search(found[4]) is not None
        channel = "AB".index(found[3])
        lines.append(SpokenLine(channel, float(found[1]), float(found[2]), text, unclear))
    return tuple(lines)


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("latin-1")
