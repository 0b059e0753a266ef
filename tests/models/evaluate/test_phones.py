"""The board of phones: what is planned, where its labels lie, and what it reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.timebase import FRAME_SAMPLES
from models.evaluate import phones
from models.evaluate.agent_side import frame_phones
from models.evaluate.context import Run, context_of
from models.evaluate.phone_probe import LabelledUnits
from models.speech.phones import PAUSE
from tests.engine.tiny_bundle import write_tiny_bundle


def test_a_frame_has_the_phone_in_its_middle() -> None:
    half = FRAME_SAMPLES // 2
    segments = [(0, half + 1, 3), (half + 1, 3 * FRAME_SAMPLES, 4), (3 * FRAME_SAMPLES, 9999, 5)]
    assert frame_phones(segments, 5).tolist() == [3, 4, 4, 5, 5]
    assert frame_phones([(FRAME_SAMPLES, 2 * FRAME_SAMPLES, 3)], 3).tolist() == [PAUSE, 3, PAUSE]
    assert frame_phones([(half + 1, half + 2, 3)], 2).tolist() == [PAUSE, PAUSE]


def test_only_the_agent_is_planned_without_data_and_packs(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path)
    planned = phones.plan(Run(bundle=tmp_path, exchanges=3))
    context_of.cache_clear()
    assert [(one.side, one.index) for one in planned] == [("agent", index) for index in range(3)]


def test_each_side_and_place_has_its_figure(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path)
    rng = np.random.default_rng(0)
    labelled: list[tuple[phones.Side, LabelledUnits] | None] = [None]
    for index in range(48):
        truth = rng.integers(0, 8, 50)
        guess = rng.integers(0, 8, 50)
        speaker, place = f"voice {index % 4}", ("quiet", "noise", "room")[index // 4 % 3]
        labelled.append(
            ("natural", LabelledUnits(speaker, place, guess if place == "room" else truth, truth))
        )
        labelled.append(("agent", LabelledUnits("agent", "quiet", truth, truth)))
    report = phones.report(labelled, Run(bundle=tmp_path))
    context_of.cache_clear()
    found = {score.what: score.measured.value for score in report.scores if score.measured}
    quiet = found["phones told from units, natural voices, quiet room"]
    room = found["phones told from units, natural voices, simulated room"]
    assert quiet > 0.8
    assert room < 0.4
    assert found["phones told from the agent's units"] > 0.95
    assert report.details["natural"]["speakers"] == 4
