"""Table 6 and Fig. 8: two agents talk to each other, at latencies from 0 to 480 ms.

Latency and the length of a chunk are apart here, which the paper's are not: there, a model with
chunks of 240 ms is the only one that bears 240 ms. As on the board of two agents
(``models.evaluate.two_agents``) a simulated user asks where both are silent, and only the time
between questions counts. The conversations can be kept for the other figures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from engine.atomic_write import write_atomically
from engine.errors import unwritable
from engine.sound.wav_file import StereoWriter
from models.evaluate import two_agents
from models.evaluate.context import Run
from models.paper.spoken_spans import Detector, default_detector, spans_by
from models.paper.timelines import read_timelines
from models.paper.timing import PEOPLE, a_minute, draw_offsets, people_events, show
from models.paper.timing_events import Events, events


def evaluate_latencies(
    run: Run,
    latencies_ms: Sequence[int],
    detector: Detector | None = None,
    out: Path | None = None,
    plot: Path | None = None,
    json_path: Path | None = None,
) -> dict[str, Any]:
    """Hold ``run.minutes`` of conversation at each latency; prints, returns (and writes) figures.

    ``out``: a folder that gets them as LATENCY/NUMBER.wav, one agent on each side. Raises
    DuologueError for a latency that the engine does not have.
    """
    detector = detector or default_detector()
    spans_of = spans_by(detector)
    pooled: dict[str, list[Events]] = {}
    for latency_ms in latencies_ms:
        name = f"{latency_ms} ms"
        planned = two_agents.plan(run)
        for what in track(planned, name):
            tracks, questions = two_agents.hold(what, replace(run, latency_ms=latency_ms))
            if out:
                _keep(out / str(latency_ms), what[0], tracks)
            first, second = (spans_of(sound) for sound in tracks)
            counted = [
                events(first, second, piece)
                for piece in two_agents.pieces_between(questions, len(tracks[0]))
            ]
            if counted:
                pooled.setdefault(name, []).append(sum(counted[1:], counted[0]))
    if run.data:
        pooled[PEOPLE] = people_events(read_timelines(run.data))
    figures = {
        "detector": detector,
        "dialogues": len(two_agents.plan(run)),
        "systems": {name: {"a_minute": a_minute(found)} for name, found in pooled.items()},
    }
    show(Console(), figures)
    if plot:
        draw_offsets(plot, pooled)
    if json_path:
        write_atomically(json_path, json.dumps(figures, indent=2) + "\n")
    return figures


def _keep(folder: Path, number: int, tracks: Sequence[np.ndarray]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    with StereoWriter(folder / f"{number:03d}.wav", len(tracks[0])) as wav:
        wav.write(*tracks)
