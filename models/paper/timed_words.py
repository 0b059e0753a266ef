"""Words with their times, as Full-Duplex-Bench keeps them.

The file is {"text", "chunks": [{"text", "timestamp": [start, end]}]}. Where there is none, Whisper
base hears every stretch of speech by itself: in silence it would write words that nobody said. A
stretch's first word begins where the stretch begins, and its last one ends where it ends, because
the recogniser's own times are less exact.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.atomic_write import write_atomically
from engine.errors import DuologueError
from engine.sound.turn_taking import Span, merged
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.judges import recogniser

_TOGETHER_MS = 500
"""Stretches this near are heard together: Whisper needs context."""


@dataclass(frozen=True)
class Word:
    """A word and its times in seconds."""

    text: str
    start_s: float
    end_s: float


def hear_words(track: np.ndarray, spans: Sequence[Span]) -> list[Word]:
    """The words in a track (n,) at 16 kHz, whose speech is in ``spans``."""
    found: list[Word] = []
    for span in merged(spans, _TOGETHER_MS):
        words = recogniser().words(track[span.start_sample : span.end_sample])
        start, end = span.start_sample / SAMPLE_RATE_HZ, span.end_sample / SAMPLE_RATE_HZ
        # Words share the stretch by their letters; only its edges are known.
        edges = np.cumsum([0, *(len(word) + 1 for word in words)])
        times = start + (end - start) * edges / max(edges[-1], 1)
        found += [
            Word(word, float(first), float(last))
            for word, first, last in zip(words, times[:-1], times[1:], strict=True)
        ]
    return found


def after(words: Sequence[Word], seconds: float) -> list[Word]:
    """The words, as if the sound began at ``seconds``."""
    return [
        Word(word.text, max(word.start_s, seconds), word.end_s)
        for word in words
        if word.end_s > seconds
    ]


def read_words(path: Path) -> list[Word]:
    """The words of a file; raises DuologueError where it is none.

    Some recognisers leave a time out: a word without a beginning says nothing, and one without an
    end ends where it begins.
    """
    try:
        chunks = json.loads(path.read_text("utf8"))["chunks"]
        timed = [(str(chunk["text"]), *chunk["timestamp"]) for chunk in chunks]
        return [
            Word(text.strip(), float(start), float(start if end is None else end))
            for text, start, end in timed
            if start is not None
        ]
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); check the folder."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DuologueError(
            f"{path} holds no words with times; delete it, and it is made again."
        ) from error


def write_words(path: Path, words: Sequence[Word]) -> None:
    """Write words in the benchmark's layout."""
    chunks = [{"text": word.text, "timestamp": [word.start_s, word.end_s]} for word in words]
    entry = {"text": " ".join(word.text for word in words), "chunks": chunks}
    write_atomically(path, json.dumps(entry, indent=1) + "\n")
