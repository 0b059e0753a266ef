"""The report of an evaluation: scores with their intervals and goals, and their table.

The table has what real people say first, then natural voices, then all else. Knows no measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from models.evaluate.confidence_intervals import Interval

Measure = Literal["share", "ms", "a minute", "s a minute", "dB", "ratio"]
Heard = Literal["people", "natural", "formant"]
"""Who speaks to the agent: real people, natural voices, or formant and diphone voices."""

_ORDER: tuple[Heard | None, ...] = ("people", "natural", "formant", None)
_UNITS: dict[Measure, str] = {
    "share": "%", "ms": "ms", "a minute": "/min", "s a minute": "s/min", "dB": "dB", "ratio": "",
}  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """The range in which a figure should lie, in the score's own measure."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a figure lies in the range."""
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Score:
    """One figure: a row of the table."""

    what: str
    measured: Interval | None
    """None where nothing could be measured."""
    measure: Measure = "share"
    goal: Goal | None = None
    heard: Heard | None = None
    """None where nobody speaks to the agent, or where it does not matter who."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal or without a figure."""
        if self.goal is None or self.measured is None:
            return None
        return self.goal.met(self.measured.value)

    def entry(self) -> dict[str, Any]:
        """The score for the JSON file."""
        return asdict(self) | {"met": self.met}


@dataclass(frozen=True)
class Report:
    """The results of one part of an evaluation."""

    scores: list[Score]
    details: dict[str, Any] = field(default_factory=dict)
    """Further results for the file, such as failures; serialisable as JSON."""

    def entry(self) -> dict[str, Any]:
        """The report for the JSON file."""
        return {"scores": [score.entry() for score in self.scores]} | self.details


def show(console: Console, title: str, scores: Sequence[Score]) -> None:
    """Print the table; rows of the same speakers stay in order."""
    table = Table(title=title)
    table.add_column("what")
    for heading in ("measured", "95 % interval", "of", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("met")
    words = {True: "yes", False: "no", None: ""}
    ordered = sorted(scores, key=lambda score: _ORDER.index(score.heard))
    for before, score in zip([None, *ordered], ordered, strict=False):
        if before and before.heard != score.heard:
            table.add_section()
        found = score.measured
        if found is None:
            table.add_row(score.what, "-", "", "0", _goal(score), "")
            continue
        between = ""
        if found.low is not None and found.high is not None:
            between = _range(found.low, found.high, score.measure)
        figures = _figure(found.value, score.measure), between, str(found.count), _goal(score)
        table.add_row(score.what, *figures, words[score.met])
    console.print(table)


def _figure(value: float, measure: Measure) -> str:
    unit = _UNITS[measure]
    return f"{_number(value, measure)} {unit}" if unit else _number(value, measure)


def _range(low: float, high: float, measure: Measure) -> str:
    return f"{_number(low, measure)} to {_figure(high, measure)}"


def _number(value: float, measure: Measure) -> str:
    if measure == "ms":
        return f"{value:.0f}"
    return f"{100 * value:.1f}" if measure == "share" else f"{value:.2f}"


def _goal(score: Score) -> str:
    goal, measure = score.goal, score.measure
    if goal is None:
        return ""
    if goal.most is None:
        return f"at least {_figure(goal.least or 0.0, measure)}"
    if goal.least is None:
        return f"at most {_figure(goal.most, measure)}"
    return _range(goal.least, goal.most, measure)
