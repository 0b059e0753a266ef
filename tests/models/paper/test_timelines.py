"""Stretches of two people: read from a made table, and speech laid over them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.simulated_user import speech_spans
from models.paper.timelines import lay_speech, read_timelines, without_silence
from tests.bad_input import check_sentence

_HEAD = "stretch\tstart_s\tend_s\tspeaker\tbackchannel\tn_words\tbackchannel_form\n"
_ROWS = """one\t0.00\t2.00\tA\t0\t5\t
one\t2.50\t2.90\tB\t1\t1\tyeah
one\t2.10\t4.00\tA\t0\t5\t
two\t0.50\t1.00\tB\t0\t5\t
"""


def write_data(folder: Path, text: str = _HEAD + _ROWS) -> Path:
    path = folder / "turn-taking" / "icsi_two_party_timelines.tsv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf8") as stream:
        stream.write(text)
    return folder


def seconds(*pairs: tuple[float, float]) -> list[Span]:
    return [Span(round(a * SAMPLE_RATE_HZ), round(b * SAMPLE_RATE_HZ)) for a, b in pairs]


def test_stretches_with_short_silences_inside_speech(tmp_path: Path) -> None:
    one, two = read_timelines(write_data(tmp_path))
    assert one.sides == (seconds((0, 4)), seconds((2.5, 2.9)))
    assert one.backchannels == ([], seconds((2.5, 2.9)))
    assert (one.samples, two.samples) == (4 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)
    assert one.first(2.7).sides == (seconds((0, 2.7)), seconds((2.5, 2.7)))


@pytest.mark.parametrize(
    "text",
    ["", _HEAD, "a\tb\n1\t2\n", _HEAD + "one\tx\t2\tA\t0\t5\t\n", _HEAD + "one\t0\t2\tC\t0\t5\t\n",
     _HEAD + "one\n"],
)  # fmt: skip
def test_damaged_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DuologueError, match="open data") as raised:
        read_timelines(write_data(tmp_path, text))
    check_sentence(str(raised.value))


@pytest.mark.parametrize("cut", [0, 10, 40])
def test_cut_off_tables_are_refused(tmp_path: Path, cut: int) -> None:
    path = write_data(tmp_path) / "turn-taking" / "icsi_two_party_timelines.tsv.gz"
    path.write_bytes(path.read_bytes()[:cut] if cut else b"no gzip")
    with pytest.raises(DuologueError) as raised:
        read_timelines(tmp_path)
    check_sentence(str(raised.value))
    path.unlink()
    with pytest.raises(DuologueError, match="cannot be read"):
        read_timelines(tmp_path)


def test_speech_is_laid_where_people_spoke() -> None:
    rng = np.random.default_rng(0)
    speech = rng.normal(0, 0.05, SAMPLE_RATE_HZ).astype(np.float32)
    speech = np.concatenate([speech, np.zeros(SAMPLE_RATE_HZ, np.float32), speech])
    assert len(without_silence(speech)) == pytest.approx(2 * SAMPLE_RATE_HZ, abs=320)
    spans = seconds((1, 2.5), (4, 4.4))
    laid = lay_speech(spans, 6 * SAMPLE_RATE_HZ, speech, rng)
    found = speech_spans(laid)
    assert len(found) == 2
    for span, expected in zip(found, spans, strict=True):
        assert abs(span.start_sample - expected.start_sample) <= 400
        assert abs(span.end_sample - expected.end_sample) <= 400
