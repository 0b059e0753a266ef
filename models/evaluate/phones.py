"""How many phones can be told from the units? For the user's side and for the agent's.

Natural held-out voices say free sentences; their phone times are exact. People who are kept out
read; their phone times come from an independent aligner. The agent's times are those of its
synthesiser. Each figure is the share of frames, without silence, whose phone a small network tells
from the units around it, trained on the other speakers of the same kind in all places together.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from engine.timebase import FRAME_MS, FRAME_SAMPLES
from models import script
from models.evaluate.agent_side import frame_phones
from models.evaluate.agent_voice import sample_sentences
from models.evaluate.confidence_intervals import ratio
from models.evaluate.context import Run, context_of
from models.evaluate.people import choose_readings
from models.evaluate.phone_alignment import PhoneAligner
from models.evaluate.phone_probe import LabelledUnits, told_phones
from models.evaluate.robustness import in_chunks, in_noise, in_room, whole_chunks
from models.evaluate.score import Goal, Report, Score
from models.evaluate.user_voices import NATURAL, say
from models.speech.kept_out_texts import free_sentences
from models.speech.phones import PAUSE
from models.speech.rooms import USER_DB, at_level

Side = Literal["people", "natural", "agent"]
NOISE_DB = -15.0
PLACES: dict[Side, dict[str, str]] = {
    "people": {"quiet": "as recorded", "room": "in a simulated room"},
    "natural": {
        "quiet": "quiet room", "noise": f"noise at {-NOISE_DB:g} dB", "room": "simulated room",
    },
    "agent": {"quiet": ""},
}  # fmt: skip
GOALS: dict[tuple[Side, str], Goal] = {
    ("people", "quiet"): Goal(least=0.70),
    ("people", "room"): Goal(least=0.60),
    ("natural", "quiet"): Goal(least=0.88),
    ("natural", "noise"): Goal(least=0.82),
    ("natural", "room"): Goal(least=0.80),
    ("agent", "quiet"): Goal(least=0.97),
}
_MOST = 320
_FIRST_ROOM = 6_000_000


@dataclass(frozen=True)
class PlannedSpeech:
    """A sentence in a place."""

    side: Side
    index: int
    """Number of the reading or of the sentence."""
    place: str


def plan(run: Run) -> list[PlannedSpeech]:
    """At most ``run.exchanges`` sentences of each side, in each of its places."""
    count = min(run.exchanges, _MOST)
    indices: dict[Side, Sequence[int]] = {
        "people": choose_readings(run, count),
        "natural": range(min(count, len(_user_sentences(run)))) if run.packs else (),
        "agent": range(len(_own_sentences(run))),
    }
    return [
        PlannedSpeech(side, index, place)
        for side, places in PLACES.items()
        for place in places
        for index in indices[side]
    ]


def label(planned: PlannedSpeech, run: Run) -> tuple[Side, LabelledUnits] | None:
    """The units and the phones of a sentence; None where its phones cannot be found."""
    if planned.side == "agent":
        context = context_of(run)
        spoken = context.agent_source.speak(_own_sentences(run)[planned.index])
        phones = _delayed(spoken.phones_T, context.agent_source.delay_frames)
        one = LabelledUnits("agent", planned.place, spoken.units_T, phones)
        return planned.side, one
    if planned.side == "people":
        reading = context_of(run).readings[planned.index]
        segments = _aligner().align(reading.text, reading.audio)
        if segments is None:
            return None
        return planned.side, _heard(reading.speaker, reading.audio, segments, planned, run)
    voice = NATURAL[planned.index % len(NATURAL)]
    text = _user_sentences(run)[planned.index]
    speech = say(text, voice, random.Random(text), run.packs, run.kept)
    return planned.side, _heard(voice, speech.audio, speech.segments, planned, run)


def _heard(
    speaker: str,
    audio: np.ndarray,
    segments: Sequence[tuple[int, int, int]],
    planned: PlannedSpeech,
    run: Run,
) -> LabelledUnits:
    """The user's units of a sound in a place, as in a conversation."""
    bundle, tokenizer = context_of(run).bundle, context_of(run).tokenizer
    sound = at_level(audio, USER_DB)
    seed = _FIRST_ROOM + planned.index
    if planned.place == "noise":
        sound = in_noise(sound, seed, NOISE_DB)
    elif planned.place == "room":
        sound = in_room(sound, seed)
    sound = whole_chunks(bundle, np.pad(sound, (0, bundle.manifest.default_chunk_ms * 16)))
    units = in_chunks(sound, bundle, tokenizer)
    phones = frame_phones(segments, len(sound) // FRAME_SAMPLES)
    delay = bundle.manifest.encoder.delay_ms // FRAME_MS
    return LabelledUnits(speaker, planned.place, units, _delayed(phones, delay))


def _delayed(phones_T: np.ndarray, frames: int) -> np.ndarray:
    """The phones, moved to the units that describe them."""
    return np.concatenate([np.full(frames, PAUSE), phones_T])[: len(phones_T)]


def report(labelled: Sequence[tuple[Side, LabelledUnits] | None], run: Run) -> Report:
    """Score the phones told, with intervals over sentences."""
    manifest = context_of(run).bundle.manifest
    scores = []
    details: dict[str, Any] = {}
    for side, places in PLACES.items():
        some = [pair[1] for pair in labelled if pair and pair[0] == side]
        if not some:
            continue
        count = manifest.own_unit_count if side == "agent" else manifest.unit_count
        told = told_phones(some, count, PAUSE, run.seed)
        details[side] = {
            "sentences": len(some) // len(places),
            "minutes": sum(len(one.units_T) for one in some) * FRAME_MS / 60_000 / len(places),
            "speakers": len({one.speaker for one in some}),
        }
        for place, where in places.items():
            rows = [(one.right, one.frames) for one in told if one.condition == place]
            what = {
                "people": f"phones told from units, people, {where}",
                "natural": f"phones told from units, natural voices, {where}",
                "agent": "phones told from the agent's units",
            }[side]
            heard = None if side == "agent" else side
            scores.append(Score(what, ratio(rows), goal=GOALS[side, place], heard=heard))
    return Report(scores, details)


@lru_cache(maxsize=1)
def _user_sentences(run: Run) -> Sequence[str]:
    """Free sentences; without the open data, those of the script."""
    if run.data:
        return free_sentences(run.data / "dialogues")
    sentences = script.user_sentences()
    random.Random(run.seed).shuffle(sentences)
    return sentences


@lru_cache(maxsize=1)
def _own_sentences(run: Run) -> Sequence[str]:
    return sample_sentences(min(run.exchanges, _MOST), run.seed)


@lru_cache(maxsize=1)
def _aligner() -> PhoneAligner:
    return PhoneAligner()
