"""``duologue-train``: the commands that build the starter bundle from nothing, in order.

    duologue-train speech      synthetic voices and real people, with phone labels
    duologue-train natural     natural synthetic voices, with phone times (a day of one core)
    duologue-train tokenizer   phones on synthetic voices, alignment of real people, phones on both
    duologue-train unpack      or, in place of these two, a bundle's tokenizer with its units
    duologue-train units       k-means and joining what noise confuses, then every sentence as units
    duologue-train vocoder     units to the agent's voice
    duologue-train lm          text and units mixed, dialogues by turns, dialogues with real timing
    duologue-train average     the language model between two trainings
    duologue-train reader      units to words, for captions
    duologue-train pack        export and pack the bundle
    duologue-train echo        the residual echo suppressor, for the packed bundle's voice and units

Every step keeps its state in the work folder, and every training resumes from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError
from engine.program_end import run_program

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


def _folder(path: Path | None) -> Path | None:
    """A folder that is there; else hours of work would go before its lack is found out."""
    if path and not path.is_dir():
        raise DuologueError(f"There is no folder {path}; give the one with the data.")
    return path


def _work(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise DuologueError(f"{path} is no folder; give one to work in.")
    return path


Data = Annotated[
    Path,
    typer.Option(help="Folder of open data: speech/, noise/, dialogues/.", callback=_folder),
]
Work = Annotated[
    Path, typer.Option(help="Folder for corpora, checkpoints and logs.", callback=_work)
]
# Numbers beyond any use are refused before hours of work, and before a library refuses them.
_MOST_MINUTES = 100_000
_MOST_SEED = 2**31 - 1
_MOST_COUNT = 10_000_000
Minutes = Annotated[
    float, typer.Option(help="Wall-clock budget of the training.", min=0, max=_MOST_MINUTES)
]
Threads = Annotated[int, typer.Option(help="CPU threads.", min=1, max=256)]
Jobs = Annotated[int, typer.Option(help="Processes.", min=1, max=256)]
Seed = Annotated[int, typer.Option(help="Seed of all random choices.", min=0, max=_MOST_SEED)]
_WORK = Path("work")


@app.command()
def speech(
    data: Data,
    work: Work = _WORK,
    utterances: Annotated[
        int, typer.Option(help="Synthetic sentences.", min=1, max=_MOST_COUNT)
    ] = 13_000,
    seed: Seed = 1,
    jobs: Jobs = 2,
) -> None:
    """Write the corpora: synthetic voices with phone times, real people without."""
    from models.speech.corpus import (
        transcribed_recordings,
        untranscribed_recordings,
        write_recorded,
        write_synthetic,
    )

    dialogues = data / "dialogues" / "self_dialogue.jsonl.gz"
    write_synthetic(work / "synthetic", dialogues, utterances, seed, jobs)
    write_recorded(work / "real", transcribed_recordings(data / "speech"))
    write_recorded(work / "more", untranscribed_recordings(data / "speech"))


@app.command()
def natural(
    data: Data,
    packs: Annotated[Path, typer.Option(help="Folder of Kokoro's style packs.")],
    work: Work = _WORK,
    utterances: Annotated[int, typer.Option(help="A hundred make four minutes.", min=1)] = 16_000,
    seed: Seed = 1,
    jobs: int = 1,
) -> None:
    """Write the corpus of natural synthetic voices; goes on where an earlier run stopped."""
    from models import script
    from models.speech.corpus import dialogue_sentences
    from models.speech.natural_corpus import write_natural

    everyday = dialogue_sentences(data / "dialogues" / "self_dialogue.jsonl.gz")
    sentences = script.user_sentences()
    write_natural(work / "natural", packs, sentences, everyday, utterances, seed, jobs, typer.echo)


@app.command()
def tokenizer(
    data: Data,
    work: Work = _WORK,
    first_minutes: Minutes = 15,
    minutes: Minutes = 130,
    threads: Threads = 2,
    seed: Seed = 1,
) -> None:
    """Train on synthetic voices, align real people with that, and train anew on all."""
    from models.speech.room_responses import write_room_responses
    from models.tokenizer.align_corpus import align_corpus
    from models.tokenizer.train import train_tokenizer

    synthetic, real, more = (work / name for name in ("synthetic", "real", "more"))
    for needed in (data / "noise", synthetic, real, more):
        _folder(needed)
    noise, rooms = data / "noise", work / "rooms.npz"
    if not rooms.is_file():
        write_room_responses(rooms)
    first = train_tokenizer(
        [synthetic], noise, rooms, work / "tok_first", first_minutes, threads, seed
    )
    fitted, refused = align_corpus(real, first, threads)
    typer.echo(f"{fitted} recordings aligned, {refused} refused")
    train_tokenizer([synthetic, real, more], noise, rooms, work / "tok", minutes, threads, seed + 1)


@app.command()
def unpack(
    data: Data,
    work: Work = _WORK,
    bundle: Annotated[Path, typer.Option(help="The bundle's folder.")] = Path("resources/starter"),
    threads: Threads = 2,
) -> None:
    """Take the tokenizer of a bundle, with its units, in place of training one."""
    from engine.syncllm.bundle import load_bundle
    from models.speech.corpus import transcribed_recordings, write_recorded
    from models.speech.room_responses import write_room_responses
    from models.tokenizer.align_corpus import align_corpus
    from models.tokenizer.network import save_tokenizer
    from models.tokenizer.restore import tokenizer_from_onnx

    checkpoint = work / "tok" / "tokenizer.pt"
    known = tokenizer_from_onnx(load_bundle(bundle).tokenizer)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    save_tokenizer(known, checkpoint)
    if not (work / "rooms.npz").is_file():
        write_room_responses(work / "rooms.npz")
    write_recorded(work / "real", transcribed_recordings(data / "speech"))
    fitted, refused = align_corpus(work / "real", checkpoint, threads)
    typer.echo(f"{fitted} recordings aligned, {refused} refused")


@app.command()
def units(
    data: Data,
    work: Work = _WORK,
    count: Annotated[int, typer.Option(help="Units.", min=64, max=500)] = 64,
    voices: Annotated[
        int, typer.Option(help="Voices for each sentence of the user.", min=1, max=1_000)
    ] = 12,
    seed: Seed = 1,
    jobs: Jobs = 2,
) -> None:
    """Find the units if they are not known, and encode everything the dialogues are made of."""
    from models.dialogue.encode_speech import write_unit_store
    from models.tokenizer.network import load_tokenizer
    from models.tokenizer.quantizer import fit_quantizer
    from models.vocoder.encode_voice import write_vocoder_store

    checkpoint = work / "tok" / "tokenizer.pt"
    corpora = [work / "synthetic", work / "real"]
    rooms = work / "rooms.npz"
    if not load_tokenizer(checkpoint).unit_count:
        fit_quantizer(checkpoint, corpora, data / "noise", rooms, count, 600, seed)
    store = work / "speech.pkl.gz"
    write_unit_store(store, checkpoint, work / "real", data, rooms, voices, seed, jobs)
    write_vocoder_store(work / "vocoder.npz", checkpoint, work / "real", store)


@app.command()
def vocoder(
    work: Work = _WORK,
    bundle: Annotated[
        Path | None, typer.Option(help="Begin with the vocoder of this bundle's folder.")
    ] = None,
    minutes: Minutes = 40,
    threads: Threads = 1,
    seed: Seed = 1,
) -> None:
    """Train the vocoder."""
    from models.vocoder.train import train_vocoder

    train_vocoder(
        work / "vocoder.npz",
        work / "tok" / "tokenizer.pt",
        work / "voc",
        minutes=minutes,
        threads=threads,
        seed=seed,
        bundle=bundle,
    )


@app.command()
def lm(
    work: Work = _WORK,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of open data: its turn-taking/ times stage 3.", callback=_folder),
    ] = None,
    stages: Annotated[str, typer.Option(help="Stages of the paper, in order.")] = "1,2,3",
    preset: Annotated[
        str, typer.Option(help="starter-cpu, starter-gpu, starter-more, ablation or llama3-8b.")
    ] = "starter-cpu",
    bundle: Annotated[
        Path | None, typer.Option(help="Begin with the language model of this bundle's folder.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Wall clock of all stages, in place of the preset's steps.",
            min=0,
            max=_MOST_MINUTES,
        ),
    ] = None,
    paper_format: Annotated[
        bool, typer.Option(help="Deduplicate across chunk borders, as the paper does.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option(help="Expect the user's running chunk to be estimated.")
    ] = True,
    text: Annotated[bool, typer.Option(help="Write the words of both beside the units.")] = True,
    threads: Threads = 1,
    jobs: Annotated[
        int, typer.Option(help="Processes that compose dialogues.", min=1, max=256)
    ] = 1,
    seed: Seed = 1,
) -> None:
    """Train the language model: text and units, then turns, then real timing."""
    from models.dialogue.timing import HUMAN, read_timing
    from models.language.presets import PRESETS
    from models.language.sequences import Format
    from models.language.train import Budget, train_lm

    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset is one of {', '.join(PRESETS)}")
    if not set(stages.split(",")) <= {"1", "2", "3"}:
        raise typer.BadParameter("--stages are some of 1,2,3")
    timing = read_timing(data / "turn-taking") if data else HUMAN
    train_lm(
        work / "speech.pkl.gz",
        work / "lm",
        Budget(minutes=minutes),
        threads,
        seed,
        preset,
        [int(stage) for stage in stages.split(",")],
        Format(boundary_emit=not paper_format, estimate=estimate, text=text),
        timing,
        workers=jobs,
        bundle=bundle,
    )


@app.command()
def average(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle that it went on from.")],
    work: Work = _WORK,
    share: Annotated[
        float, typer.Option(min=0, max=1, help="What is left of the way from there.")
    ] = 0.5,
) -> None:
    """Take the language model a part of the way back to the one that its training began with."""
    from models.language.weight_averaging import average_lm

    average_lm(work / "lm" / "lm.pt", bundle, share)


@app.command()
def reader(
    work: Work = _WORK,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of open data: its turn-taking/ times the dialogues.", callback=_folder
        ),
    ] = None,
    minutes: Minutes = 90,
    dialogues: Annotated[
        int, typer.Option(help="In a step: more on a GPU.", min=1, max=_MOST_COUNT)
    ] = 10,
    threads: Threads = 1,
    jobs: Annotated[
        int, typer.Option(help="Processes that compose dialogues.", min=1, max=256)
    ] = 1,
    seed: Seed = 1,
) -> None:
    """Train what reads both speakers' units for the captions of a bundle without a text slot."""
    from models.dialogue.timing import HUMAN, read_timing
    from models.reader.train import train_reader

    timing = read_timing(data / "turn-taking") if data else HUMAN
    store, folder = work / "speech.pkl.gz", work / "reader"
    train_reader(store, folder, minutes, threads, seed, timing, dialogues, jobs)


