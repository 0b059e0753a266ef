"""The hidden command of the process that hears words, and the command that installs a part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def hear_words(
    part: Annotated[Path, typer.Argument(help="Folder of the part for hearing.")],
) -> None:
    """Hear words in the sound that comes by the standard input.

    In an installed program, a running conversation starts this command.
    """
    from engine.hearing.child import hear

    hear(part)


def install_part(
    source: Annotated[
        Path, typer.Argument(help="Folder of the part, or a zip or tar archive of it.")
    ],
) -> None:
    """Install an optional part: for hearing words, for the voice, or a text model.

    It needs no network. docs/packaging.md tells where the parts come from.
    """
    from app.part_store import import_part

    part = import_part(source, lambda _done, _total: None)
    print(f"{part.title} is installed in {part.folder}")
