"""The board of tokens on a tiny bundle and made voices: same rhythm, same formats, one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models.evaluate.context import EvaluationContext, Run
from models.paper.timelines import Timeline
from models.paper.token_rates import rate_without_deduplication, token_rate, unit_changes
from models.paper.tokens import dialogue_units, draw, drawn_timelines, formats_of
from tests.app.cli.command_line import one_sentence, run
from tests.bad_input import check_sentence
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.models.paper.test_timing_events import spans

_TIMELINE = Timeline("one", 6 * SAMPLE_RATE_HZ, (spans((0, 2), (4, 5)), spans((2.5, 4))), ([], []))


def test_two_voices_in_peoples_rhythm(tmp_path: Path) -> None:
    context = EvaluationContext(Run(write_tiny_bundle(tmp_path / "bundle").folder))
    rng = np.random.default_rng(0)
    people = [rng.normal(0, 0.1, 3 * SAMPLE_RATE_HZ).astype(np.float32) for _ in range(3)]
    first, second = dialogue_units(_TIMELINE, people, 0, context)
    assert len(first) == len(second) == 6 * SAMPLE_RATE_HZ // FRAME_SAMPLES
    again = dialogue_units(_TIMELINE, people, 0, context)
    assert np.array_equal(first, again[0]) and np.array_equal(second, again[1])
    # The tiny tokenizer hears noise as changing units, and faint noise as another kind.
    assert unit_changes(first, _TIMELINE.sides[0]).speech_share == pytest.approx(0.5, abs=0.02)
    formats = formats_of(context.bundle)
    assert [*formats["paper"]] == [160, 200, 240]
    rates = {}
    for chunk_ms, fmt in formats["paper"].items():
        assert (fmt.own_table, fmt.boundary_emit, fmt.chunk_ms) == (None, False, chunk_ms)
        rates[chunk_ms] = [token_rate(first, second, fmt)]
        assert 1000 / chunk_ms <= rates[chunk_ms][0].a_second
        assert rates[chunk_ms][0].a_second <= rate_without_deduplication(chunk_ms)
        wider = token_rate(first, second, formats["boundary"][chunk_ms])
        assert wider.tokens >= rates[chunk_ms][0].tokens
    draw(tmp_path / "tokens.png", rates, [np.array([0.2]), np.array([0.5]), np.array([0.9])])
    assert (tmp_path / "tokens.png").read_bytes().startswith(b"\x89PNG")


def test_stretches_are_drawn_once_and_cut_to_a_minute() -> None:
    long = Timeline("long", 90 * SAMPLE_RATE_HZ, (spans((0, 70)), []), ([], []))
    drawn = drawn_timelines([_TIMELINE, long], 5, seed=0)
    assert sorted(one.name for one in drawn) == ["long", "one"]
    assert {one.samples for one in drawn} == {60 * SAMPLE_RATE_HZ, 6 * SAMPLE_RATE_HZ}


def test_a_folder_without_data_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(write_tiny_bundle(tmp_path / "bundle").folder)
    assert run("evaluate", "tokens", "--data", str(tmp_path), "--bundle", bundle) == 2
    check_sentence(one_sentence(capsys))
