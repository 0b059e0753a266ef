"""Reads the results of a study and writes its report: table, plot, figures. Knows no statistics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from engine.atomic_write import write_atomically, writing_whole
from engine.errors import DuologueError
from models.paper.rating_study import FORMAT, RESULTS_NAME, Key, read_key
from models.paper.ratings import SCALES, RatingsReport, Result, report

PLOT_NAME = "report.png"


def report_study(folder: Path, json_path: Path | None = None) -> RatingsReport:
    """Report the results in a study's folder: a table, and the plot report.png beside the key.

    Raises DuologueError where the key or a result cannot be used, or where there is no result.
    """
    key = read_key(folder)
    found = report(key, read_results(folder, key))
    show(Console(), found)
    if found.systems:
        draw(found, folder / PLOT_NAME)
    if json_path:
        write_atomically(json_path, json.dumps(entry(found), indent=2) + "\n")
    return found


def read_results(folder: Path, key: Key) -> list[Result]:
    """The results of all raters, one file each."""
    paths = sorted((folder / RESULTS_NAME).glob("*.json"))
    if not paths:
        raise DuologueError(
            f"{folder / RESULTS_NAME} holds no results; put the raters' files there, as they sent "
            "them."
        )
    results: dict[int, tuple[Path, Result]] = {}
    for path in paths:
        result = _read_result(path, key)
        if result.rater in results:
            other = results[result.rater][0].name
            raise DuologueError(
                f"{path} and {other} are both of rater {result.rater}; keep one of them."
            )
        results[result.rater] = path, result
    return [result for _, result in results.values()]


def _read_result(path: Path, key: Key) -> Result:
    try:
        result = Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); ask the rater for it again."
        ) from error
    except ValidationError as error:
        raise DuologueError(
            f"{path} is not a result as the page saves it; ask the rater for it again."
        ) from error
    if result.format != FORMAT or result.study != key.study:
        raise DuologueError(f"{path} belongs to another study; take it out.")
    sheet = key.sheets[result.rater - 1] if 1 <= result.rater <= len(key.sheets) else []
    given = [answer.clip for answer in result.answers]
    if not given or given != sheet[: len(given)]:
        raise DuologueError(
            f"{path} does not answer what rater {result.rater} was asked; take it out."
        )
    return result


def entry(found: RatingsReport) -> dict[str, Any]:
    """The report for the JSON file."""
    return asdict(found)


def show(console: Console, found: RatingsReport) -> None:
    """Print the table, the agreement and what was left out."""
    table = Table(title=f"Ratings from 1 to 5, {found.raters} raters")
    table.add_column("system")
    for heading in ("dialogues", "ratings"):
        table.add_column(heading, justify="right")
    for scale in SCALES:
        table.add_column(f"{scale}, 95 %", justify="right")
    for one in found.systems:
        cells = [str(one.clips), str(one.ratings)]
        for scale in SCALES:
            mean = one.means[scale]
            between = "" if mean.low is None else f" ({mean.low:.2f} to {mean.high:.2f})"
            cells.append(f"{mean.value:.2f}{between}")
        table.add_row(one.system, *cells)
    console.print(table)
    for scale, levels in found.agreement.items():
        said = ", ".join(f"{name} {_number(value)}" for name, value in levels.items())
        console.print(f"Krippendorff's alpha, {scale}: {said}")
    for out in found.exclusions:
        console.print(f"Rater {out.rater}, {out.answers} ratings left out: {out.reason}.")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def draw(found: RatingsReport, path: Path) -> None:
    """Draw the means with their intervals as a PNG; DuologueError if it cannot be written."""
    systems = found.systems[::-1]
    figure = Figure(figsize=(10, 1.4 + 0.45 * len(systems)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels: Sequence[Any] = figure.subplots(1, len(SCALES), sharey=True)
    for panel, scale in zip(panels, SCALES, strict=True):
        for height, one in enumerate(systems):
            mean = one.means[scale]
            if mean.low is not None and mean.high is not None:
                panel.plot([mean.low, mean.high], [height, height], color="#2b6cb0", linewidth=2)
            panel.plot([mean.value], [height], "o", color="#2b6cb0")
        panel.set_title(f"{scale}, mean and 95 % interval", fontsize=10)
        panel.set_xlim(0.9, 5.1)
        panel.set_yticks(range(len(systems)), [one.system for one in systems])
        panel.set_ylim(-0.6, len(systems) - 0.4)
        panel.grid(axis="x", color="#e2e8f0")
    with writing_whole(path) as part:
        figure.savefig(part, format="png")
