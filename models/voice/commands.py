"""The commands of ``duologue-train`` for the agent's voice. `models.cli` mounts them.

Nothing imports torch before a command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.options import MOST_COUNT, WORK, Data, Jobs, Minutes, Seed, Threads, Work


def agent_speech(
    data: Data,
    work: Work = WORK,
    utterances: Annotated[
        int, typer.Option(help="Number of sentences.", min=2, max=MOST_COUNT)
    ] = 6_000,
    heard_by: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a bundle: units are those that its tokenizer hears in the speech, and "
            "that both speakers share, in place of the agent's own."
        ),
    ] = None,
    paper_format: Annotated[
        bool,
        typer.Option(
            help="With --heard-by: units as they come out of the paper's format, as for lm."
        ),
    ] = False,
    seed: Seed = 1,
    jobs: Jobs = 1,
) -> None:
    """Make the corpus of the agent's voice. Needs the extra natural.

    hibari speaks the agent's sentences of the script, everyday ones and assistants' turns of the
    open dialogues, with phone times, pitch, and the strength of harmonics and noise. The default
    makes about five hours of speech and 3 GB. An interrupted run goes on where it stopped.
    """
    from models.voice.corpus import write_corpus

    if paper_format and not heard_by:
        raise typer.BadParameter("--paper-format is for units of both speakers; add --heard-by")
    corpus, texts = work / "agent", data / "dialogues"
    emit = not paper_format
    write_corpus(corpus, texts, utterances, seed, jobs, typer.echo, heard_by, emit)


def voice(
    work: Work = WORK,
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a bundle; the training begins with its voice, even with other units."
        ),
    ] = None,
    minutes: Minutes = 45,
    discriminators: Annotated[
        float,
        typer.Option(
            help="Share of the time, at the end, in which discriminators judge the sound.",
            min=0,
            max=1,
        ),
    ] = 0.0,
    threads: Threads = 1,
    seed: Seed = 1,
) -> None:
    """Train the agent's voice, which turns units into speech.

    It is trained on the corpus of the command agent-speech: on pitch and spectra, then, with
    --discriminators, on the sound. Takes --minutes in all.
    """
    from models.voice.segments import Recipe
    from models.voice.train import train_voice

    recipe = Recipe(regression_share=1 - discriminators)
    train_voice(work / "agent", work / "voice", minutes, None, threads, seed, recipe, bundle)
