"""A file for libsndfile, put together from pieces of another: some of its bytes, some of ours.

So a header that tells a wrong length is mended, and one recording is taken out of several, without
a copy. Knows no formats. Reads only; the thread of its caller.
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
    """Bytes of the file beneath."""

    start: int
    length: int


class PiecedFile(io.RawIOBase):
    """Pieces in a row, as one file."""

    def __init__(
        self, beneath: BinaryIO, pieces: Sequence[Span | bytes], endless: bool = False
    ) -> None:
        """``endless`` tells a decoder of a terabyte, with nothing in it behind the pieces.

        mpg123 guesses a length from that of the file, and libsndfile then reads no more.
        """
        super().__init__()
        self._beneath, self._pieces = beneath, pieces
        lengths = [piece.length if isinstance(piece, Span) else len(piece) for piece in pieces]
        self._starts = [0, *accumulate(lengths)]
        self._end = ENDLESS_BYTES if endless else self.length
        self._at = 0
        self.failure: OSError | None = None
        """The first one. libsndfile's callback cannot raise, so the file ends there."""

    @property
    def length(self) -> int:
        """Of all pieces, in bytes."""
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
        if self._at > self.length:  # tags are looked for at the end of what is endless
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
        """Of the piece at hand."""
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
