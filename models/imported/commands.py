"""The commands of ``duologue-train`` that import others' models. `models.cli` mounts them.

Nothing imports torch before a command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError

app = typer.Typer()

_Work = Annotated[Path, typer.Option(help="Work folder; pack takes the imported model from it.")]
_WORK = Path("work")
_SAMPLE = Path("resources/samples/user.flac")
_MOST_SECONDS = 3_600.0


@app.command()
def import_hubert(
    checkpoint: Annotated[
        Path, typer.Argument(help="Folder of the HuBERT: config.json and its weights.")
    ],
    centroids: Annotated[
        Path,
        typer.Option(
            help="Centroids of the units: .npy, .npz, or the published pickle, of which nothing is "
            "run."
        ),
    ],
    work: _Work = _WORK,
    layer: Annotated[int, typer.Option(help="Layer whose output is quantised.", min=1)] = 11,
    delay_ms: Annotated[
        int,
        typer.Option(
            help="How far units lag behind their sound: so much later sound improves each. The "
            "training's labels expect 80.",
            min=0,
            max=400,
        ),
    ] = 80,
    sound: Annotated[
        list[Path], typer.Option(help="Recording to measure with; may be repeated.")
    ] = [_SAMPLE],  # noqa: B006 - typer reads it, nobody changes it
    seconds: Annotated[
        float, typer.Option(help="So much of each recording.", min=1, max=_MOST_SECONDS)
    ] = 30.0,
    window_ms: Annotated[
        int | None, typer.Option(help="Past sound of a chunk; without it, measured.", min=40)
    ] = None,
    lookahead_ms: Annotated[
        int | None, typer.Option(help="Later sound of a chunk; without it, measured.", min=0)
    ] = None,
    exact: Annotated[
        bool, typer.Option(help="Keep the blocks' matrices exact: a third slower.")
    ] = False,
) -> None:
    """Make the tokenizer of a HuBERT and k-means: sound to units.

    Takes the transformers layout with a step of 640 samples, as mhubert-base-25hz has. HuBERT sees
    all of a sound, so a stream encodes windows; the command prints how many of their units are
    those of the whole recording, and chooses the shortest window that is within two points of the
    best. The work folder gets the tokenizer for pack, and its checkpoint for the training.
    """
    import torch
    from rich.console import Console

    from engine.sound.audio_file import read_mono
    from engine.timebase import FRAME_MS, FRAME_SAMPLES
    from models.imported.centroids import read_centroids
    from models.imported.hubert import load_hubert
    from models.imported.hubert_checkpoint import CHECKPOINT, save_hubert
    from models.imported.hubert_export import (
        CHUNK_FRAMES,
        LOOKAHEADS_MS,
        WINDOWS_MS,
        best_window,
        export_hubert,
        measure_windows,
        whole_agreement,
        windows_table,
    )
    from models.imported.parts import (
        MODEL,
        TOKENIZER,
        TokenizerPart,
        forget_part,
        new_folder,
        write_part,
    )

    for name, given in (("delay", delay_ms), ("window", window_ms), ("look-ahead", lookahead_ms)):
        if given is not None and given % FRAME_MS:
            raise DuologueError(f"A {name} of {given} ms is no whole number of frames of 40 ms.")
    sounds = [read_mono(path, seconds) for path in sound]
    if any(len(one) < CHUNK_FRAMES * FRAME_SAMPLES for one in sounds):
        raise DuologueError("A recording is shorter than a chunk; give a longer one.")
    means = torch.from_numpy(read_centroids(centroids))
    net = load_hubert(checkpoint, means, layer, delay_ms // FRAME_MS)
    folder = new_folder(work, TOKENIZER, ("tok/tokenizer.pt",))
    forget_part(folder)
    export_hubert(net, folder / MODEL, exact)
    same = whole_agreement(net, folder / MODEL, sounds)
    typer.echo(
        f"{net.unit_count} units; {(folder / MODEL).stat().st_size / 1e6:.0f} MB, whose rounding "
        f"keeps {same:.1%} of the units"
    )
    found = measure_windows(
        net,
        folder / MODEL,
        sounds,
        WINDOWS_MS if window_ms is None else (window_ms,),
        LOOKAHEADS_MS if lookahead_ms is None else (lookahead_ms,),
        typer.echo,
    )
    Console().print(windows_table(found))
    best = best_window(found)
    part = TokenizerPart(
        unit_count=net.unit_count,
        window_ms=best.window_ms,
        lookahead_ms=best.lookahead_ms,
        delay_ms=delay_ms,
    )
    save_hubert(net, folder / CHECKPOINT)
    write_part(folder, part)
    typer.echo(
        f"Window {best.window_ms} ms, look-ahead {best.lookahead_ms} ms: {best.share:.1%} of the "
        f"units; {folder}"
    )


@app.command()
def import_vocoder(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the unit HiFi-GAN: config.json and one .pt file.")
    ],
    work: _Work = _WORK,
    delay_ms: Annotated[
        int,
        typer.Option(
            help="How far sound lags behind its units: so much is known of what follows.",
            min=0,
            max=2_000,
        ),
    ] = 80,
    speaker: Annotated[int, typer.Option(help="Of several speakers, the one to take.")] = 0,
    style: Annotated[int, typer.Option(help="Of several styles, the one to take.")] = 0,
    units: Annotated[
        Path | None,
        typer.Option(
            help="Units to measure with, a .npy file; without it, random ones, each held for one "
            "to three frames."
        ),
    ] = None,
) -> None:
    """Make the vocoder of a unit HiFi-GAN in textless' layout: units to sound.

    The network sees units after a frame, too. In place of those that are not there yet it gets the
    last one, held, and where two chunks meet one fades into the other. The command prints, for some
    delays, how far the stream differs from the whole file's sound, and how large the seams are. The
    duration predictor is left out.
    """
    from rich.console import Console

    from engine.timebase import FRAME_MS
    from models.imported.parts import (
        MODEL,
        VOCODER,
        VocoderPart,
        forget_part,
        new_folder,
        write_part,
    )
    from models.imported.seams import example_units, measure_seams, read_units, seams_table
    from models.imported.streaming_hifigan import StreamingHifigan, export_streaming_hifigan
    from models.imported.unit_hifigan import load_unit_hifigan

    if delay_ms % FRAME_MS:
        raise DuologueError(f"A delay of {delay_ms} ms is no whole number of frames of 40 ms.")
    net = load_unit_hifigan(folder, speaker, style)
    made = new_folder(work, VOCODER, ("voc/vocoder.pt", "voice/voice.pt"))
    config = net.config
    for name, count, chosen in (
        ("speaker", config.speakers, speaker),
        ("style", config.styles, style),
    ):
        if count:
            typer.echo(f"It has {count} of its kind of {name}; number {chosen} is taken.")
    reach = config.reach_frames
    least = 5 * reach  # without what lies near the edges, some seams are left
    spoken = read_units(units, config.units, least) if units else example_units(config.units, least)
    delay = delay_ms // FRAME_MS
    delays = sorted({0, 1, 2, 4, delay, reach})
    Console().print(seams_table(measure_seams(net, spoken, 4, delays), reach * FRAME_MS))
    stream = StreamingHifigan(net, delay)
    part = VocoderPart(unit_count=config.units, past_frames=stream.past_frames, delay_ms=delay_ms)
    forget_part(made)
    export_streaming_hifigan(stream, made / MODEL)
    write_part(made, part)
    typer.echo(f"{config.units} units, {stream.past_frames} past units, {delay_ms} ms late; {made}")