@app.command()
def pack(
    version: Annotated[str, typer.Option(help="The new bundle's.")],
    work: Work = _WORK,
    out: Annotated[Path, typer.Option(help="The bundle's folder.")] = Path("resources/starter"),
    bundle: Annotated[
        Path | None,
        typer.Option(help="Bundle with the parts not trained here."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            help="Tokens of a talk that are remembered: fewer are quicker.", min=256, max=1 << 17
        ),
    ] = None,
) -> None:
    """Export the trained parts and pack them."""
    from models.pack import pack_bundle

    pack_bundle(work, out, version, bundle, context)


@app.command()
def echo(
    speech: Annotated[
        Path, typer.Option(help="Folder of recordings, a folder per person.", callback=_folder)
    ],
    work: Work = _WORK,
    out: Annotated[Path, typer.Option(help="The network's file.")] = Path(
        "resources/echo/suppressor.onnx"
    ),
    scenes: Annotated[
        int, typer.Option(help="Simulated scenes of 24 s.", min=1, max=_MOST_COUNT)
    ] = 420,
    minutes: Minutes = 75,
    threads: Threads = 1,
    seed: Seed = 0,
    jobs: Jobs = 2,
) -> None:
    """Simulate scenes of two people and a loudspeaker, and train the echo suppressor on them."""
    from models.echo.scenes import write_scenes
    from models.echo.train import train_echo
    from models.tokenizer.network import load_tokenizer

    tokenizer = load_tokenizer(work / "tok" / "tokenizer.pt")
    write_scenes(work / "echo" / "scenes", speech, scenes, seed, jobs)
    train_echo(work / "echo" / "scenes", tokenizer, out, minutes, threads, seed)


def main(arguments: list[str] | None = None) -> None:
    """Run the training's commands; ends with SystemExit."""
    run_program(app, arguments, typer.TyperException)


if __name__ == "__main__":
    main()
