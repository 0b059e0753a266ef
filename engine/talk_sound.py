"""The sound of a recorded talk: two tracks at 16 kHz, read from the beginning.

Knows no events. Runs in the thread of its caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from engine.errors import DuologueError
from engine.tokens import RATE_HZ

# As much as one of our FLAC's frames: no more is lost before a damaged place.
_STEP_SAMPLES = 4096


class TalkSound:
    """One file; a context manager. It ends where it is damaged."""

    def __init__(self, path: Path) -> None:
        """Open it; DuologueError where it is not the sound of a talk."""
        wrong = DuologueError(
            f"The sound of the conversation in {path.parent} cannot be read; choose another."
        )
        if not path.is_file():  # a pipe would keep us waiting
            raise wrong
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
            raise wrong from error
        if (self._file.samplerate, self._file.channels) != (RATE_HZ, 2):
            self._file.close()
            raise wrong
        self.length_samples: int = self._file.frames
        """As the file tells it."""
        self.position = 0
        """Samples read so far."""

    def __enter__(self) -> TalkSound:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, samples: int) -> np.ndarray:
        """int16 (samples, 2), user and agent; fewer where the file ends."""
        steps = [np.zeros((0, 2), np.int16)]
        while samples > 0:
            try:
                step = self._file.read(min(samples, _STEP_SAMPLES), "int16", always_2d=True)
            except soundfile.SoundFileError:
                break
            if not len(step):
                break
            steps.append(step)
            samples -= len(step)
            self.position += len(step)
        return np.concatenate(steps)

    def blocks(self, samples: int) -> Iterator[np.ndarray]:
        """All that is left, int16 (samples, 2) each; the last one may be shorter."""
        while len(block := self.read(samples)):
            yield block
