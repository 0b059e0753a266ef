"""The command of ``duologue-train`` that trains dGSLM. `models.cli` mounts it.

Nothing imports torch before the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.corpora.commands import real_dialogues
from models.options import (
    LEAST_MINUTES,
    MOST_COUNT,
    MOST_MINUTES,
    WORK,
    ComposingJobs,
    Seed,
    Threads,
    Work,
    existing_folder,
)


def dgslm(
    work: Work = WORK,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of open data; turn-taking/ in it sets the timing of the dialogues.",
            callback=existing_folder,
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(help="Size of the network and of the training: dgslm-cpu or dgslm-published."),
    ] = "dgslm-cpu",
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Length in minutes; without it the preset's number of steps.",
            min=LEAST_MINUTES,
            max=MOST_MINUTES,
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Length in steps.", min=1, max=MOST_COUNT)
    ] = None,
    dialogues: Annotated[
        list[Path],
        typer.Option(help="Folder of people's dialogues (command corpus); may be repeated."),
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    real_share: Annotated[
        float,
        typer.Option(help="Share of the windows that is people's dialogues.", min=0, max=1),
    ] = 0.5,
    threads: Threads = 1,
    jobs: ComposingJobs = 1,
    rows_at_once: Annotated[
        int | None,
        typer.Option(
            help="Windows computed at once; gradients are added up to the preset's step. Without "
            "it, all.",
            min=1,
        ),
    ] = None,
    bfloat16: Annotated[
        bool, typer.Option(help="Compute in bfloat16, with weights in float32.")
    ] = True,
    compiled: Annotated[
        bool, typer.Option(help="Compile the network; on a CPU that is no faster.")
    ] = False,
    seed: Seed = 1,
) -> None:
    """Train dGSLM, the baseline of the SyncLLM paper. It is not a part of a bundle.

    It is trained on dialogues like those of lm's stage 3, from speech.pkl.gz of the command units,
    with one table of units for both speakers. The weights are in dgslm/dgslm.pt of the work folder.
    """
    from models.dgslm.presets import PRESETS
    from models.dgslm.train import train_dgslm
    from models.dialogue.timing import HUMAN, read_timing
    from models.language.budget import Budget

    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset is one of {', '.join(PRESETS)}")
    if minutes is not None and steps is not None:
        raise typer.BadParameter("give --minutes or --steps, not both")
    train_dgslm(
        work / "speech.pkl.gz",
        work / "dgslm",
        Budget(minutes, steps),
        threads,
        seed,
        preset,
        read_timing(data / "turn-taking") if data else HUMAN,
        real_dialogues(dialogues, real_share, work),
        compiled,
        bfloat16,
        jobs,
        rows_at_once,
    )
