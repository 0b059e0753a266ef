"""Fig. 5 to 8: the meaning of systems' continuations, as the perplexity of their transcripts.

The folder is that of ``duologue rate make``: SYSTEM/NAME.wav, the same dialogues for every system,
which begin with the same prompt; ``prompt_seconds`` 0 judges whole recordings, and a recording of
one channel is one speaker's. ``transcripts`` hears, ``text_judge`` judges. The figure is the median
over dialogues, after the prompt's transcript and without it. docs/paper.md has the figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
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
from models.evaluate.confidence_intervals import Interval, median
from models.evaluate.judges import WhisperName
from models.paper.rating_study import recordings
from models.paper.spoken_spans import Detector, spans_by
from models.paper.text_judge import LEAST_WORDS, WordLoss, perplexity, text_judge
from models.paper.transcripts import Transcript, transcribe

Lines = Sequence[Sequence[str]]
"""Words, a line for each turn."""
WAYS = {"after_prompt": "after the prompt's transcript", "alone": "without it"}


@dataclass(frozen=True)
class Judging:
    """How dialogues are judged."""

    prompt_seconds: float
    seconds: tuple[float, ...]
    """Times of the continuation, in rising order; the perplexity is that of what is said by then.
    """
    detector: Detector
    model: WhisperName = "base"


@dataclass(frozen=True)
class Judged:
    """The continuation of one dialogue."""

    transcript: Transcript
    perplexities: dict[str, list[float | None]]
    """Of each of ``WAYS``, at each of the times; None where there are too few words. Without a
    prompt there is only ``alone``."""


def evaluate_meaning(
    folder: Path,
    judging: Judging,
    jobs: int = 1,
    plot: Path | None = None,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Judge all systems of a folder; prints, returns (and writes) the figures.

    Raises DuologueError for a folder of another form, and where a judge is not installed.
    """
    found = recordings(folder)
    figures: dict[str, Any] = {
        "detector": judging.detector,
        "recogniser": f"whisper {judging.model}",
        "prompt_seconds": judging.prompt_seconds,
        "seconds": list(judging.seconds),
        "systems": {},
    }
    with _workers(jobs) as each:
        names = sorted(next(iter(found.values())))
        prompts: dict[str, Lines] = dict.fromkeys(names, ())
        if judging.prompt_seconds:
            # All systems have the same prompts, so they are heard once.
            first = min(found)
            calls = each(hear_prompt, [found[first][name] for name in names], repeat(judging))
            prompts = dict(zip(names, track(calls, "prompts", total=len(names)), strict=True))
            figures["prompts"] = {name: _texts(lines) for name, lines in prompts.items()}
        for system, paths in sorted(found.items()):
            rows = [paths[name] for name in names], [prompts[name] for name in names]
            judgements = track(each(judge_dialogue, *rows, repeat(judging)), system, len(names))
            judged = dict(zip(names, judgements, strict=True))
            figures["systems"][system] = system_figures(judged, judging)
            if json_path:
                write_atomically(json_path, json.dumps(figures, indent=1) + "\n")
    show(Console(), figures)
    if plot:
        draw_perplexities(plot, figures)
    return figures


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """A ``map`` over ``jobs`` processes."""
    if jobs == 1:
        yield map
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield pool.map


# --- one dialogue ---------------------------------------------------------------------------------


def hear_prompt(path: Path, judging: Judging) -> Lines:
    """What is said in the prompt of a recording, a line for each turn."""
    tracks, sides, border = _heard(path, judging)
    return transcribe(tracks, sides, Span(0, border), judging.model).until(judging.prompt_seconds)


def judge_dialogue(path: Path, before: Lines, judging: Judging) -> Judged:
    """The continuation in a recording of one or two channels, after the lines of its prompt."""
    tracks, sides, border = _heard(path, judging)
    end = min(len(tracks[0]), border + round(judging.seconds[-1] * SAMPLE_RATE_HZ))
    told = transcribe(tracks, sides, Span(border, end), judging.model)
    lines = told.until(judging.seconds[-1])
    losses = {"alone": text_judge().word_losses(lines)}
    if border:
        losses["after_prompt"] = text_judge().word_losses(lines, before)
    return Judged(told, {way: _by_time(told, some, judging) for way, some in losses.items()})


def _heard(path: Path, judging: Judging) -> tuple[list[np.ndarray], list[list[Span]], int]:
    """A recording's tracks, who speaks when in them, and the sample at which the prompt ends."""
    tracks = _tracks(path)
    border = round(judging.prompt_seconds * SAMPLE_RATE_HZ)
    if len(tracks[0]) <= border:
        raise DuologueError(
            f"{path} is not longer than the prompt of {judging.prompt_seconds:g} s; give the "
            "prompt's length with --prompt-seconds."
        )
    spans_of = spans_by(judging.detector)
    return tracks, [spans_of(track) for track in tracks], border


