"""A read-only view of a file for libsndfile, joined from pieces: some of its bytes, some of ours.

It corrects a header with a wrong length, and takes one recording out of several, without a copy.
Knows no formats. Runs in its caller's thread.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

ENDLESS_BYTES = 1 << 40


@dataclass(frozen=True)
class Span:
    """A range of bytes of the underlying file."""

    start: int
    length: int


class PiecedFile(io.RawIOBase):
    """Several pieces, read as one file."""

    def __init__(
        self, beneath: BinaryIO, pieces: Sequence[Span | bytes], endless: bool = False
    ) -> None:
        """``endless`` reports a length of one terabyte, with zeros after the pieces.

        mpg123 guesses the sound's length from the file's, and libsndfile reads no more than that.
        """
        super().__init__()
        self._beneath, self._pieces = beneath, pieces
        lengths = [piece.length if isinstance(piece, Span) else len(piece) for piece in pieces]
        self._starts = [0, *accumulate(lengths)]
        self._end = ENDLESS_BYTES if endless else self.length
        self._at = 0
        self.failure: OSError | None = None
        """The first failure. libsndfile's callback cannot raise, so the file ends there."""

    @property
    def length(self) -> int:
        """Bytes of all pieces together."""
        return self._starts[-1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        if self._at > self.length:  # a decoder looks for tags at the end, also of an endless file
            count = min(len(view), max(self._end - self._at, 0))
            view[:count] = bytes(count)
            self._at += count
            return count
        done = 0
        while done < len(view) and self._at < self.length and not self.failure:
            data = self._read(len(view) - done)
            if not data:
                break
            view[done : done + len(data)] = data
            done += len(data)
            self._at += len(data)
        return done

    def _read(self, most: int) -> bytes:
        """At most ``most`` bytes of the piece at the current position."""
        index = bisect_right(self._starts, self._at) - 1
        piece, inside = self._pieces[index], self._at - self._starts[index]
        if not isinstance(piece, Span):
            return piece[inside : inside + most]
        try:
            self._beneath.seek(piece.start + inside)
            return self._beneath.read(min(most, piece.length - inside))
        except OSError as error:
            self.failure = self.failure or error
            return b""
