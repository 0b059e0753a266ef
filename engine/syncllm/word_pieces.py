"""Word pieces: the texts that a bundle's text tokens, or its reader's indices, stand for.

A file of the bundle lists them in order as a JSON array of strings. A leading space begins a word,
so joined pieces are the text. Knows no token ids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from engine.errors import DuologueError

_MOST_LETTERS = 100


def read_pieces(path: Path, count: int) -> tuple[str, ...]:
    """Read the ``count`` pieces of a bundle's file.

    They will be shown on the screen, so DuologueError is raised if the file holds anything else.
    """
    try:
        pieces = json.loads(path.read_text(encoding="utf8"))
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); install the bundle again."
        ) from error
    except (ValueError, RecursionError):
        pieces = None
    whole = (
        isinstance(pieces, list)
        and all(isinstance(piece, str) and _showable(piece) for piece in pieces)
        and len(set(pieces)) == len(pieces) == count
    )
    if not whole:
        raise DuologueError(
            f"{path} does not contain {count} different pieces of text; install the bundle again."
        )
    return tuple(pieces)


def _showable(piece: str) -> bool:
    return piece.isprintable() and bool(piece.strip()) and len(piece) <= _MOST_LETTERS


def write_pieces(path: Path, pieces: Sequence[str]) -> None:
    """Write a file for ``read_pieces``."""
    path.write_text(json.dumps(list(pieces), ensure_ascii=False, indent=0) + "\n", encoding="utf8")


def text_to_pieces(text: str, pieces: Sequence[str]) -> list[int]:
    """Split a text into pieces; returns their indices. The longest piece that fits is taken.

    White space only separates words. Raises ValueError if no piece fits.
    """
    numbers, longest = _index(tuple(pieces))
    rest = "".join(f" {word}" for word in text.split())
    spelt = []
    while rest:
        fits = (rest[:length] for length in range(min(longest, len(rest)), 0, -1))
        piece = next((candidate for candidate in fits if candidate in numbers), None)
        if piece is None:
            raise ValueError(f"no piece of text begins {rest!r}")
        spelt.append(numbers[piece])
        rest = rest[len(piece) :]
    return spelt


@cache
def _index(pieces: tuple[str, ...]) -> tuple[dict[str, int], int]:
    numbers = {piece: number for number, piece in enumerate(pieces)}
    return numbers, max(map(len, pieces), default=0)
