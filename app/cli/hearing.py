"""The hidden command of the process that hears words, and the commands of its optional part."""

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
    """Install the optional part with which Duologue hears words of any kind.

    It needs no network. docs/hearing.md tells where the part comes from.
    """
    from app.part_store import import_part

    part = import_part(source, lambda _done, _total: None)
    print(f"{part.title} is installed in {part.folder}")
