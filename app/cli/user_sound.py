"""The user's sound from a file: the bundled sample, or a recording that the user names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from engine.errors import DuologueError
from engine.resource_files import resources

if TYPE_CHECKING:
    import numpy as np

MEASURED_SECONDS = 300.0
"""Of a recording, at most so much is used to measure the engine's speed."""


def sample_path() -> Path:
    """The recording of a user that comes with the program."""
    path = resources() / "samples" / "user.flac"
    if not path.is_file():
        raise DuologueError("The sample recording is missing; give one with --user.")
    return path


def read_speech(path: Path, max_seconds: float, channel: int | None) -> np.ndarray:
    """The first seconds of a recording: float32 (n,) at 16 kHz.

    Remarks, for example that a channel is left out, go to stderr.
    """
    from engine.sound.audio_file import read_mono

    console = Console(stderr=True)

    def remark(sentence: str) -> None:
        console.print(f"{path}: {sentence}", style="yellow", markup=False, soft_wrap=True)

    return read_mono(path, max_seconds, channel, remark)
