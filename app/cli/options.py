"""The options that several commands share, with their help and their limits.

A number beyond any use is refused here, before hours of work and before a library refuses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DuologueError, unwritable

MOST_SEED = 2**63 - 1
MOST_GPU_LAYERS = 10_000
MOST_TALK_SECONDS = 86_400
MOST_TALK_MINUTES = 10_080
MOST_TIMES = 1_000_000
MOST_JOBS = 256
MOST_CHANNELS = 1024

SAMPLE = "the sample recording"
"""What the help calls the default of --user."""

BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Folder of the bundle of models.", show_default="the starter"),
]
ChunkOption = Annotated[
    int | None,
    typer.Option(
        "--chunk-ms",
        help="Length of a chunk in ms: 160, 200 or 240.",
        show_default="the bundle's",
    ),
]
LatencyOption = Annotated[
    int | None,
    typer.Option(
        "--latency-ms",
        help="Delay in ms before the agent uses the user's sound: 0 to 480.",
        show_default="one chunk",
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        help="Seed of the random numbers. The same seed gives the same tokens.",
        min=0,
        max=MOST_SEED,
    ),
]
GpuOption = Annotated[
    int,
    typer.Option(
        "--gpu-layers",
        help="Number of the language model's layers that run on a GPU, if there is one; -1 means "
        "all. With 0 nothing at all runs on a GPU.",
        min=-1,
        max=MOST_GPU_LAYERS,
    ),
]
MicrophoneOption = Annotated[
    str | None,
    typer.Option(
        "--microphone",
        help="Name of the microphone, as `duologue devices` lists it.",
        show_default="the system's",
    ),
]
SpeakerOption = Annotated[
    str | None,
    typer.Option(
        "--speaker",
        help="Name of the speaker, as `duologue devices` lists it.",
        show_default="the system's",
    ),
]
CardLatencyOption = Annotated[
    int,
    typer.Option(
        "--card-latency-ms",
        help="Length in ms of the sound card's buffer in each direction. 20 reacts fast; 100 is "
        "safe against gaps.",
        min=5,
        max=500,
    ),
]
ChannelOption = Annotated[
    int | None,
    typer.Option(
        "--channel",
        help="Channel of the recording with the user's voice; the first channel is 1.",
        show_default="the first that is not silent",
        min=1,
        max=MOST_CHANNELS,
    ),
]
JobsOption = Annotated[
    int, typer.Option(help="Number of processes that work in parallel.", min=1, max=MOST_JOBS)
]


def _new_file(path: Path | None) -> Path | None:
    """Check that a new file can be written, before an hour of measuring and not after it."""
    if path and path.is_file():
        raise DuologueError(f"{path} is there already; choose another name, or delete it.")
    if path and not path.is_fifo():  # its reader would take an open and close for the end
        try:
            was_there = path.exists()
            path.open("a").close()
            if not was_there:
                path.unlink()
        except OSError as error:
            raise unwritable(path, error) from error
    return path


JsonOption = Annotated[
    Path | None,
    typer.Option(
        "--json", help="New file that also gets the figures, as JSON.", callback=_new_file
    ),
]
