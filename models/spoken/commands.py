"""The command ``duologue-train speak``, and the options with which ``lm`` takes what it writes.

Imports torch only when a command runs.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError
from models.options import Seed
from models.spoken.training_dialogues import SpokenDialogues

_MOST = 1_000_000_000
_LEAST_EQUAL = 0.9
"""Share of a probe's units in which two forms of one tokenizer agree. A bundle's weights are
rounded, which moves a few; two tokenizers agree by chance."""

Spoken = Annotated[
    list[Path],
    typer.Option(
        help="Folder of spoken text dialogues (command speak), for stages 1 and 2; may be "
        "repeated. Needs --no-own-table."
    ),
]
SpokenShare = Annotated[
    float,
    typer.Option(help="Share of stages 1 and 2 that is spoken text dialogues.", min=0, max=1),
]


def speak(
    dialogues: Annotated[
        Path, typer.Argument(help="Text dialogues: a .jsonl or .jsonl.gz, or a folder of them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the shards.")] = Path("work/spoken"),
    synthesiser: Annotated[
        list[str] | None,
        typer.Option(
            help="Who speaks: kokoro, hibari, flite or espeak; may be repeated.",
            show_default="flite and espeak",
        ),
    ] = None,
    packs: Annotated[Path | None, typer.Option(help="Folder of the style packs of Kokoro.")] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of the bundle whose units are made.", show_default="the starter"),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            help="Work folder with an imported HuBERT, whose units are made in place of a bundle's."
        ),
    ] = None,
    most: Annotated[
        int | None, typer.Option(help="Speak the first so many dialogues.", min=1, max=_MOST)
    ] = None,
    sound: Annotated[bool, typer.Option("--sound", help="Keep the sound, as FLAC.")] = False,
    alternating: Annotated[
        bool,
        typer.Option(
            "--alternating",
            help="Nobody speaks before the other has ended, as in the paper's stage 2; without it, "
            "offsets are people's.",
        ),
    ] = False,
    seed: Seed = 1,
    jobs: Annotated[int, typer.Option(help="Number of processes.", min=1, max=100_000)] = 1,
    on_ray: Annotated[
        bool, typer.Option("--ray", help="Speak with Ray Data, on this machine or on a cluster.")
    ] = False,
    address: Annotated[
        str | None,
        typer.Option(help="Address of a Ray cluster, for --ray; without it, this machine."),
    ] = None,
) -> None:
    """Speak text dialogues on two channels, and encode them as units.

    Writes Parquet shards of 64 dialogues with texts, the times of words and phones, and units. A
    dialogue depends on its text, its id and the seed alone. An interrupted run goes on with the
    shards that are missing.
    """
    from engine.syncllm.bundle import load_bundle
    from models.imported.parts import imported_tokenizer
    from models.speech.natural_voices import training_packs
    from models.spoken.parquet_shards import begin_store, missing
    from models.spoken.speak_dialogue import Recipe
    from models.spoken.speak_on_ray import speak_on_ray
    from models.spoken.speak_shards import speak_here
    from models.spoken.speaker import Synthesiser
    from models.spoken.text_dialogue import plan_shards, text_files

    try:
        voices = tuple(Synthesiser(name) for name in synthesiser or ("flite", "espeak"))
    except ValueError as error:
        raise DuologueError(
            f"There is no synthesiser {error.args[0].split()[0]}; choose {', '.join(Synthesiser)}."
        ) from error
    if Synthesiser.KOKORO in voices:
        if packs is None:
            raise DuologueError("Kokoro needs a folder of style packs; give it with --packs.")
        training_packs(packs)
    elif packs is not None:
        raise DuologueError("Style packs are Kokoro's; give --synthesiser kokoro as well.")
    if address is not None and not on_ray:
        raise DuologueError("An address is for Ray; give --ray as well.")
    ears = imported_tokenizer(tokenizer) if tokenizer else load_bundle(bundle).tokenizer
    if ears is None:
        raise DuologueError(f"{tokenizer} has no imported HuBERT; use import-hubert first.")
    recipe = Recipe(ears.resolve(), voices, packs, seed, sound, alternating)
    plans = plan_shards([file.resolve() for file in text_files(dialogues)], most)
    begin_store(out, recipe)
    todo = missing(out, plans)
    typer.echo(f"{len(todo)} of {len(plans)} shards are to be spoken.")
    if not todo:
        return
    began = time.monotonic()
    work = (
        speak_on_ray(todo, out, recipe, jobs, address)
        if on_ray
        else speak_here(todo, out, recipe, jobs)
    )
    seconds = processor_seconds = 0.0
    for done, shard in enumerate(work, 1):
        seconds += shard.speech_seconds
        processor_seconds += shard.processor_seconds
        took = time.monotonic() - began
        typer.echo(
            f"{shard.name}: {shard.dialogues} dialogues ({shard.left_out} left out), "
            f"{shard.speech_seconds / 60:.1f} min; {done} of {len(todo)}, "
            f"{seconds / max(took, 1e-9):.2f} s of dialogue a second, "
            f"{seconds / max(processor_seconds, 1e-9):.2f} a second of a processor"
        )


def spoken_dialogues(folders: list[Path], share: float, work: Path) -> SpokenDialogues:
    """The spoken dialogues that a training takes.

    Raises DuologueError where a folder holds none, or where the tokenizer of the work folder has
    other units.
    """
    if not folders:
        return SpokenDialogues()
    import numpy as np

    from engine.syncllm.probes import sound_probe
    from engine.syncllm.unit_encoder import Tokenizer
    from models.imported.parts import imported_tokenizer
    from models.spoken.parquet_shards import read_description
    from models.tokenizer.encode import encode_units
    from models.tokenizer.network import load_tokenizer

    checkpoint = work / "tok" / "tokenizer.pt"
    if imported := imported_tokenizer(work):
        checkpoint, units = imported, Tokenizer(imported).units(sound_probe())
    elif checkpoint.is_file():
        units = encode_units(load_tokenizer(checkpoint), sound_probe())
    else:
        raise DuologueError(
            f"There is no {checkpoint}, which tells whether the spoken dialogues have its units; "
            "take the bundle's with duologue-train unpack."
        )
    for folder in folders:
        told = np.array(read_description(folder)["probe_units"])
        if told.shape != units.shape or (told == units).mean() < _LEAST_EQUAL:
            raise DuologueError(
                f"The dialogues in {folder} were encoded by another tokenizer than {checkpoint}; "
                "speak them with the --bundle that it is of."
            )
    return SpokenDialogues(tuple(folders), share)
