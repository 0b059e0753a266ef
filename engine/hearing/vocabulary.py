"""Whisper's vocabulary: from the numbers that the model writes to text.

Each piece stands on a line of its own, at the line of its number. Its letters stand for bytes: 188
of them for themselves, the other 68 for letters from U+0100 on, in their order. A character may be
spread over several pieces. Knows only how to read; nothing here writes numbers from text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import DuologueError

END = "<|endoftext|>"
START = "<|startoftranscript|>"
NO_TIMES = "<|notimestamps|>"
_BYTES = 256
_AS_THEMSELVES = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))
_MOST_PIECES = 100_000


def _byte_of_letter() -> dict[str, int]:
    themselves = [byte for some in _AS_THEMSELVES for byte in some]
    others = [byte for byte in range(_BYTES) if byte not in set(themselves)]
    letters = {chr(byte): byte for byte in themselves}
    return letters | {chr(_BYTES + rank): byte for rank, byte in enumerate(others)}


class Vocabulary:
    """Pieces by number, and the numbers of those that are no text."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """``pieces`` in the order of their numbers.

        Raises ValueError where a special piece is missing, or a piece is none of bytes.
        """
        self.end, self.start, self.no_times = map(pieces.index, (END, START, NO_TIMES))
        if self.end > min(self.start, self.no_times):
            raise ValueError(f"{END} does not follow the text")
        letters = _byte_of_letter()
        try:
            self._bytes = [bytes(letters[c] for c in piece) for piece in pieces[: self.end]]
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} stands for no byte") from error

    def text(self, numbers: Sequence[int]) -> str:
        """The text of some pieces; special ones are left out, a broken character becomes U+FFFD."""
        found = b"".join(self._bytes[number] for number in numbers if 0 <= number < self.end)
        return found.decode("utf8", "replace")


def read_vocabulary(path: Path) -> Vocabulary:
    """Read the file of pieces. Raises DuologueError where it is none."""
    try:
        pieces = path.read_text("utf8").splitlines()
        if len(pieces) > _MOST_PIECES:
            raise ValueError(f"more than {_MOST_PIECES} pieces")
        return Vocabulary(pieces)
    except (OSError, ValueError) as error:
        raise DuologueError(
            f"{path} is missing or is no vocabulary ({error}); install the part for hearing again."
        ) from error
