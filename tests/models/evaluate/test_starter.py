"""The evaluation from end to end, and its table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from engine.errors import DuologueError
from models import script
from models.evaluate.confidence_intervals import Interval
from models.evaluate.context import Run, context_of
from models.evaluate.judges import missing_packages
from models.evaluate.score import Goal, Score, show
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.starter import PARTS, evaluate_starter
from tests.engine.tiny_bundle import write_tiny_bundle


@pytest.fixture
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So that not every one must be spoken first."""
    some = script.agent_sentences()[::300]
    monkeypatch.setattr(script, "agent_sentences", lambda: some)
    plain_sentences.cache_clear()
    yield
    plain_sentences.cache_clear()
    context_of.cache_clear()


@pytest.mark.usefixtures("few_sentences")
def test_the_starter_runs_through_all_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    evaluate_starter(Run(exchanges=1, minutes=0.1), json_path=path)
    figures = json.loads(path.read_text("utf8"))
    possible = [
        name
        for name, part in PARTS.items()
        if not (part.needs_data or part.needs_packs or (part.needs_judges and missing_packages()))
    ]
    assert list(figures["parts"]) == possible
    for entry in figures["parts"].values():
        for score in entry["scores"]:
            assert score["measured"] is None or score["measured"]["count"] >= 1
    shown = capsys.readouterr().out
    assert "orders: left out" in shown
    assert "voice: left out" in shown
    assert "Without natural voices" in shown
    assert "starter" in shown


@pytest.mark.usefixtures("few_sentences")
def test_words_of_a_text_slot_are_judged(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, text=True)
    path = tmp_path / "figures.json"
    figures = evaluate_starter(Run(bundle=tmp_path, exchanges=2), ["answers"], json_path=path)
    entry = figures["parts"]["answers"]
    assert "right answer, formant and diphone voices, quiet room, its units too" in [
        score["what"] for score in entry["scores"]
    ]
    failures = entry["failures"]  # a random model says random words
    assert len(failures) == 6
    assert any(failure["words"] for failure in failures)
    known = set(script.agent_sentences())
    assert not known & {failure["words"] for failure in failures}


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(DuologueError, match="no part singing; choose from answers"):
        evaluate_starter(Run(), ["answers", "singing"])


def test_a_folder_without_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="no folder speech"):
        evaluate_starter(Run(data=tmp_path))


def test_a_folder_without_style_packs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="lacks style packs"):
        evaluate_starter(Run(packs=tmp_path))


def test_the_table_says_what_is_met() -> None:
    console = Console(record=True, width=120)
    scores = [
        Score("right", Interval(0.5, 0.4, 0.6, 90), goal=Goal(least=0.8)),
        Score("delay", Interval(250.0, None, None, 1), "ms", Goal(100, 400)),
        Score("nothing", None, goal=Goal(most=0.1)),
    ]
    show(console, "title", scores)
    lines = [line for line in console.export_text().splitlines() if "│" in line]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    assert cells == [
        ["right", "50.0 %", "40.0 to 60.0 %", "90", "at least 80.0 %", "no"],
        ["delay", "250 ms", "", "1", "100 to 400 ms", "yes"],
        ["nothing", "-", "", "0", "at most 10.0 %", ""],
    ]
    assert [score.met for score in scores] == [False, True, None]


def test_real_people_come_first() -> None:
    console = Console(record=True, width=120)
    half = Interval(0.5, 0.4, 0.6, 90)
    scores = [
        Score("agent's words", half),
        Score("first question", half, heard="natural"),
        Score("espeak", half, heard="formant"),
        Score("strangers", half, heard="people"),
        Score("second question", half, heard="natural"),
    ]
    show(console, "title", scores)
    lines = [line for line in console.export_text().splitlines() if "│" in line]
    assert [line.strip("│").split("│")[0].strip() for line in lines] == [
        "strangers", "first question", "second question", "espeak", "agent's words",
    ]  # fmt: skip
