"""Tables 2 and 7: the timing of systems' continuations, beside the truth's and beside people's.

The folder is that of ``duologue rate make``: SYSTEM/NAME.wav, stereo, the same dialogues for every
system, which begin with the same prompt. Writes a table and a plot; docs/paper.md has the figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.atomic_write import write_atomically, writing_whole
from engine.errors import DuologueError
from engine.sound.audio_file import AudioReader, read_mono
from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import Interval, ratio
from models.paper.rating_study import recordings
from models.paper.spoken_spans import Detector, default_detector, spans_by
from models.paper.timelines import Timeline, read_timelines
from models.paper.timing_events import (
    CORRELATED,
    KINDS,
    Events,
    events,
    mean_correlation,
    total_correlation,
)

PEOPLE = "people (ICSI)"
_PEOPLE_S = 90.0
"""People's stretches are cut into pieces about as long as the paper's continuations."""


@dataclass(frozen=True)
class Timed:
    """The events of one dialogue, before and after the prompt's end."""

    prompt: Events | None
    continuation: Events


def evaluate_timing(
    folder: Path,
    prompt_seconds: float,
    truth: str | None = None,
    data: Path | None = None,
    detector: Detector | None = None,
    plot: Path | None = None,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Measure all systems of a folder; prints, returns (and writes) the figures.

    ``truth``: the system with the true continuations, for statistic C. ``data``: the folder of open
    data, for people's figures. Raises DuologueError for a folder of another form.
    """
    found = recordings(folder)
    if truth is not None and truth not in found:
        raise DuologueError(f"{folder} has no system {truth}; it has {', '.join(sorted(found))}.")
    detector = detector or default_detector()
    spans_of = spans_by(detector)
    timed = {
        system: [
            timed_dialogue(path, prompt_seconds, spans_of)
            for _, path in track(sorted(paths.items()), system)
        ]
        for system, paths in sorted(found.items())
    }
    figures: dict[str, Any] = {
        "detector": detector,
        "dialogues": len(next(iter(timed.values()))),
        "systems": {
            system: system_figures(mine, timed[truth] if truth and truth != system else None)
            for system, mine in timed.items()
        },
    }
    pooled = {system: [one.continuation for one in mine] for system, mine in timed.items()}
    if data:
        pooled[PEOPLE] = people_events(read_timelines(data))
        figures["systems"][PEOPLE] = {"a_minute": a_minute(pooled[PEOPLE])}
    show(Console(), figures)
    if plot:
        draw_offsets(plot, pooled)
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    return figures


def timed_dialogue(
    path: Path, prompt_seconds: float, spans_of: Callable[[np.ndarray], list[Span]]
) -> Timed:
    """The events of a stereo recording."""
    with AudioReader(path, 1) as reader:
        channels = reader.channels
    if channels != 2:
        raise DuologueError(
            f"{path} has {channels} channel{'s' * (channels > 1)}; give stereo dialogues, one "
            "speaker on each side."
        )
    tracks = [read_mono(path, channel=channel, remark=lambda _: None) for channel in (1, 2)]
    first, second = (spans_of(sound) for sound in tracks)
    end, border = len(tracks[0]), round(prompt_seconds * SAMPLE_RATE_HZ)
    if end <= border:
        raise DuologueError(
            f"{path} is not longer than the prompt of {prompt_seconds:g} s; give the prompt's "
            "length with --prompt-seconds."
        )
    prompt = events(first, second, Span(0, border)) if border else None
    return Timed(prompt, events(first, second, Span(border, end)))


def people_events(timelines: Sequence[Timeline]) -> list[Events]:
    """People's events, in pieces of 90 s; what is left of a stretch is not used.

    Raises DuologueError where all stretches are shorter.
    """
    length = round(_PEOPLE_S * SAMPLE_RATE_HZ)
    found = [
        events(*timeline.sides, Span(start, start + length))
        for timeline in timelines
        for start in range(0, timeline.samples - length + 1, length)
    ]
    if not found:
        raise DuologueError(
            f"People's stretches are all shorter than {_PEOPLE_S:g} s; get the open data again."
        )
    return found


# --- figures --------------------------------------------------------------------------------------


def system_figures(mine: Sequence[Timed], true: Sequence[Timed] | None) -> dict[str, Any]:
    """Statistics A, B and C of one system."""
    continuations = [one.continuation for one in mine]
    prompts = [one.prompt for one in mine if one.prompt]
    figures: dict[str, Any] = {"a_minute": a_minute(continuations)}
    if prompts:
        figures["prompt_totals"] = _entries(
            {kind: total_correlation(prompts, continuations, kind) for kind in KINDS}
        )
        figures["prompt_means"] = _averaged(
            {kind: mean_correlation(continuations, prompts, kind) for kind in CORRELATED}
        )
    if true:
        theirs = [one.continuation for one in true]
        figures["true_means"] = _averaged(
            {kind: mean_correlation(continuations, theirs, kind) for kind in CORRELATED}
        )
    return figures


def a_minute(pieces: Sequence[Events]) -> dict[str, Any]:
    """Statistic A: events and seconds a minute of each kind, and the offsets' quantiles."""
    figures: dict[str, Any] = {}
    for kind in KINDS:
        counts = ratio([(len(getattr(one, kind)), one.seconds / 60) for one in pieces])
        seconds = ratio([(sum(getattr(one, kind)), one.seconds / 60) for one in pieces])
        figures[kind] = {"count": _entry(counts), "seconds": _entry(seconds)}
    offsets = [offset for one in pieces for offset in one.fto]
    quantiles = np.percentile(offsets, [5, 25, 50, 75, 95]).tolist() if offsets else None
    overlapped = float(np.mean(np.array(offsets) < 0)) if offsets else None
    figures["fto"] = {"count": len(offsets), "quantiles": quantiles, "overlapped": overlapped}
    return figures


def _averaged(found: dict[str, Interval | None]) -> dict[str, Any]:
    known = [one.value for one in found.values() if one]
    entries = _entries(found)
    # As in the paper's tables: the mean of the three.
    entries["average"] = float(np.mean(known)) if len(known) == len(found) else None
    return entries


def _entries(found: Mapping[str, Interval | None]) -> dict[str, Any]:
    return {kind: _entry(one) for kind, one in found.items()}


def _entry(found: Interval | None) -> dict[str, Any] | None:
    return vars(found) if found else None


_CORRELATIONS = {
    "prompt_totals": "B: totals, prompt and continuation",
    "prompt_means": "C's means, prompt and continuation",
    "true_means": "C: means, generated and true",
}


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print one table of statistic A and one of the correlations."""
    table = Table(
        title=f"A: events and seconds a minute, {figures['dialogues']} dialogues, "
        f"{figures['detector']} VAD"
    )
    table.add_column("system")
    for kind in (*KINDS, "median FTO, overlapped"):
        table.add_column(kind, justify="right")
    for system, found in figures["systems"].items():
        rates = found["a_minute"]
        cells = [
            f"{rates[kind]['count']['value']:.1f} / {rates[kind]['seconds']['value']:.1f} s"
            for kind in KINDS
        ]
        offsets = rates["fto"]
        said = "-"
        if offsets["count"]:
            said = f"{offsets['quantiles'][2]:.2f} s, {offsets['overlapped']:.0%}"
        table.add_row(system, *cells, said)
    console.print(table)
    for name, title in _CORRELATIONS.items():
        rows = {s: found[name] for s, found in figures["systems"].items() if name in found}
        if rows:
            _show_correlations(console, title, rows)


def _show_correlations(console: Console, title: str, rows: dict[str, dict[str, Any]]) -> None:
    table = Table(title=f"{title}: Pearson correlation, 95 %")
    table.add_column("system")
    kinds = list(next(iter(rows.values())))
    for kind in kinds:
        table.add_column(kind, justify="right")
    for system, found in rows.items():
        table.add_row(system, *(_correlation(found[kind]) for kind in kinds))
    console.print(table)


def _correlation(found: dict[str, Any] | float | None) -> str:
    if found is None:
        return "-"
    if isinstance(found, float):
        return f"{found:.2f}"
    if found["low"] is None:
        return f"{found['value']:.2f}"
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def draw_offsets(path: Path, pooled: Mapping[str, Sequence[Events]]) -> None:
    """Draw the distributions of the floor-transfer offsets as a PNG; DuologueError if it cannot be
    written."""
    figure = Figure(figsize=(9, 4.5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    edges = np.arange(-2, 3.01, 0.1).tolist()
    for system, pieces in pooled.items():
        offsets = [offset for one in pieces for offset in one.fto]
        if offsets:
            people = system == PEOPLE
            panel.hist(
                offsets, bins=edges, density=True, histtype="stepfilled" if people else "step",
                alpha=0.3 if people else 1, color="#718096" if people else None,
                label=f"{system}, {len(offsets)}",
            )  # fmt: skip
    panel.axvline(0, color="#2d3748", linewidth=0.8)
    panel.set_xlabel("floor-transfer offset (s); below 0: overlap")
    panel.set_ylabel("share a second")
    panel.legend(fontsize=8)
    with writing_whole(path) as part:
        figure.savefig(part, format="png")
