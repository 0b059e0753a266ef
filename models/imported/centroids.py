"""Reads the centroids of k-means: numpy's files, and what joblib or pickle wrote of sklearn's.

The published ones are such a pickle. Opening it the usual way would run whatever it holds.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.errors import DuologueError
from models.imported.inert_pickle import Made, NotPlainError, as_array, read_pickle

ATTRIBUTE = "cluster_centers_"
"""Where sklearn's k-means keeps its centroids."""
_MOST_BYTES = 1 << 30
_MOST_UNITS = 1 << 15
"""Stores keep units as int16."""
_COMPRESSED: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZ": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"\x5d\x00": lzma.LZMAFile,
    b"\x78": lambda stream: io.BytesIO(zlib.decompressobj().decompress(stream.read(), _MOST_BYTES)),
}
"""What files that joblib compressed begin with."""
_NEVER = {
    b"\x04\x22\x4d\x18": "it is compressed with lz4",
    b"ZF": "joblib before 0.10 wrote it",
}
_REMEDY = (
    "save the array cluster_centers_ with numpy.save where you trust the file, and give that one"
)


def read_centroids(path: Path) -> np.ndarray:
    """The centroids, float32 (units, width), of a .npy, .npz, or pickled k-means.

    Nothing in a pickle is run. Raises DuologueError where the file holds none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); give the file of the centroids."
        ) from error
    try:
        found = _of_numpy(content) if content[:2] in (b"PK", b"\x93N") else _of_pickle(content)
    except (NotPlainError, ValueError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise DuologueError(
            f"{path} cannot be read without running what it may hold ({error}); {_REMEDY}."
        ) from error
    usable = found.ndim == 2 and found.dtype.kind in "fiu" and 0 < len(found) <= _MOST_UNITS
    if not usable or not found.shape[1] or not np.isfinite(found).all():
        raise DuologueError(
            f"{path} holds no centroids (an array of shape {found.shape}, {found.dtype}); "
            f"{_REMEDY}."
        )
    return np.ascontiguousarray(found, np.float32)


def _of_numpy(content: bytes) -> np.ndarray:
    """The only array of the file, or that of the usual name."""
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    names = [name for name in (ATTRIBUTE, "centroids") if name in loaded.files] or loaded.files
    if not names or (len(loaded.files) > 1 and names is loaded.files):
        raise ValueError(f"it has {len(loaded.files)} arrays, none of them {ATTRIBUTE}")
    found: np.ndarray = loaded[names[0]]
    return found


def _of_pickle(content: bytes) -> np.ndarray:
    for magic, problem in _NEVER.items():
        if content.startswith(magic):
            raise NotPlainError(problem)
    for magic, opened in _COMPRESSED.items():
        if content.startswith(magic):
            with opened(io.BytesIO(content)) as stream:
                content = stream.read(_MOST_BYTES)
            break
    held = read_pickle(io.BytesIO(content))
    state = held.state if isinstance(held, Made) else held
    if isinstance(state, dict):
        state = state.get(ATTRIBUTE)
    found = as_array(state)
    if found is None:
        what = held.name.replace(" ", ".") if isinstance(held, Made) else type(held).__name__
        raise NotPlainError(f"it holds a {what} and no {ATTRIBUTE}")
    return found
