"""Writes a conversation's wav while it grows: plain WAV up to 4 GB (18 hours), RF64 beyond.

libsndfile must know before the first sample which of the two it writes. Its downgrade from RF64
leaves a header (WAVE_FORMAT_EXTENSIBLE) that simple readers refuse, Python's own among them. This
writer reserves room for RF64's sizes, as EBU Tech 3306 says, and updates the header once a second,
so that the file is good to its last second even if the program is killed. Two channels, 16 bits, 16
kHz: user left, agent right. Runs in its caller's thread.
"""

from __future__ import annotations

import contextlib
import shutil
import struct
from pathlib import Path
from types import TracebackType

import numpy as np

from engine.errors import DuologueError, unwritable
from engine.sound.audio_file import to_pcm
from engine.timebase import SAMPLE_RATE_HZ

_MOST_RIFF_BYTES = (1 << 32) - 1  # RIFF counts bytes in 32 bits
_MOST_HEADER_BYTES = 80
_CHANNELS, _BITS = 2, 16
_FRAME_BYTES = _CHANNELS * _BITS // 8
_UPDATE_BYTES = SAMPLE_RATE_HZ * _FRAME_BYTES


class StereoWriter:
    """Writes one stereo wav; a context manager."""

    def __init__(self, path: Path, expected_samples: int | None = None) -> None:
        """Create the file; ``expected_samples`` is the most it will hold, None if unknown.

        Raises DuologueError if it cannot be written or the disk has too little room.
        """
        self.path = path
        expected_bytes = (expected_samples or 0) * _FRAME_BYTES
        self._data_bytes = self._told_bytes = 0
        # A file that is sure to fit gets the plain header of 44 bytes.
        self._may_grow_large = (
            expected_samples is None or expected_bytes + _MOST_HEADER_BYTES > _MOST_RIFF_BYTES
        )
        try:
            free_bytes = shutil.disk_usage(path.parent).free
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            if expected_bytes > free_bytes:
                raise DuologueError(
                    f"{path.parent} has {free_bytes / 1e6:.0f} MB free, but the conversation "
                    f"needs {expected_bytes / 1e6:.0f} MB; choose another folder."
                )
            self._file.write(self._header())
        except OSError as error:
            self._file.close()
            raise unwritable(path, error) from error
        except DuologueError:
            self._file.close()
            raise
        self._data_at = self._file.tell()

    def __enter__(self) -> StereoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._tell_length()
        except OSError as failure:
            if error is None:
                raise unwritable(self.path, failure) from failure
        finally:
            self._file.close()

    def write(self, user: np.ndarray, agent: np.ndarray) -> None:
        """Append sound of both tracks, float32 (n,) each.

        Raises DuologueError if the disk is full or fails; what was written before stays readable.
        """
        frames = np.ascontiguousarray(to_pcm(np.stack([user, agent], axis=1)), "<i2")
        data = memoryview(frames.tobytes())
        try:
            while data:
                data = data[self._file.write(data) :]
            self._data_bytes += frames.nbytes
            if self._data_bytes - self._told_bytes >= _UPDATE_BYTES:
                self._tell_length()
        except OSError as error:
            with contextlib.suppress(OSError):  # the drive may be gone
                self._file.truncate(self._data_at + self._data_bytes)
            raise unwritable(self.path, error) from error

    def _tell_length(self) -> None:
        """Overwrite the header; this needs no free disk space."""
        self._file.seek(0)
        self._file.write(self._header())
        self._file.seek(self._data_at + self._data_bytes)
        self._told_bytes = self._data_bytes

    def _header(self) -> bytes:
        shape = struct.pack(
            "<4sIHHIIHH",
            b"fmt ",
            16,
            1,
            _CHANNELS,
            SAMPLE_RATE_HZ,
            _UPDATE_BYTES,
            _FRAME_BYTES,
            _BITS,
        )
        room = 36 if self._may_grow_large else 0
        riff_bytes = 4 + room + len(shape) + 8 + self._data_bytes
        if riff_bytes > _MOST_RIFF_BYTES:
            samples = self._data_bytes // _FRAME_BYTES
            sizes = struct.pack("<4sIQQQI", b"ds64", 28, riff_bytes, self._data_bytes, samples, 0)
            unsaid = b"\xff" * 4
            return b"RF64" + unsaid + b"WAVE" + sizes + shape + b"data" + unsaid
        junk = struct.pack("<4sI28x", b"JUNK", 28) if room else b""
        head = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE")
        return head + junk + shape + struct.pack("<4sI", b"data", self._data_bytes)
