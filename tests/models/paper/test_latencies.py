"""Two tiny agents talk at several latencies; what they said is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from models.evaluate.two_agents import pieces_between
from tests.app.cli.command_line import run
from tests.bad_input import check_sentence
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.models.paper.test_timing_events import spans, whole


def test_the_time_between_questions_without_moments() -> None:
    questions = spans((0, 1), (4, 5), (5.5, 6))
    pieces = pieces_between(questions, whole(10).end_sample)
    assert pieces == spans((1, 4), (6, 10))


def test_agents_talk_at_each_latency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(write_tiny_bundle(tmp_path / "bundle").folder)
    out, figures = tmp_path / "talks", tmp_path / "figures.json"
    call = ["evaluate", "latencies", "--latencies", "0,480", "--minutes", "0.1", "--vad", "own"]
    assert run(*call, "--bundle", bundle, "--out", str(out), "--json", str(figures)) == 0
    assert set(json.loads(figures.read_text())["systems"]) <= {"0 ms", "480 ms"}
    for latency in ("0", "480"):
        entry = soundfile.info(out / latency / "000.wav")
        assert entry.channels == 2
        assert entry.duration == pytest.approx(6, abs=0.4)
    first, second = (soundfile.read(out / one / "000.wav")[0] for one in ("0", "480"))
    assert (first != second).any()


@pytest.mark.parametrize("latencies", ["", "a,b", "0,481", "-80"])
def test_impossible_latencies(
    latencies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(write_tiny_bundle(tmp_path / "bundle").folder)
    call = ["evaluate", "latencies", "--latencies", latencies, "--minutes", "0.1", "--vad", "own"]
    assert run(*call, "--bundle", bundle) == 2
    check_sentence(capsys.readouterr().err)
