"""Writes a FLAC file that stays readable to its last frame, even after a crash or on a full disk.

An encoder normally writes the length into the header only when it is closed, and libsndfile refuses
a file without it. Here the header is updated with every frame (a quarter of a second), a frame is
written whole or not at all, and after a failure the header states what is there. Two channels, 16
bits, 16 kHz. Runs in its caller's thread.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import soundfile

from engine.atomic_write import sync
from engine.errors import unwritable
from engine.timebase import SAMPLE_RATE_HZ

# Offsets in the file; STREAMINFO follows "fLaC" and a block header (RFC 9639, section 8.2).
_BLOCK_SIZE_AT, _LENGTH_AT, _CHECKSUM_AT = 8, 21, 26
_CHECKSUM_BYTES = 16
# The length has 36 bits; before it stand the lower four bits of "bits per sample minus one".
_BEFORE_LENGTH = 15 << 36


class FlacWriter:
    """Writes one file."""

    def __init__(self, path: Path) -> None:
        """Create the file; DuologueError if it exists or cannot be written."""
        self.path = path
        self._given = self._whole = 0
        try:
            self._stream = _Stream(path)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            self._file = soundfile.SoundFile(
                self._stream, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="FLAC"
            )
        except soundfile.SoundFileError as error:
            self._stream.close()
            raise unwritable(path, self._stream.failure) from error

    def write(self, sound: np.ndarray) -> None:
        """Append int16 (n, 2).

        Raises DuologueError if the disk is full or fails; the file is then closed and readable.
        """
        before = self._stream.length_bytes
        try:
            self._file.write(sound)
        except (soundfile.SoundFileError, AssertionError) as error:
            self._stream.fail(error)
        if self._stream.failure:
            self.close()
        self._given += len(sound)
        if self._stream.length_bytes > before:
            # The encoder holds one sample back, to know whether a frame is the last one.
            block = self._stream.read_number(_BLOCK_SIZE_AT, 2)
            self._whole = (self._given - 1) // block * block
            self._put_length()

    def sync(self) -> None:
        """Flush to the disk; DuologueError if that fails."""
        try:
            self._stream.sync()
        except OSError as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Write the last samples; DuologueError if this or an earlier write failed."""
        if self._file.closed:
            return
        try:
            self._file.close()
        except soundfile.SoundFileError as error:
            self._stream.fail(error)
        failure = self._stream.failure
        if failure:
            # The encoder's header counts frames that were never written.
            self._put_length()
            self._stream.overwrite(_CHECKSUM_AT, bytes(_CHECKSUM_BYTES))  # means "not known"
        self._stream.close()
        if failure:
            raise unwritable(self.path, failure)

    def _put_length(self) -> None:
        self._stream.overwrite(_LENGTH_AT, (_BEFORE_LENGTH | self._whole).to_bytes(5))


class _Stream:
    """The file that the encoder writes to: each append is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self.length_bytes = 0
        self.failure: OSError | None = None
        """The first failure; nothing is appended after it."""

    def write(self, data: bytes) -> int:
        """Called by the encoder; returns 0 on failure."""
        appended = self._file.tell() == self.length_bytes
        if appended and self.failure:
            return 0
        try:
            written = self._file.write(data)
            if written != len(data):
                self.failure = OSError("the disk is full")
        except OSError as error:
            self.failure = self.failure or error
        if self.failure and appended:
            with contextlib.suppress(OSError):  # the drive may be gone
                self._file.truncate(self.length_bytes)
            return 0
        self.length_bytes = max(self.length_bytes, self._file.tell())
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Called by the encoder."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Called by the encoder."""
        return self._file.tell()

    def fail(self, error: Exception) -> None:
        """Keep the encoder's error as the failure."""
        self.failure = self.failure or OSError(str(error))

    def read_number(self, offset: int, count: int) -> int:
        """The big-endian number of ``count`` bytes at ``offset``."""
        self._file.seek(offset)
        number = int.from_bytes(self._file.read(count))
        self._file.seek(0, os.SEEK_END)
        return number

    def overwrite(self, offset: int, data: bytes) -> None:
        """Change the header; this needs no free disk space."""
        self._file.seek(offset)
        try:
            self._file.write(data)
        except OSError as error:
            self.failure = self.failure or error
        self._file.seek(0, os.SEEK_END)

    def sync(self) -> None:
        """Flush to the disk."""
        sync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
