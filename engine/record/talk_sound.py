"""Reads the sound of a recorded conversation: two tracks at 16 kHz, from the beginning.

Knows no events. Runs in its caller's thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ

# One frame of our FLAC files: no more than this is lost before a damaged place.
_STEP_SAMPLES = 4096


class TalkSound:
    """Reads one file, up to the first damage; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file; DuologueError if it is not the sound of a conversation."""
        wrong = DuologueError(
            f"The sound of the conversation in {path.parent} cannot be read; choose another."
        )
        if not path.is_file():  # reading a pipe would block
            raise wrong
        try:
            self._path, self._file = path, soundfile.SoundFile(path)
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
            raise wrong from error
        if (self._file.samplerate, self._file.channels) != (SAMPLE_RATE_HZ, 2):
            self._file.close()
            raise wrong
        self.length_samples: int = self._file.frames
        """Length that the header states."""
        self.position = 0
        """Samples read so far."""
        self._carefully = False

    def __enter__(self) -> TalkSound:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, samples: int) -> np.ndarray:
        """The next sound, int16 (samples, 2), user and agent; fewer samples at the end."""
        parts = [np.zeros((0, 2), np.int16)]
        while samples > 0:
            part = self._next(samples)
            if not len(part):
                break
            parts.append(part)
            samples -= len(part)
            self.position += len(part)
        return np.concatenate(parts)

    def _next(self, most: int) -> np.ndarray:
        try:
            if not self._carefully:
                return self._file.read(most, "int16", always_2d=True)
        except soundfile.SoundFileError:
            # The decoder dropped the sound before the damaged place too, and cannot continue. Open
            # the file again and read it in small steps.
            self._carefully = True
            self._file.close()
            passed = 0
            with contextlib.suppress(soundfile.SoundFileError):
                self._file = soundfile.SoundFile(self._path)
                while passed < self.position and (found := len(self._next(self.position - passed))):
                    passed += found
        try:
            return self._file.read(min(most, _STEP_SAMPLES), "int16", always_2d=True)
        except soundfile.SoundFileError:
            return np.zeros((0, 2), np.int16)

    def blocks(self, samples: int) -> Iterator[np.ndarray]:
        """The rest of the sound, int16 (samples, 2) each; the last block may be shorter."""
        while len(block := self.read(samples)):
            yield block
