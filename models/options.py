"""Options that several commands of ``duologue-train`` share, with their help and their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError


def existing_folder(path: Path | None) -> Path | None:
    """Refuse a missing folder at once, not after hours of work."""
    if path and not path.is_dir():
        raise DuologueError(f"There is no folder {path}; give the folder with the data.")
    return path


def _work_folder(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise DuologueError(f"{path} is not a folder; give a folder to work in.")
    return path


Data = Annotated[
    Path,
    typer.Option(
        help="Folder of open data, with speech/, noise/ and dialogues/ in it.",
        callback=existing_folder,
    ),
]
Work = Annotated[
    Path, typer.Option(help="Folder for the corpora, checkpoints and logs.", callback=_work_folder)
]
# Absurd numbers are refused before hours of work, and before a library refuses them.
LEAST_MINUTES, MOST_MINUTES = 0.01, 100_000
MOST_SEED = 2**31 - 1
MOST_COUNT = 10_000_000
Minutes = Annotated[
    float,
    typer.Option(help="Length of the training in minutes.", min=LEAST_MINUTES, max=MOST_MINUTES),
]
Threads = Annotated[int, typer.Option(help="Number of CPU threads.", min=1, max=256)]
Jobs = Annotated[int, typer.Option(help="Number of processes.", min=1, max=256)]
ComposingJobs = Annotated[
    int, typer.Option(help="Processes that compose dialogues.", min=1, max=256)
]
Seed = Annotated[int, typer.Option(help="Seed of all random choices.", min=0, max=MOST_SEED)]
WORK = Path("work")
