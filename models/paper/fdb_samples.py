"""Finds the samples of Full-Duplex-Bench in a folder, in the layouts of versions 1 and 1.5.

A sample is a folder TASK/ID with input.wav. Its annotation tells the task: pause.json,
turn_taking.json or interrupt.json, [{"timestamp": [start, end], ...}]; metadata.json with
{"timestamps": [start, end]} beside clean_input.wav in version 1.5; and none in the backchannel
task. Knows no rule and no engine.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import DuologueError

Task = Literal["pause", "turn", "interruption", "backchannel", "overlap"]

INPUT_NAME, CLEAN_INPUT_NAME, PEOPLE_NAME = (
    "input.wav", "clean_input.wav", "icc_gt_distribution.json",
)  # fmt: skip
_ANNOTATIONS: dict[str, Task] = {
    "pause.json": "pause",
    "turn_taking.json": "turn",
    "interrupt.json": "interruption",
    "metadata.json": "overlap",
}


@dataclass(frozen=True)
class Sample:
    """One recording of a user."""

    folder: Path
    task: Task
    event_s: tuple[float, float] | None
    """The annotated event: a pause, the turn's end, the interruption, the overlap."""

    @property
    def subset(self) -> str:
        """The name of the task's folder; its samples are scored together."""
        return self.folder.parent.name

    @property
    def user_end_s(self) -> float:
        """When the agent may take the turn: where the marked turn-taking begins, or where the
        interruption ends."""
        assert self.event_s is not None
        return self.event_s[self.task == "interruption"]


def find_samples(folder: Path) -> list[Sample]:
    """All samples below a folder, or the folder's own; raises DuologueError where there is none."""
    if not folder.is_dir():
        raise DuologueError(
            f"{folder} is not a folder; give Full-Duplex-Bench's, or one of its form."
        )
    paths = sorted(folder.rglob(INPUT_NAME), key=lambda path: (path.parent.parent, _order(path)))
    if not paths:
        raise DuologueError(
            f"{folder} holds no {INPUT_NAME}; give Full-Duplex-Bench's folder, or one of its form "
            "(TASK/ID/input.wav)."
        )
    return [_sample(path.parent) for path in paths]


def _order(path: Path) -> tuple[int, str]:
    name = path.parent.name
    return (int(name) if name.isdecimal() else -1), name


def _sample(folder: Path) -> Sample:
    for name, task in _ANNOTATIONS.items():
        path = folder / name
        if path.is_file():
            return Sample(folder, task, _event(path, task))
    return Sample(folder, "backchannel", None)


def _event(path: Path, task: Task) -> tuple[float, float]:
    entry = _json(path)
    try:
        start, end = entry["timestamps"] if task == "overlap" else entry[0]["timestamp"]
        event = float(start), float(end)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not (math.isfinite(event[0]) and math.isfinite(event[1]) and 0 <= event[0] <= event[1]):
        raise _damaged(path)
    return event


def read_people(path: Path) -> dict[str, list[float]]:
    """When people give backchannels, by the sample's name (icc_gt_distribution.json)."""
    entry = _json(path)
    try:
        people = {str(name): [float(share) for share in row] for name, row in entry.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not people or not all(row and sum(row) > 0 and min(row) >= 0 for row in people.values()):
        raise _damaged(path)
    return people


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf8"))
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); check the folder."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> DuologueError:
    return DuologueError(
        f"{path} is not in the layout of Full-Duplex-Bench; take its folder out, or get it again."
    )
