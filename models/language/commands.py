"""The commands of ``duologue-train`` that train and measure the language model. `models.cli` mounts
them.

Nothing imports torch before a command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import DuologueError
from models.corpora import commands as corpora
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
from models.spoken import commands as spoken_texts

if TYPE_CHECKING:
    import numpy as np

    from models.dialogue.recorded_dialogues import RealDialogues
    from models.spoken.training_dialogues import SpokenDialogues


def _layers(text: str | None) -> tuple[int, ...] | None:
    """Numbers and ranges such as "0-5,24-29"."""
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not dash:
            last = first
        if not first.isdecimal() or not last.isdecimal():
            raise typer.BadParameter(f"--layers are numbers and ranges like 0-5,24-29, not {text}")
        found += range(int(first), int(last) + 1)
    return tuple(found)


StartPath = Annotated[
    Path | None,
    typer.Option(
        help="Text model to begin with: a GGUF of a Llama, or a folder with config.json, "
        "safetensors and tokenizer.json. It gives the network's sizes, too."
    ),
]
EarsBefore = Annotated[
    Path | None,
    typer.Option(
        help="Tokenizer of the bundle (tok/tokenizer.pt of the command unpack), where another one "
        "encoded the store: each of the user's units begins as the mean of those that come with it "
        "on the same sound.",
    ),
]
Layers = Annotated[
    str | None, typer.Option(help="Which layers of --start, such as 0-5,24-29; all without it.")
]


def coincidence_of(before: Path | None, work: Path) -> np.ndarray | None:
    """How the units of the tokenizer in ``work`` relate to those of the tokenizer ``before``."""
    if before is None:
        return None
    from models.tokenizer.changed_table import coincidence

    heard = [work / "natural_labelled", work / "real"]
    return coincidence(
        before, work / "tok" / "tokenizer.pt", [each for each in heard if each.exists()]
    )


def _store_of(work: Path, stages: list[int], real: RealDialogues, spoken: SpokenDialogues) -> Path:
    """The store of the work folder, or one without sentences where none is composed.

    Raises DuologueError where there is none and sentences are needed.
    """
    from models.corpora.encode_calls import unit_count_of
    from models.dialogue.unit_store import no_sentences, save_store
    from models.language.mixed_sequences import composes

    store = work / "speech.pkl.gz"
    if store.exists() or not (real.folders or spoken.folders):
        return store
    if composes(stages, real, spoken):
        raise DuologueError(
            f"There is no {store} to compose dialogues of; make it with duologue-train units, or "
            "train on other dialogues alone: --spoken with --spoken-share 1 in stages 1 and 2, "
            "--dialogues with --real-share 1 in stage 3."
        )
    alone = work / "lm" / "no-sentences.pkl.gz"
    save_store(no_sentences(unit_count_of(work)), alone)
    return alone


def lm(
    work: Work = WORK,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of open data; turn-taking/ in it sets the timing of stage 3.",
            callback=existing_folder,
        ),
    ] = None,
    stages: Annotated[
        str, typer.Option(help="The paper's stages to train, separated by commas.")
    ] = "1,2,3",
    preset: Annotated[
        str,
        typer.Option(
            help="Size of the network and of the training: starter-cpu, starter-gpu, starter-more, "
            "starter-ears, starter-voice, paper-cpu, ablation, or for --start text-start or "
            "llama3-8b."
        ),
    ] = "starter-cpu",
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of a bundle; the training begins with its language model."),
    ] = None,
    ears_before: EarsBefore = None,
    start: StartPath = None,
    layers: Layers = None,
    random: Annotated[
        bool,
        typer.Option("--random", help="Take only shape and tokens of --start, to compare with it."),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Length of all stages in minutes; without it the preset's number of steps.",
            min=LEAST_MINUTES,
            max=MOST_MINUTES,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Length of all stages in steps.", min=1, max=MOST_COUNT),
    ] = None,
    paper_format: Annotated[
        bool, typer.Option(help="Deduplicate units across chunk borders, as in the paper.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option(help="Train the estimate of the user's running chunk.")
    ] = True,
    text: Annotated[
        bool, typer.Option(help="Write the words of both speakers beside their units.")
    ] = True,
    own_table: Annotated[
        bool,
        typer.Option(
            help="Let the agent speak in units of its own, if the command units gave it some; "
            "without, both speakers have one table, as in the paper."
        ),
    ] = True,
    both_orders: Annotated[
        bool,
        typer.Option(
            "--both-orders",
            help="Let the speakers change places in every other dialogue, so that the model writes "
            "either side; needs --no-own-table --no-text.",
        ),
    ] = False,
    dialogues: corpora.Dialogues = [],  # noqa: B006 - typer reads it, nobody changes it
    real_share: corpora.RealShare = 0.5,
    spoken: spoken_texts.Spoken = [],  # noqa: B006 - as above
    spoken_share: spoken_texts.SpokenShare = 0.5,
    threads: Threads = 1,
    jobs: ComposingJobs = 1,
    rows_at_once: Annotated[
        int | None,
        typer.Option(
            help="Sequences that a process computes at once; gradients are added up to the "
            "preset's step. Without it, all.",
            min=1,
        ),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Compute layers twice in place of keeping them: memory."),
    ] = False,
    seed: Seed = 1,
) -> None:
    """Train the language model in the paper's three stages.

    Stage 1 mixes text and units, stage 2 has dialogues by turns, stage 3 dialogues with people's
    timing. They are made from speech.pkl.gz of the command units, and some of --spoken or
    --dialogues where these are given; with both shares 1 that file is not needed. Takes
    --minutes, or as long as the preset's steps: starter-gpu 27 minutes on an H100. On several GPUs:
    torchrun --nproc-per-node 8 -m models.cli lm, with the same options.
    """
    from models.dialogue.timing import HUMAN, read_timing
    from models.language.budget import Budget
    from models.language.presets import PRESETS
    from models.language.sequences import Format
    from models.language.start import Start
    from models.language.train import train_lm

    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset is one of {', '.join(PRESETS)}")
    if not set(stages.split(",")) <= {"1", "2", "3"}:
        raise typer.BadParameter("--stages are some of 1,2,3")
    if minutes is not None and steps is not None:
        raise typer.BadParameter("give --minutes or --steps, not both")
    if start is None and (layers or random):
        raise typer.BadParameter("--layers and --random say what to take of --start; give it, too")
    timing = read_timing(data / "turn-taking") if data else HUMAN
    real = corpora.real_dialogues(dialogues, real_share, work)
    taken = spoken_texts.spoken_dialogues(spoken, spoken_share, work)
    chosen = [int(stage) for stage in stages.split(",")]
    train_lm(
        _store_of(work, chosen, real, taken),
        work / "lm",
        Budget(minutes=minutes, steps=steps),
        threads,
        seed,
        preset,
        chosen,
        Format(not paper_format, estimate, text, own_table, both_orders),
        timing,
        workers=jobs,
        bundle=bundle,
        real=real,
        coincidence=coincidence_of(ears_before, work),
        start=Start(start, _layers(layers), random) if start else None,
        rows_at_once=rows_at_once,
        recompute=recompute,
        spoken=taken,
    )


def average(
    bundle: Annotated[
        Path, typer.Option(help="Folder of the bundle that the training began with.")
    ],
    work: Work = WORK,
    share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Weight of the trained model; the bundle's has the rest."),
    ] = 0.5,
) -> None:
    """Average the weights of the trained language model and of the one it began with. Optional.

    Replaces the language model's checkpoint. Takes less than a minute.
    """
    from models.language.weight_averaging import average_lm

    average_lm(work / "lm" / "lm.pt", bundle, share)


def sizes(
    user: Annotated[Path, typer.Option(help="Recording of the user.")] = Path(
        "resources/samples/user.flac"
    ),
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")] = Path("resources/starter"),
    seconds: Annotated[
        float, typer.Option(help="Length of the conversation.", min=10, max=3_600)
    ] = 60.0,
    threads: Annotated[
        list[int], typer.Option(help="Number of threads of the language model; may be repeated.")
    ] = [1, 2],  # noqa: B006 - typer reads it, nobody changes it
    large: Annotated[bool, typer.Option(help="Also a Llama of a billion weights.")] = False,
    only: Annotated[
        str | None,
        typer.Option(help="One size, Q4_0, 160 ms: smollm2-135m, llama-1b or llama3-8b."),
    ] = None,
    gpu: Annotated[bool, typer.Option("--gpu", help="Run the language model on the GPU.")] = False,
) -> None:
    """Measure how large a language model keeps the clock on this machine.

    A conversation with the bundle says how many tokens a chunk takes; models of random weights,
    Q4_0 and Q8_0, from 6 to 30 layers of 576, then get as many. Use a quiet machine.
    """
    from rich.console import Console

    from models.language.largest import LLAMA_1B, NAMED, SMOLLM2, measure_all, sizes_table

    if only is not None and only not in NAMED:
        raise typer.BadParameter(f"--only is one of {', '.join(NAMED)}")
    shapes = (*SMOLLM2, LLAMA_1B) if large else SMOLLM2
    kinds: tuple[str, ...] = ("Q4_0", "Q8_0")
    chunks_ms: tuple[int, ...] = (160, 240)
    if only:
        shapes, kinds, chunks_ms = (NAMED[only],), ("Q4_0",), (160,)
    figures = measure_all(bundle, user, seconds, shapes, threads, typer.echo, kinds, chunks_ms, gpu)
    Console().print(sizes_table(figures))


def perplexity(
    start: Annotated[Path, typer.Argument(help="Text model: a GGUF of a Llama, or a folder.")],
    text: Annotated[
        Path | None,
        typer.Option(help="Text file; without it, questions and answers of the script."),
    ] = None,
    tokens: Annotated[int, typer.Option(help="Number of tokens at most.", min=256)] = 1024,
) -> None:
    """Measure a text model's perplexity as it is read for lm, and under llama.cpp. Optional.

    Both must be nearly alike: then its weights, positions and tokens are understood. Of a folder
    there is only the first. A thousand tokens of a model of 135 M take a minute.
    """
    from models.language.start import open_text_model
    from models.language.text_perplexity import (
        llama_cpp_perplexity,
        loaded,
        script_text,
        torch_perplexity,
        windows,
    )

    try:
        content = text.read_text(encoding="utf8") if text else script_text()
    except (OSError, ValueError) as error:
        raise DuologueError(f"{text} cannot be read as text ({error}); give another.") from error
    model = open_text_model(start)
    rows = windows(model.tokens.encode(content), tokens)
    typer.echo(f"{len(rows)} windows of {len(rows[0])} tokens")
    typer.echo(f"torch      {torch_perplexity(loaded(model), rows):.2f}")
    if start.is_file():
        typer.echo(f"llama.cpp  {llama_cpp_perplexity(start, rows):.2f}")


def plan(
    preset: Annotated[str, typer.Argument(help="Size of the network and of the training.")] = (
        "llama3-8b"
    ),
    gpus: Annotated[
        list[int], typer.Option(help="Number of GPUs; may be repeated.", min=1, max=1_000_000)
    ] = [1, 8, 128],  # noqa: B006 - typer reads it, nobody changes it
    utilisation: Annotated[
        float, typer.Option(help="Share of the GPU's peak that is used.", min=0.01, max=1)
    ] = 0.4,
    peak: Annotated[
        float, typer.Option(help="The GPU's dense bfloat16 peak in TFLOP/s.", min=1)
    ] = 989.0,
) -> None:
    """Compute what a training takes on one and on many GPUs: memory, FLOPs and days.

    The network is built without weights. Nothing is trained or measured.
    """
    from rich.console import Console

    from models.language.presets import PRESETS
    from models.language.training_plan import plan_tables

    if preset not in PRESETS:
        raise typer.BadParameter(f"PRESET is one of {', '.join(PRESETS)}")
    for table in plan_tables(preset, gpus, utilisation, peak * 1e12):
        Console().print(table)


def utilisation(
    preset: Annotated[str, typer.Option(help="Size of the network and of a step.")] = "starter-gpu",
    steps: Annotated[int, typer.Option(help="Number of measured steps.", min=1)] = 20,
    batch: Annotated[
        int | None, typer.Option(help="Sequences in a step; without it, as in stage 3.", min=1)
    ] = None,
    context: Annotated[
        int | None, typer.Option(help="Tokens of a sequence; without it, the preset's.", min=2)
    ] = None,
    peak: Annotated[
        float, typer.Option(help="The processor's dense bfloat16 peak in TFLOP/s.", min=0.001)
    ] = 989.0,
    compiled: Annotated[bool, typer.Option(help="Compile the network.")] = True,
) -> None:
    """Measure the model FLOP utilisation of a training: steps on random tokens.

    Takes a CUDA GPU if there is one, else the CPU. The peak of an H100 or H200 is 989.
    """
    from models.language.presets import PRESETS
    from models.language.training_plan import measure_utilisation

    if preset not in PRESETS:
        raise typer.BadParameter(f"--preset is one of {', '.join(PRESETS)}")
    typer.echo(measure_utilisation(preset, steps, batch, context, peak * 1e12, compiled))
