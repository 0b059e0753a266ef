"""``duologue-train``: the commands that train the models of a bundle and pack them.

The steps, in order:

    duologue-train speech      makes corpora: synthetic voices with phone times, and recordings
    duologue-train natural     makes a corpus of natural synthetic voices, with phone times
    duologue-train tokenizer   trains the tokenizer's network
    duologue-train unpack      in place of the first three: the tokenizer of a bundle
    duologue-train units       finds the units; encodes all sentences as units
    duologue-train vocoder     trains the vocoder: units to the agent's voice
    duologue-train agent-speech  makes the corpus of the agent's voice, with pitch and spectra
    duologue-train voice       trains the agent's voice: units to speech
    duologue-train corpus      optional: encodes Fisher, CANDOR or two-channel recordings, for lm
    duologue-train speak       optional: speaks text dialogues on two channels, on many machines
    duologue-train lm          trains the language model in the paper's three stages
    duologue-train average     optional: averages the weights before and after ``lm``
    duologue-train reader      trains the unit reader: units to words, for captions
    duologue-train pack        exports the models and packs them into a bundle
    duologue-train exact       copies a bundle for a GPU
    duologue-train echo        trains the residual echo suppressor (not a part of the bundle)
    duologue-train dgslm       trains dGSLM, the paper's baseline (not a part of the bundle)
    duologue-train dgslm-continuations  lets dGSLM continue dialogues, for the paper's figures
    duologue-train sizes       measures how large a language model keeps the clock here
    duologue-train perplexity  measures how well a text LLM, which lm may begin with, knows text
    duologue-train plan        computes what a training takes on one and on many GPUs
    duologue-train utilisation measures how much of a GPU the training uses
    duologue-train part        makes an optional part of the program (not of the bundle)
    duologue-train import-hubert, import-vocoder  in place of tokenizer and vocoder: others' models

Nothing imports torch before a command runs. The files of all steps lie in the work folder; every
training but ``echo`` resumes from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.part import PartKind
from engine.program_end import run_program
from models.corpora import commands as corpora
from models.dgslm.commands import dgslm
from models.imported import commands as imported
from models.language import commands as language
from models.options import (
    MOST_COUNT,
    WORK,
    ComposingJobs,
    Data,
    Jobs,
    Minutes,
    Seed,
    Threads,
    Work,
    existing_folder,
)
from models.paper.commands import dgslm_continuations
from models.spoken.commands import speak
from models.voice import commands as agent_voice

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Trains the models of a bundle and packs them. The commands below are the steps, in their "
    "order; unpack takes the place of the first three; corpus and average are optional. All files "
    "lie in the work folder. Every training but that of echo resumes from its checkpoint.",
)


@app.command()
def speech(
    data: Data,
    work: Work = WORK,
    utterances: Annotated[
        int, typer.Option(help="Number of synthetic sentences.", min=1, max=MOST_COUNT)
    ] = 13_000,
    seed: Seed = 1,
    jobs: Jobs = 2,
) -> None:
    """Make the speech corpora: synthetic voices with phone times, recordings without.

    flite and espeak-ng speak sentences of the script and of the open dialogues; the recordings come
    from the folder of open data. A thousand synthetic sentences take a minute on two cores, the
    recordings some minutes more.
    """
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
    packs: Annotated[Path, typer.Option(help="Folder of the style packs of Kokoro.")],
    work: Work = WORK,
    utterances: Annotated[
        int,
        typer.Option(help="Number of sentences; a hundred make four minutes of speech.", min=1),
    ] = 16_000,
    usual: Annotated[
        bool,
        typer.Option(
            "--usual",
            help="Only the script's sentences without orders, into natural_usual; each comes "
            "once in some 2,800.",
        ),
    ] = False,
    seed: Seed = 1,
    jobs: Annotated[int, typer.Option(help="Number of processes.")] = 1,
) -> None:
    """Make a corpus of natural synthetic voices with phone times.

    Kokoro-82M speaks sentences of the script and of the open dialogues. Ten hours of speech take
    seven hours on one core. An interrupted run goes on where it stopped.
    """
    from models import script
    from models.speech.corpus import dialogue_sentences
    from models.speech.natural_corpus import write_natural

    if usual:
        folder, everyday, sentences = work / "natural_usual", [], script.usual_sentences()
    else:
        everyday = dialogue_sentences(data / "dialogues" / "self_dialogue.jsonl.gz")
        folder, sentences = work / "natural", script.user_sentences()
    write_natural(folder, packs, sentences, everyday, utterances, seed, jobs, typer.echo)


@app.command()
def tokenizer(
    data: Data,
    work: Work = WORK,
    whisper: Annotated[
        Path | None,
        typer.Option(help="File of Whisper tiny.en; without it, that of the installed package."),
    ] = None,
    first_steps: Annotated[
        int,
        typer.Option(
            help="Steps after which the recordings are aligned with their phones.",
            min=1,
            max=MOST_COUNT,
        ),
    ] = 3_000,
    steps: Annotated[
        int, typer.Option(help="Number of steps in all.", min=0, max=MOST_COUNT)
    ] = 40_000,
    threads: Threads = 2,
    seed: Seed = 1,
) -> None:
    """Train the tokenizer's network, which recognises phones.

    It begins with the encoder of Whisper tiny.en, and is trained on the corpora of the commands
    speech and natural. After --first-steps it aligns the recordings with their phones, then it is
    trained on these phones, too. The learning rate falls in the last 40 % of the steps. A step
    takes about half a second on two cores with AMX.
    """
    from models.speech.natural_corpus import write_labelled
    from models.speech.room_responses import write_room_responses
    from models.tokenizer.align_corpus import align_corpus
    from models.tokenizer.train import train_tokenizer
    from models.tokenizer.whisper_weights import read_whisper
    from models.whisper_package import installed_whisper

    weights = read_whisper(whisper or installed_whisper())
    natural, synthetic, real, more = (
        work / name for name in ("natural", "synthetic", "real", "more")
    )
    for needed in (data / "noise", natural, synthetic, real, more):
        existing_folder(needed)
    noise, rooms, labelled = data / "noise", work / "rooms.npz", work / "natural_labelled"
    if not rooms.is_file():
        times = sorted(write_room_responses(rooms))
        typer.echo(
            f"{len(times)} rooms, measured reverberation {times[0]:.2f} to {times[-1]:.2f} s, "
            f"median {times[len(times) // 2]:.2f} s"
        )
    typer.echo(f"{write_labelled(natural, labelled)} shards of natural voices")
    shares = {labelled: 0.45, real: 0.4, synthetic: 0.1, more: 0.05}
    aligned = real / "aligned"
    if not aligned.is_file():
        first = train_tokenizer(
            shares, noise, rooms, weights, work / "tok", steps, threads, seed, first_steps
        )
        fitted, refused = align_corpus(real, first, threads)
        aligned.write_text(f"{fitted} recordings aligned, {refused} refused\n")
        typer.echo(aligned.read_text().strip())
    train_tokenizer(shares, noise, rooms, weights, work / "tok", steps, threads, seed)


@app.command()
def unpack(
    data: Data,
    work: Work = WORK,
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")] = Path("resources/starter"),
    threads: Threads = 2,
) -> None:
    """Take the tokenizer of a bundle and its units, in place of training one.

    Replaces the commands speech, natural and tokenizer: it writes the corpus of recordings, too,
    and aligns it. Takes 9 minutes on two cores.
    """
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
    work: Work = WORK,
    count: Annotated[
        int, typer.Option(help="Number of units, if they are to be found.", min=64, max=500)
    ] = 128,
    voices: Annotated[
        int,
        typer.Option(
            help="Number of voices that speak each sentence of the user.", min=1, max=1_000
        ),
    ] = 12,
    own_units: Annotated[
        bool,
        typer.Option(
            help="Give the agent units of its own, from the phones of its voice; needs the extra "
            "natural."
        ),
    ] = False,
    natural: Annotated[
        Path | None,
        typer.Option(help="Folder of natural voices (command natural).", callback=existing_folder),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Only add the voices of --natural to speech.pkl.gz.")
    ] = False,
    seed: Seed = 1,
    jobs: Jobs = 2,
) -> None:
    """Find the units, and encode all speech of the dialogues as units.

    Units are found by k-means, where the tokenizer has none yet. Then every sentence of the script
    and the recordings are encoded: for the language model and the reader (speech.pkl.gz) and, if
    the agent has no units of its own, for the vocoder (vocoder.npz). With --voices 24 this takes 44
    minutes on two cores.
    """
    from models.dialogue.encode_speech import StoreSources, add_natural, write_unit_store
    from models.tokenizer.network import load_tokenizer
    from models.tokenizer.quantizer import fit_quantizer
    from models.vocoder.encode_voice import write_vocoder_store

    checkpoint = work / "tok" / "tokenizer.pt"
    corpora = [work / "natural_labelled", work / "real"]
    rooms = work / "rooms.npz"
    store = work / "speech.pkl.gz"
    sources = StoreSources(checkpoint, work / "real", data, rooms, natural)
    if add and natural is None:
        raise typer.BadParameter("--add needs --natural")
    if add:
        add_natural(store, sources, seed, jobs)
        return
    if not load_tokenizer(checkpoint).unit_count:
        fit_quantizer(checkpoint, corpora, data / "noise", rooms, count, 600, seed)
    write_unit_store(store, sources, voices, own_units, seed, jobs)
    if not own_units:
        write_vocoder_store(work / "vocoder.npz", checkpoint, work / "real", store)


@app.command()
def vocoder(
    work: Work = WORK,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of a bundle; the training begins with its vocoder."),
    ] = None,
    minutes: Minutes = 40,
    threads: Threads = 1,
    seed: Seed = 1,
) -> None:
    """Train the vocoder, which turns units into the agent's voice.

    It is trained on vocoder.npz, which the command units makes. Takes --minutes in all.
    """
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


app.command()(agent_voice.agent_speech)
app.command()(agent_voice.voice)
app.command()(corpora.corpus)
app.command()(language.lm)
app.command()(language.average)


@app.command()
def reader(
    work: Work = WORK,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of open data; turn-taking/ in it sets the timing of the dialogues.",
            callback=existing_folder,
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of a bundle; the training begins with its reader."),
    ] = None,
    ears_before: language.EarsBefore = None,
    minutes: Minutes = 90,
    dialogues: Annotated[
        int,
        typer.Option(
            help="Number of dialogues in a step; a GPU takes more.", min=1, max=MOST_COUNT
        ),
    ] = 10,
    threads: Threads = 1,
    jobs: ComposingJobs = 1,
    seed: Seed = 1,
) -> None:
    """Train the unit reader, which turns both speakers' units into words for captions.

    Only a bundle without a text slot (lm --no-text) uses it. It is trained on dialogues made from
    speech.pkl.gz of the command units. Takes --minutes in all.
    """
    from models.dialogue.timing import HUMAN, read_timing
    from models.reader.train import train_reader

    timing = read_timing(data / "turn-taking") if data else HUMAN
    store, folder = work / "speech.pkl.gz", work / "reader"
    changed = language.coincidence_of(ears_before, work)
    train_reader(store, folder, minutes, threads, seed, timing, dialogues, jobs, bundle, changed)


@app.command()
def pack(
    version: Annotated[str, typer.Option(help="Version of the new bundle.")],
    work: Work = WORK,
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.")] = Path(
        "resources/starter"
    ),
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of a bundle; models that were not trained are copied from it."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            help="Length of the context in tokens; a shorter one is faster. Without it, the "
            "training's.",
            min=256,
            max=1 << 17,
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the new bundle.")] = "starter",
) -> None:
    """Export the trained models and pack them into a bundle.

    The tokenizer, vocoder and reader become ONNX files, the language model a GGUF file. Takes a few
    minutes.
    """
    from models.pack import pack_bundle

    pack_bundle(work, out, version, bundle, context, name)


@app.command()
def exact(
    out: Annotated[Path, typer.Option(help="New folder for the copy.")],
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of the bundle.", show_default="the starter")
    ] = None,
) -> None:
    """Copy a bundle for a GPU: with float32 in place of int8 in tokenizer and vocoder.

    A GPU's provider of ONNX Runtime lacks int8 products or is slow at them. On a processor the copy
    is slower than the bundle.
    """
    from models.exact_bundle import write_exact_bundle

    write_exact_bundle(bundle, out)


@app.command()
def echo(
    speech: Annotated[
        Path,
        typer.Option(
            help="Folder of recordings, with one folder per speaker in it.",
            callback=existing_folder,
        ),
    ],
    work: Work = WORK,
    out: Annotated[Path, typer.Option(help="File of the new network.")] = Path(
        "resources/echo/suppressor.onnx"
    ),
    scenes: Annotated[
        int, typer.Option(help="Number of simulated scenes of 24 s.", min=1, max=MOST_COUNT)
    ] = 420,
    minutes: Minutes = 75,
    threads: Threads = 1,
    seed: Seed = 0,
    jobs: Jobs = 2,
) -> None:
    """Train the residual echo suppressor, a file of its own outside the bundle.

    First scenes of two speakers and a loudspeaker are simulated; those of an earlier run are kept.
    The agent's voice in them is the shipped starter's; the tokenizer of the work folder tells
    whether the user's phones survive. Takes --minutes after the simulation; it does not resume.
    """
    from models.echo.scenes import write_scenes
    from models.echo.train import train_echo
    from models.tokenizer.network import load_tokenizer

    tokenizer = load_tokenizer(work / "tok" / "tokenizer.pt")
    write_scenes(work / "echo" / "scenes", speech, scenes, seed, jobs)
    train_echo(work / "echo" / "scenes", tokenizer, out, minutes, threads, seed)


app.command()(dgslm)
app.command("dgslm-continuations")(dgslm_continuations)
app.command()(language.sizes)
app.command()(language.perplexity)
app.command()(language.plan)
app.command()(language.utilisation)


@app.command()
def part(
    kind: Annotated[PartKind, typer.Argument(help="What the part is for.")],
    out: Annotated[
        Path | None,
        typer.Argument(
            help="A zip archive that does not exist yet, or a folder.",
            show_default="duologue-KIND.zip",
        ),
    ] = None,
) -> None:
    """Make an optional part of the program: hearing, voice or text-model.

    It is made from the files of an installed package, without any training.
    """
    from models.hearing_part import make_hearing_part
    from models.text_model_part import make_text_model_part
    from models.voice_part import make_voice_part

    make = {
        "hearing": make_hearing_part,
        "voice": make_voice_part,
        "text-model": make_text_model_part,
    }[kind]
    target = out or Path(f"duologue-{kind}.zip")
    manifest = make(target)
    size = sum(entry.bytes for entry in manifest.files)
    typer.echo(f"{target}: {manifest.name} {manifest.version}, {size / 1e6:.1f} MB unpacked")


app.add_typer(imported.app)
app.command()(speak)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends with SystemExit."""
    run_program(app, arguments, typer.TyperException)


if __name__ == "__main__":
    main()
