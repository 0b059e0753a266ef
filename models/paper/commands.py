"""The command of ``duologue-train`` for the paper's figures: what needs torch. `models.cli` mounts
it; all other commands of figures are those of ``duologue evaluate``.

Nothing imports torch before the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def dgslm_continuations(
    folder: Annotated[
        Path, typer.Argument(help="Folder that `duologue evaluate continuations` made.")
    ],
    checkpoint: Annotated[Path, typer.Argument(help="File of dgslm: WORK/dgslm/dgslm.pt.")],
    bundle: Annotated[
        Path,
        typer.Option(
            help="Folder of a bundle with one table of dGSLM's units; its vocoder speaks both "
            "sides."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the system.")] = "dgslm",
) -> None:
    """Add how dGSLM continues the dialogues to a folder of continuations."""
    from models.paper.dgslm_continuations import add_dgslm

    add_dgslm(folder, checkpoint, bundle, name)
