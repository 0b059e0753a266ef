"""Full-Duplex-Bench with our engine: writes the agent's tracks and words, and scores them.

Two of the benchmark's figures need judges that only a service has, and are left out: how relevant
an answer is, and what kind of behaviour an overlap leads to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from engine.atomic_write import write_atomically
from engine.sound.audio_file import read_mono
from engine.sound.turn_taking import Span
from engine.syncllm.duplex import Duplex
from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.confidence_intervals import mean, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.score import Score, show
from models.evaluate.two_agents import clipped
from models.paper.agent_tracks import agent_track, write_track
from models.paper.fdb_rules import (
    backchannels,
    divergence,
    latency_s,
    response_intervals,
    stop_intervals,
    takes_turn,
)
from models.paper.fdb_samples import (
    CLEAN_INPUT_NAME,
    INPUT_NAME,
    PEOPLE_NAME,
    Sample,
    find_samples,
    read_people,
)
from models.paper.spoken_spans import Detector, default_detector, spans_by
from models.paper.timed_words import after, hear_words, read_words, write_words

SpansOf = Callable[[np.ndarray], list[Span]]
_WORDS_NAME = "output.json"


@dataclass(frozen=True)
class Scored:
    """The figures of one sample; None where its task has no such figure."""

    sample: str
    subset: str
    takes_turn: bool | None = None
    latency_s: float | None = None
    backchannels_a_second: float | None = None
    divergence: float | None = None
    stop_s: list[float] = field(default_factory=list)
    response_s: list[float] = field(default_factory=list)


def evaluate_fdb(
    folder: Path,
    run: Run,
    detector: Detector | None = None,
    again: bool = False,
    people: Path | None = None,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Run and score all samples of a folder; prints the table, returns (and writes) the figures.

    Outputs that are there already are scored as they are, unless ``again``. ``people``: the file
    icc_gt_distribution.json, by default the folder's own. Raises DuologueError for a folder of
    another layout.
    """
    samples = find_samples(folder)
    people = people or next(iter(sorted(folder.rglob(PEOPLE_NAME))), None)
    theirs = read_people(people) if people else {}
    detector = detector or default_detector()
    spans_of = spans_by(detector)
    scored, kept = [], 0
    for sample in track(samples, "samples"):
        if not again and (sample.folder / "output.wav").is_file():
            kept += 1
        _answer(sample, lambda: context_of(run).duplex(), again)
        scored.append(score(sample, spans_of, theirs.get(sample.folder.name)))
    figures = {"detector": detector, "kept_outputs": kept, "samples": [vars(one) for one in scored]}
    console = Console()
    show(console, f"Full-Duplex-Bench, {detector} VAD", scores(scored))
    if kept:
        console.print(f"{kept} outputs were there already and are scored as they are.")
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    return figures


def _answer(sample: Sample, duplex: Callable[[], Duplex], again: bool) -> None:
    """Write the agent's track to each input that has none."""
    for given, made in ((INPUT_NAME, "output.wav"), (CLEAN_INPUT_NAME, "clean_output.wav")):
        source, target = sample.folder / given, sample.folder / made
        if source.is_file() and (again or not target.is_file()):
            write_track(target, agent_track(duplex(), read_mono(source)))
            # Words of an older track would not fit.
            target.with_suffix(".json").unlink(missing_ok=True)


def score(sample: Sample, spans_of: SpansOf, people: Sequence[float] | None) -> Scored:
    """Score one sample by its task's rules; writes the output's words where they are missing."""
    sound = read_mono(sample.folder / "output.wav")
    agent = spans_of(sound)
    name = f"{sample.subset}/{sample.folder.name}"
    if sample.task == "overlap":
        user = spans_of(read_mono(sample.folder / INPUT_NAME))
        return _overlap(sample, name, user, agent)
    path = sample.folder / _WORDS_NAME
    if not path.is_file():
        # What the agent still says of its old turn is cut off, as in the benchmark.
        heard_from = sample.user_end_s if sample.task == "interruption" else 0.0
        whole = Span(round(heard_from * SAMPLE_RATE_HZ), len(sound))
        write_words(path, hear_words(sound, clipped(agent, whole)))
    words = read_words(path)
    if sample.task == "backchannel":
        judged = backchannels(agent, words)
        length_s = len(sound) / SAMPLE_RATE_HZ
        return Scored(
            name,
            sample.subset,
            judged.takes_turn,
            backchannels_a_second=len(judged.spans_s) / length_s,
            divergence=divergence(judged.spans_s, length_s, people) if people else None,
        )
    if sample.task == "pause":
        return Scored(name, sample.subset, takes_turn(words))
    if sample.task == "interruption":
        words = after(words, sample.user_end_s)
    return Scored(
        name, sample.subset, takes_turn(words), latency_s=latency_s(words, sample.user_end_s)
    )


def _overlap(sample: Sample, name: str, user: list[Span], agent: list[Span]) -> Scored:
    """Stop intervals that touch the annotated event; the first response after it begins."""
    assert sample.event_s is not None
    start, end = (round(seconds * SAMPLE_RATE_HZ) for seconds in sample.event_s)
    stops = [
        span for span in stop_intervals(user, agent)
        if span.start_sample < end and span.end_sample > start
    ]  # fmt: skip
    responses = [span for span in response_intervals(user, agent) if span.start_sample > start]
    return Scored(
        name,
        sample.subset,
        stop_s=[span.duration_ms / 1000 for span in stops],
        response_s=[span.duration_ms / 1000 for span in responses[:1]],
    )


def scores(scored: Sequence[Scored]) -> list[Score]:
    """The rows of the table, by subset."""
    rows = []
    for subset in dict.fromkeys(one.subset for one in scored):
        mine = [one for one in scored if one.subset == subset]
        turns = [one.takes_turn for one in mine if one.takes_turn is not None]
        if turns:
            rows.append(Score(f"{subset}: takes the turn", share_of(turns)))
        for what, values in (
            ("latency", [one.latency_s for one in mine]),
            ("stops after", [value for one in mine for value in one.stop_s]),
            ("responds after", [value for one in mine for value in one.response_s]),
        ):
            known = [1000 * value for value in values if value is not None]
            if known:
                rows.append(Score(f"{subset}: {what}, mean", mean(known), "ms"))
        often = [one.backchannels_a_second for one in mine]
        known = [60 * value for value in often if value is not None]
        if known:
            rows.append(Score(f"{subset}: backchannels", mean(known), "a minute"))
        apart = [one.divergence for one in mine if one.divergence is not None]
        if apart:
            rows.append(Score(f"{subset}: distance from people's", mean(apart), "ratio"))
    return rows
