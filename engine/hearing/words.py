"""Heard words, and the lines in which they leave the process that hears."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class HeardWords:
    """What the user says in a stretch of the sound; later words replace it until they are final."""

    text: str
    """As a recogniser writes it, with capitals and punctuation. Empty: what was told before of this
    stretch has turned out to be no words."""
    start_sample: int
    """Where the stretch begins, in 16 kHz samples since the reset. It names the stretch: words with
    the same start replace one another."""
    end_sample: int
    """How far this was heard; of final words, where the voice ends."""
    final: bool
    """Nothing more comes of this stretch."""
    confidence: float
    """0 to 1: the model's own probability of a piece, the geometric mean."""
    ends_turn: bool = False
    """Of final words: the user has stopped. Otherwise a long turn goes on in the next stretch."""


@dataclass(frozen=True)
class Notice:
    """What the process says of itself."""

    ready: bool = False
    """The model is loaded."""
    problem: str = ""
    """One sentence, after which no words come."""
    dropped: int = 0
    """What was not heard because the machine was too slow, in all."""


def to_line(said: HeardWords | Notice, stream: int = 0) -> bytes:
    """One line of JSON; words belong to a ``stream`` of sound, which a reset ends."""
    content = {"stream": stream} if isinstance(said, HeardWords) else {}
    return json.dumps(content | asdict(said)).encode() + b"\n"


def from_line(line: bytes) -> tuple[HeardWords | Notice, int]:
    """What a line says, and its stream. Raises ValueError where it is none of `to_line`."""
    content = json.loads(line)
    try:
        stream = content.pop("stream", None)
        return (Notice(**content), 0) if stream is None else (HeardWords(**content), stream)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
