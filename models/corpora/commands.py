"""The command ``duologue-train corpus``, and the options with which ``lm`` takes what it writes.

Imports torch only when a command runs.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError
from models.dialogue.recorded_dialogues import RealDialogues, description_of, read_description


class Kind(StrEnum):
    """The corpora that can be read."""

    FISHER = "fisher"
    CANDOR = "candor"
    TWO_CHANNEL = "two-channel"


class Transcript(StrEnum):
    """The tables of CANDOR."""

    AUDIOPHILE = "audiophile"
    CLIFFHANGER = "cliffhanger"
    BACKBITER = "backbiter"


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise DuologueError(f"There is no folder {path}; give the folder of the corpus.")
    return path


Dialogues = Annotated[
    list[Path],
    typer.Option(
        help="Folder of people's dialogues (command corpus), for stage 3; may be repeated. Needs "
        "--no-own-table --no-text."
    ),
]
RealShare = Annotated[
    float, typer.Option(help="Share of stage 3 that is people's dialogues.", min=0, max=1)
]


def corpus(
    kind: Annotated[Kind, typer.Argument(help="Which corpus it is.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the corpus.", callback=_folder)],
    work: Annotated[Path, typer.Option(help="Folder with the tokenizer.")] = Path("work"),
    out: Annotated[
        Path | None, typer.Option(help="Folder of the units; without it, corpora/KIND in --work.")
    ] = None,
    transcript: Annotated[
        Transcript, typer.Option(help="Which of CANDOR's tables is kept beside the units.")
    ] = Transcript.AUDIOPHILE,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the corpus's terms without a question.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Number of processes.", min=1, max=256)] = 1,
) -> None:
    """Encode people's two-channel dialogues as units, for stage 3 of lm. Optional.

    Reads Fisher, CANDOR or any folder of recordings with one person on each channel. Each channel
    is encoded alone and whole; the speakers are split into training, validation and test. The terms
    of the corpus are printed and have to be accepted once. Nothing is downloaded. An interrupted
    run goes on where it stopped.
    """
    from models.corpora import candor, fisher, two_channel
    from models.corpora.encode_calls import tokenizer_of, write_calls

    out = out or work / "corpora" / kind
    licence = {
        Kind.FISHER: fisher.LICENCE,
        Kind.CANDOR: candor.LICENCE,
        Kind.TWO_CHANNEL: two_channel.LICENCE,
    }[kind]
    typer.echo(licence)
    accepted = read_description(out)
    if not (accept_licence or (accepted and accepted.licence == licence)):
        _ask()
    if kind is Kind.FISHER:
        reading = fisher.read_fisher(folder)
    elif kind is Kind.CANDOR:
        reading = candor.read_candor(folder, transcript)
    else:
        reading = two_channel.read_two_channel(folder)
    for remark in reading.remarks:
        typer.echo(remark)
    # A store has the lines of one table.
    other_table = kind is Kind.CANDOR and transcript is not Transcript.AUDIOPHILE
    name = f"{kind} {transcript}" if other_table else kind.value
    write_calls(out, name, licence, reading.calls, tokenizer_of(work), jobs, typer.echo)


def _ask() -> None:
    """Raise DuologueError unless the user accepts the terms."""
    if not sys.stdin.isatty():
        raise DuologueError("If you accept these terms, run it again with --accept-licence.")
    if not typer.confirm("Do you accept these terms?"):
        raise DuologueError("Nothing was read, since you did not accept the terms.")


def real_dialogues(folders: list[Path], share: float, work: Path) -> RealDialogues:
    """The dialogues that a training takes; prints their terms.

    Raises DuologueError where a folder holds none, or the work folder's tokenizer did not encode
    them.
    """
    from models.corpora.encode_calls import tokenizer_hash, tokenizer_of

    checkpoint = tokenizer_of(work)
    for folder in folders:
        description = description_of(folder)
        typer.echo(description.licence)
        if checkpoint.exists() and tokenizer_hash(checkpoint) != description.tokenizer:
            raise DuologueError(
                f"The dialogues in {folder} were encoded by another tokenizer than {checkpoint}; "
                "make the corpus again."
            )
    return RealDialogues(tuple(folders), share)
