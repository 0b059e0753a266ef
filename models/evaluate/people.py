"""Captions of real people whom no training heard: how many words are wrong?

LibriSpeech's held-out speakers read books, speechocean762's read sentences in a language that is
not their first. Their units go to the reader chunk by chunk, as in a conversation; the words are
those of the transcripts. Knows no language model: what a text slot would write is not measured
here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.syncllm.unit_encoder import streamed_units
from engine.syncllm.unit_reader import StreamingReader
from engine.timebase import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import ratio
from models.evaluate.context import Run, context_of
from models.evaluate.robustness import in_room
from models.evaluate.score import Goal, Report, Score
from models.evaluate.spoken_words import spoken_words
from models.evaluate.word_errors import word_errors
from models.speech.rooms import USER_DB, at_level, white_noise

PLACES = {"recorded": "as recorded", "room": "in a simulated room"}
GOALS = {"recorded": Goal(most=0.15), "room": Goal(most=0.25)}
_MOST = 400
_LONGEST_S = 20.0
_FIRST_ROOM = 5_000_000
_AFTER_S = 1.0
"""Silence after a recording, in which the reader tells the last word."""
_ROOM_DB = -65


@dataclass(frozen=True)
class PlannedCaption:
    """A recording in a place."""

    index: int
    place: str


@dataclass(frozen=True)
class Caption:
    """The caption of one recording."""

    speaker: str
    place: str
    said: str
    shown: str

    @property
    def errors(self) -> tuple[int, int]:
        """(wrong words, words said)."""
        return word_errors(spoken_words(self.said), spoken_words(self.shown))


def plan(run: Run) -> list[PlannedCaption]:
    """At most ``run.exchanges`` recordings, as many of each speaker as the others' allow."""
    if context_of(run).bundle.reader is None:
        return []
    chosen = choose_readings(run, min(run.exchanges, _MOST))
    return [PlannedCaption(index, place) for place in PLACES for index in chosen]


def choose_readings(run: Run, count: int) -> list[int]:
    """Numbers of short recordings, speaker after speaker in turn; half are LibriSpeech's."""
    readings = context_of(run).readings
    rng = random.Random(run.seed)
    queues: dict[str, list[int]] = {}
    for index, reading in enumerate(readings):
        if len(reading.audio) <= _LONGEST_S * SAMPLE_RATE_HZ:
            queues.setdefault(reading.speaker, []).append(index)
    for queue in queues.values():
        rng.shuffle(queue)
    sources: dict[str, list[int]] = {}
    for rank in range(max(map(len, queues.values()), default=0)):
        for speaker, queue in sorted(queues.items()):
            if rank < len(queue):
                sources.setdefault(speaker.partition(":")[0], []).append(queue[rank])
    each = -(-count // max(len(sources), 1))
    return [index for source in sources.values() for index in source[:each]][:count]


def caption(asked: PlannedCaption, run: Run) -> Caption:
    """Read the units of a recording."""
    reading = context_of(run).readings[asked.index]
    sound = at_level(reading.audio, USER_DB)
    if asked.place == "room":
        sound = in_room(sound, _FIRST_ROOM + asked.index)
    return Caption(reading.speaker, asked.place, reading.text, captions_of(sound, run, asked.index))


def captions_of(sound: np.ndarray, run: Run, seed: int) -> str:
    """The words that the bundle's reader shows for a user's sound (n,), in a quiet place."""
    context = context_of(run)
    assert context.unit_reader is not None
    bundle = context.bundle
    settings = bundle.manifest.encoder
    chunk = bundle.manifest.default_chunk_ms // FRAME_MS
    heard = np.pad(sound, (0, round(_AFTER_S * SAMPLE_RATE_HZ)))
    heard = np.pad(heard, (0, -len(heard) % (chunk * FRAME_SAMPLES)))
    heard = heard + white_noise(len(heard), np.random.default_rng(seed), _ROOM_DB)
    units = streamed_units(
        context.tokenizer, heard, chunk, settings.window_ms, settings.lookahead_ms
    )
    pieces = StreamingReader(context.unit_reader).push(units.tolist())
    return " ".join("".join(pieces).split())


def report(captions: Sequence[Caption], _run: Run) -> Report:
    """Score wrong words by place, with intervals over speakers."""
    scores = []
    for place, where in PLACES.items():
        some = [one for one in captions if one.place == place]
        speakers = sorted({one.speaker for one in some})
        rows = [
            [sum(part) for part in zip(*(c.errors for c in some if c.speaker == who), strict=True)]
            for who in speakers
        ]
        what = f"words of people wrong in captions, {where}"
        scores.append(Score(what, ratio(rows), goal=GOALS[place], heard="people"))
    by_source: dict[str, list[int]] = {}
    for one in captions:
        name = f"{one.speaker.partition(':')[0]}, {PLACES[one.place]}"
        wrong, said = by_source.setdefault(name, [0, 0])
        by_source[name] = [wrong + one.errors[0], said + one.errors[1]]
    shares = {name: wrong / max(said, 1) for name, (wrong, said) in by_source.items()}
    examples = [
        {"speaker": one.speaker, "place": one.place, "said": one.said, "shown": one.shown}
        for one in captions[:: max(len(captions) // 40, 1)]
    ]
    return Report(scores, {"wrong_by_source": shares, "examples": examples})
