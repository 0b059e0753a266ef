"""Made-up answers with known figures: means, agreement, exclusions, results that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DuologueError
from models.paper.rating_files import PLOT_NAME, read_results, report_study
from models.paper.rating_study import KEY_NAME, RESULTS_NAME, Clip, Key
from models.paper.ratings import Answer, Result, report
from tests.bad_input import check_sentence

# Two systems, three dialogues; each sheet has every clip here, so that agreement can be counted.
_CLIPS = {
    f"{system[0]}{dialogue}": Clip(system=system, dialogue=str(dialogue), seconds=10)
    for system in ("good", "bad")
    for dialogue in range(3)
}
_SHEET = ["g0", "b0", "t2", "g1", "b1", "g2", "t5", "b2"]
KEY = Key(
    format=1, study="feed", seed=0, prompt_seconds=1, clips=_CLIPS, checks={"t2": 2, "t5": 5},
    sheets=[_SHEET] * 4,
)  # fmt: skip
# (meaningfulness, naturalness) of the dialogues, as three raters give them.
_RATED = {
    "g0": [(5, 5), (5, 5), (4, 5)],
    "g1": [(4, 5), (5, 5), (4, 4)],
    "g2": [(5, 5), (5, 4), (5, 5)],
    "b0": [(1, 4), (2, 4), (1, 5)],
    "b1": [(1, 5), (1, 5), (1, 5)],
    "b2": [(2, 4), (3, 4), (3, 3)],
}


def result_of(rater: int, **changes: tuple[int | None, int | None]) -> Result:
    """The rater's result; ``changes`` are other ratings of single clips."""
    answers = []
    for name in _SHEET:
        right = KEY.checks.get(name)
        pair = changes.get(name) or ((right, right) if right else _RATED[name][(rater - 1) % 3])
        answers.append(
            Answer(clip=name, meaningfulness=pair[0], naturalness=pair[1], took_seconds=12, plays=1)
        )
    return Result(format=1, study="feed", rater=rater, answers=answers)


def test_medians_of_raters_and_means_of_dialogues() -> None:
    found = report(KEY, [result_of(rater) for rater in (1, 2, 3)])
    assert [one.system for one in found.systems] == ["good", "bad"]
    good, bad = found.systems
    assert (good.clips, good.ratings) == (3, 9)
    # Medians 5, 4, 5 and 5, 5, 5; then 1, 1, 3 and 4, 5, 4.
    assert good.means["meaningfulness"].value == pytest.approx(14 / 3)
    assert good.means["naturalness"].value == 5
    assert bad.means["meaningfulness"].value == pytest.approx(5 / 3)
    assert bad.means["naturalness"].value == pytest.approx(13 / 3)
    low, high = bad.means["meaningfulness"].low, bad.means["meaningfulness"].high
    assert low == 1
    assert high == 3
    assert found.exclusions == []
    meaning, natural = (found.agreement[scale]["ordinal"] for scale in found.agreement)
    assert meaning is not None and natural is not None
    # Raters agree on what is meaningful far more than on what is natural.
    assert meaning > 0.8 > natural


def test_who_fails_the_checks_is_left_out_whole() -> None:
    careless = result_of(4, t2=(3, 2), g0=(1, 1))
    found = report(KEY, [*(result_of(rater) for rater in (1, 2, 3)), careless])
    assert found.raters == 3
    (out,) = found.exclusions
    assert (out.rater, out.reason, out.answers) == (4, "1 of 2 attention checks wrong", 6)
    assert found.systems[0].means["meaningfulness"].value == pytest.approx(14 / 3)


def test_who_always_answers_alike_or_stops_early_is_left_out() -> None:
    alike = result_of(1, **{name: (4, 4) for name in _CLIPS})
    early = result_of(2)
    early = early.model_copy(update={"answers": early.answers[:3]})
    found = report(KEY, [alike, early])
    assert [out.reason for out in found.exclusions] == [
        "the same answer to every dialogue",
        "answered 2 of 6 dialogues",
    ]
    assert found.systems == []


def test_answers_before_the_end_and_clips_that_did_not_play_are_left_out() -> None:
    whole = result_of(1, g1=(None, None))
    answers = [
        one.model_copy(update={"took_seconds": 4}) if one.clip == "g0" else one
        for one in whole.answers
    ]
    found = report(KEY, [whole.model_copy(update={"answers": answers})])
    assert [(out.answers, out.reason) for out in found.exclusions] == [
        (1, "answered before the dialogue was over")
    ]
    assert [(one.system, one.ratings) for one in found.systems] == [("good", 1), ("bad", 3)]


def write_study(folder: Path) -> Path:
    (folder / RESULTS_NAME).mkdir(parents=True)
    (folder / KEY_NAME).write_text(KEY.model_dump_json())
    return folder


def write_result(folder: Path, name: str, result: Result, **changes: Any) -> Path:
    path = folder / RESULTS_NAME / name
    path.write_text(json.dumps(result.model_dump() | changes))
    return path


def test_the_report_writes_plot_and_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_study(tmp_path / "study")
    for rater in (1, 2, 3):
        write_result(folder, f"{rater}.json", result_of(rater))
    report_study(folder, tmp_path / "figures.json")
    shown = capsys.readouterr().out
    assert "4.67" in shown
    assert "alpha" in shown
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["raters"] == 3
    assert (folder / PLOT_NAME).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"study": "beef"}, "another study"),
        ({"format": 2}, "another study"),
        ({"rater": 5}, "does not answer what rater 5"),
        ({"rater": -1}, "does not answer what rater -1"),
        ({"answers": []}, "does not answer"),
        ({"answers": "none"}, "not a result"),
        ({"more": 1}, "not a result"),
    ],
)
def test_impossible_results_are_refused(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    folder = write_study(tmp_path / "study")
    path = write_result(folder, "1.json", result_of(1), **changes)
    with pytest.raises(DuologueError, match=named) as raised:
        read_results(folder, KEY)
    check_sentence(str(raised.value))
    assert path.exists()


def test_a_rater_answers_once_and_somebody_answers(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    with pytest.raises(DuologueError, match="holds no results"):
        read_results(folder, KEY)
    write_result(folder, "1.json", result_of(1))
    write_result(folder, "1 (copy).json", result_of(1))
    with pytest.raises(DuologueError, match="both of rater 1"):
        read_results(folder, KEY)
    with pytest.raises(DuologueError, match="rate make"):
        report_study(tmp_path)
