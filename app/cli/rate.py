"""The commands of `rate`: people rate dialogues in a web page, and what they said.

They run `models.paper`, which only the source tree has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import JsonOption, SeedOption
from app.cli.source_tree import source_tree

_MOST_RATERS, _MOST_PROMPT_SECONDS = 1000, 600.0

rate = typer.Typer(
    help="Let people rate dialogues, as in the paper's Table 3. docs/paper.md tells how.",
    no_args_is_help=True,
)


@rate.command("make")
def make_rating_study(
    dialogues: Annotated[
        Path,
        typer.Argument(
            help="Folder with a folder for each system, in which there are the same dialogues: "
            "stereo, one speaker on each side."
        ),
    ],
    out: Annotated[Path, typer.Option(help="New folder for the study.")] = Path("ratings"),
    raters: Annotated[
        int,
        typer.Option(
            help="Number of people who rate. A multiple of the number of systems gives every "
            "dialogue equally many ratings.",
            min=1,
            max=_MOST_RATERS,
        ),
    ] = 15,
    prompt_seconds: Annotated[
        float,
        typer.Option(
            help="Length in seconds of a dialogue's beginning that is given, the same for all "
            "systems; 0 if there is none.",
            min=0.0,
            max=_MOST_PROMPT_SECONDS,
        ),
    ] = 10.0,
    seed: SeedOption = 0,
) -> None:
    """Make a web page in which people rate dialogues. It opens from the disk, without a network."""
    with source_tree():
        from models.paper.rating_study import KEY_NAME, PAGE_NAME, RESULTS_NAME, make_study
    from rich.console import Console

    made = make_study(dialogues, out, raters, prompt_seconds, seed)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    console.print(
        f"{len(made.key.clips)} dialogues, {len(made.key.sheets)} raters, at least "
        f"{made.ratings_per_clip} ratings each (the paper has 3)."
    )
    console.print(
        f"Send every rater the folder {out / PAGE_NAME} and a number from 1 to "
        f"{len(made.key.sheets)}; they open index.html."
    )
    console.print(
        f"Put the files that they send back into {out / RESULTS_NAME}, then run "
        f"`duologue rate report {out}`. Keep {out / KEY_NAME} to yourself."
    )


@rate.command("report")
def report_ratings(
    study: Annotated[Path, typer.Argument(help="Folder that `duologue rate make` made.")],
    json_path: JsonOption = None,
) -> None:
    """Report what the raters said: means with intervals, agreement, what was left out, a plot."""
    with source_tree():
        from models.paper.rating_files import report_study
    report_study(study, json_path)
