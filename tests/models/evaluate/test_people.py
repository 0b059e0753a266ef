"""Captions of people: who is heard, and what is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate import context as studio
from models.evaluate import people
from models.evaluate.context import Run, context_of
from models.evaluate.people import Caption
from models.speech.corpus import Reading
from tests.engine.tiny_bundle import write_tiny_bundle


def reading(speaker: str, seconds: float = 1.0) -> Reading:
    sound = np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE_HZ))
    return Reading(speaker, "he said so", sound.astype(np.float32))


def test_report_counts_words_by_place_and_source() -> None:
    captions = [
        Caption("librispeech:1", "recorded", "he said so", "he said so"),
        Caption("librispeech:1", "recorded", "it was 40", "it was forty"),
        Caption("speechocean762:23", "recorded", "he said so", "he did"),
        Caption("librispeech:1", "room", "he said so", ""),
    ]
    report = people.report(captions, Run())
    values = [score.measured.value for score in report.scores if score.measured]
    assert values == [2 / 9, 1.0]
    assert {score.heard for score in report.scores} == {"people"}
    assert report.details["wrong_by_source"]["speechocean762, as recorded"] == 2 / 3
    assert report.details["wrong_by_source"]["librispeech, in a simulated room"] == 1


def test_all_speakers_have_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [reading("librispeech:1") for _ in range(20)]
    readings += [reading("librispeech:2"), reading("librispeech:3", 25.0)]
    readings += [reading("speechocean762:3") for _ in range(20)]
    monkeypatch.setattr(studio, "held_out_readings", lambda _speech: readings)
    write_tiny_bundle(tmp_path, reader=True)
    run = Run(bundle=tmp_path, data=tmp_path, exchanges=6)
    chosen = people.choose_readings(run, 6)
    speakers = [readings[index].speaker for index in chosen]
    planned = people.plan(run)
    context_of.cache_clear()
    assert len(set(chosen)) == 6
    assert speakers.count("librispeech:2") == 1
    assert speakers.count("librispeech:3") == 0  # too long
    assert speakers.count("speechocean762:3") == 3
    assert [(one.index, one.place) for one in planned] == [
        (index, place) for place in people.PLACES for index in chosen
    ]


def test_a_reader_reads_the_sound_in_chunks(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, reader=True)
    run = Run(bundle=tmp_path)
    sound = reading("librispeech:1", 2.0).audio
    shown, again, other = (
        people.captions_of(heard, run, 0) for heard in (sound, sound, sound[::-1].copy())
    )
    context_of.cache_clear()
    assert shown  # a random model's words
    assert shown == again
    assert shown != other
