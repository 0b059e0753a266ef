"""Who speaks when where two people talk: stretches of the ICSI meetings, and speech laid over them.

The stretches are our own computation from the meetings' transcripts (CC BY 4.0; A. Janin et al.
2003), in which for at least a minute only two people talk; they have times and no words. Speech
laid over them gives real rhythm with voices of known recordings.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import DuologueError
from engine.sound.level import LEVEL_SAMPLES, levels_db
from engine.sound.turn_taking import Span, merged, threshold_db
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.two_agents import clipped
from models.speech.rooms import USER_DB, at_level, white_noise

_NAME = "icsi_two_party_timelines.tsv.gz"
_ROOM_DB = -65.0


@dataclass(frozen=True)
class Timeline:
    """One stretch of two people's talk."""

    name: str
    samples: int
    sides: tuple[list[Span], list[Span]]
    """Each person's stretches of speech in order; silences of up to 0.2 s lie inside them."""
    backchannels: tuple[list[Span], list[Span]]
    """Those of them that are backchannels (MRDA's tag b)."""

    def first(self, seconds: float) -> Timeline:
        """The first seconds of it."""
        end = min(round(seconds * SAMPLE_RATE_HZ), self.samples)
        whole = Span(0, end)
        sides = clipped(self.sides[0], whole), clipped(self.sides[1], whole)
        signs = clipped(self.backchannels[0], whole), clipped(self.backchannels[1], whole)
        return Timeline(self.name, end, sides, signs)


def read_timelines(data: Path) -> list[Timeline]:
    """All stretches of the folder of open data; raises DuologueError where they are not there."""
    path = data / "turn-taking" / _NAME
    rows: dict[str, list[dict[str, str]]] = {}
    try:
        with gzip.open(path, "rt", encoding="utf8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                rows.setdefault(row["stretch"], []).append(row)
        found = [_timeline(name, mine) for name, mine in rows.items()]
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror or error}); give the folder of open data."
        ) from error
    except (KeyError, ValueError, TypeError, EOFError, zlib.error, csv.Error) as error:
        raise DuologueError(f"{path} is damaged; get the open data again.") from error
    if not found:
        raise DuologueError(f"{path} holds no stretches; get the open data again.")
    return found


def _timeline(name: str, rows: Sequence[dict[str, str]]) -> Timeline:
    sides: tuple[list[Span], list[Span]] = [], []
    signs: tuple[list[Span], list[Span]] = [], []
    for row in rows:
        start, end = (round(float(row[key]) * SAMPLE_RATE_HZ) for key in ("start_s", "end_s"))
        side = "AB".index(row["speaker"])
        if start < end:
            sides[side].append(Span(start, end))
            if row["backchannel"] == "1":
                signs[side].append(Span(start, end))
    for spans in (*sides, *signs):
        spans.sort(key=lambda span: span.start_sample)
    samples = max((span.end_sample for span in (*sides[0], *sides[1])), default=0)
    return Timeline(name, samples, (merged(sides[0]), merged(sides[1])), signs)


def lay_speech(
    spans: Sequence[Span], samples: int, speech: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A track, float32 (samples,): a person's ``speech`` (n,), without its silences, in the spans,
    and faint noise everywhere. Too little speech is said again."""
    track = white_noise(samples, rng, _ROOM_DB)
    dense = at_level(without_silence(speech), USER_DB)
    place = 0
    for span in spans:
        length = span.end_sample - span.start_sample
        track[span.start_sample : span.end_sample] += np.take(
            dense, np.arange(place, place + length), mode="wrap"
        )
        place += length
    return track.astype(np.float32)


def without_silence(speech: np.ndarray) -> np.ndarray:
    """The loud 10 ms of speech (n,), and what lies up to 0.2 s between them."""
    levels = levels_db(speech[: len(speech) // LEVEL_SAMPLES * LEVEL_SAMPLES])
    loud = levels > threshold_db(levels)
    edges = np.flatnonzero(np.diff(np.pad(loud.astype(np.int8), 1))).reshape(-1, 2)
    spans = merged([Span(int(a) * LEVEL_SAMPLES, int(b) * LEVEL_SAMPLES) for a, b in edges])
    kept = [speech[span.start_sample : span.end_sample] for span in spans]
    return np.concatenate(kept) if kept else speech