def _tracks(path: Path) -> list[np.ndarray]:
    with AudioReader(path, 1) as reader:
        channels = reader.channels
    if channels > 2:
        raise DuologueError(
            f"{path} has {channels} channels; give stereo dialogues, one speaker on each side, or "
            "one speaker alone."
        )
    return [
        read_mono(path, channel=channel, remark=lambda _: None)
        for channel in range(1, channels + 1)
    ]


def _by_time(
    told: Transcript, losses: Sequence[Sequence[WordLoss]], judging: Judging
) -> list[float | None]:
    """The perplexity of what is said by each time."""
    words = [word for turn in told.turns for word in turn.words]
    last = judging.seconds[-1]
    ends_s = [word.end_s for word in words if word.end_s <= last]
    flat = [loss for line in losses for loss in line]
    return [
        perplexity([loss for loss, end_s in zip(flat, ends_s, strict=True) if end_s <= seconds])
        for seconds in judging.seconds
    ]


# --- figures --------------------------------------------------------------------------------------


def system_figures(judged: dict[str, Judged], judging: Judging) -> dict[str, Any]:
    """The figures of one system, and the transcript of each of its dialogues."""
    every = list(judged.values())
    return {
        "perplexity": {
            way: {
                f"{seconds:g}": _entry([one.perplexities[way][index] for one in every])
                for index, seconds in enumerate(judging.seconds)
            }
            for way in WAYS
            if way in every[0].perplexities
        },
        "words": sum(len(turn.words) for one in every for turn in one.transcript.turns),
        **{
            name: sum(getattr(one.transcript, name) for one in every)
            for name in ("backchannels", "inside", "unvoiced_words", "wordless")
        },
        "dialogues": {
            name: {
                "perplexity": one.perplexities,
                "transcript": [
                    [turn.side, " ".join(word.text for word in turn.words)]
                    for turn in one.transcript.turns
                ],
            }
            for name, one in judged.items()
        },
    }


def _texts(lines: Lines) -> list[str]:
    return [" ".join(line) for line in lines]


def _entry(values: Sequence[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    found: Interval | None = median(known)
    return {
        "median": found and found.value,
        "low": found and found.low,
        "high": found and found.high,
        "count": len(known),
        "too_few_words": len(values) - len(known),
    }


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print the tables."""
    systems = figures["systems"]
    heard_by = f"{figures['recogniser']} where {figures['detector']} finds speech"
    for way, title in WAYS.items():
        rows = {name: one["perplexity"].get(way) for name, one in systems.items()}
        if not all(rows.values()):
            continue
        table = Table(title=f"Median perplexity {title}, 95 % ({heard_by})")
        table.add_column("system")
        for seconds in figures["seconds"]:
            table.add_column(f"{seconds:g} s", justify="right")
        for name, row in rows.items():
            table.add_row(name, *map(_cell, row.values()))
        console.print(table)
    table = Table(title="What was heard, and what was left out")
    for head in ("system", "talks", "words", "back-channels", "turns inside", "words in silence",
                 "speech, no words"):  # fmt: skip
        table.add_column(head, justify="left" if head == "system" else "right")
    for name, one in systems.items():
        counts = ("words", "backchannels", "inside", "unvoiced_words", "wordless")
        table.add_row(name, str(len(one["dialogues"])), *(str(one[key]) for key in counts))
    console.print(table)
    few = {
        name: max(entry["too_few_words"] for entry in one["perplexity"]["alone"].values())
        for name, one in systems.items()
    }
    for name, count in few.items():
        if count:
            console.print(
                f"{name}: up to {count} dialogue{'s' * (count > 1)} with fewer than {LEAST_WORDS} "
                "words by then; these have no perplexity."
            )


def _cell(entry: dict[str, Any]) -> str:
    if entry["median"] is None:
        return "-"
    if entry["low"] is None:
        return f"{entry['median']:.1f}"
    return f"{entry['median']:.1f} ({entry['low']:.1f} to {entry['high']:.1f})"


def draw_perplexities(path: Path, figures: dict[str, Any]) -> None:
    """Draw the medians by time as a PNG; DuologueError if it cannot be written."""
    figure = Figure(figsize=(9, 4.5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ways = [w for w in WAYS if all(w in one["perplexity"] for one in figures["systems"].values())]
    panels = figure.subplots(1, len(ways), sharey=True, squeeze=False)[0]
    for panel, way in zip(panels, ways, strict=True):
        for number, (system, one) in enumerate(figures["systems"].items()):
            rows = [
                (float(seconds) + 0.3 * number, entry)
                for seconds, entry in one["perplexity"][way].items()
                if entry["median"] is not None
            ]
            medians = np.array([entry["median"] for _, entry in rows])
            edges = [
                [abs((entry[key] or entry["median"]) - entry["median"]) for _, entry in rows]
                for key in ("low", "high")
            ]
            panel.errorbar(
                [at for at, _ in rows], medians, yerr=edges, marker="o", capsize=3, label=system
            )
        panel.set_title(WAYS[way], fontsize=9)
        panel.set_xlabel("seconds of continuation")
        panel.set_yscale("log")
    panels[0].set_ylabel("median perplexity, 95 %")
    panels[0].legend(fontsize=8)
    with writing_whole(path) as part:
        figure.savefig(part, format="png")
