"""Reads and writes CTranslate2's file of weights (version 6), and brings its matrices to 8 bits.

CTranslate2 itself converts from other programs only, not from its own files. Knows no model.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_VERSION = 6
_KINDS = ("<f4", "<i1", "<i2", "<i4", "<f2")
_LARGEST = 127


@dataclass
class WeightFile:
    """The content of a file of weights."""

    model: str
    """The name of the kind of model."""
    revision: int
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Further names of weights."""


def read_weights(path: Path) -> WeightFile:
    """Read a file. Raises ValueError where it is not whole, or of another version."""
    content = path.read_bytes()
    position = 0

    def numbers(form: str) -> tuple[int, ...]:
        nonlocal position
        try:
            found = struct.unpack_from(f"<{form}", content, position)
        except struct.error as error:
            raise ValueError(f"{path} ends early") from error
        position += struct.calcsize(f"<{form}")
        return found

    def text() -> str:
        nonlocal position
        (length,) = numbers("H")
        position += length
        return content[position - length : position - 1].decode()

    if numbers("I") != (_VERSION,):
        raise ValueError(f"{path} is not of version {_VERSION}")
    found = WeightFile(text(), numbers("I")[0])
    for _ in range(*numbers("I")):
        name = text()
        shape = numbers(f"{numbers('B')[0]}I")
        kind, size = numbers("BI")
        if kind >= len(_KINDS):
            raise ValueError(f"{name} has numbers of an unknown kind")
        values = np.frombuffer(content[position : position + size], _KINDS[kind])
        found.weights[name] = values.reshape(shape)
        position += size
    for _ in range(*numbers("I")):
        alias = text()
        found.aliases[alias] = text()
    return found


def write_weights(path: Path, file: WeightFile) -> None:
    """Write a file that CTranslate2 can load; weights in the order of their names."""
    with path.open("wb") as stream:

        def put(form: str, *values: int) -> None:
            stream.write(struct.pack(f"<{form}", *values))

        def put_text(text: str) -> None:
            content = text.encode() + b"\0"
            put("H", len(content))
            stream.write(content)

        put("I", _VERSION)
        put_text(file.model)
        put("II", file.revision, len(file.weights))
        for name, values in sorted(file.weights.items()):
            put_text(name)
            put(f"B{values.ndim}I", values.ndim, *values.shape)
            put("BI", _KINDS.index(values.dtype.str.replace("|", "<")), values.nbytes)
            stream.write(values.tobytes())
        put("I", len(file.aliases))
        for alias, name in sorted(file.aliases.items()):
            put_text(alias)
            put_text(name)


def to_int8(file: WeightFile) -> WeightFile:
    """The same with each matrix, convolutions too, in 8 bits, a scale for each row; all else in
    float32. The program reads ``weight / weight_scale``.
    """
    small = WeightFile(file.model, file.revision, aliases=dict(file.aliases))
    for name, values in file.weights.items():
        if name.endswith("/weight") and values.ndim > 1 and values.dtype.kind == "f":
            rows = values.astype(np.float32).reshape(len(values), -1)
            most = np.abs(rows).max(axis=1)
            scale = (_LARGEST / np.where(most == 0, _LARGEST, most)).astype(np.float32)
            small.weights[name] = (
                np.rint(rows * scale[:, None]).astype(np.int8).reshape(values.shape)
            )
            small.weights[f"{name}_scale"] = scale
            for alias, target in file.aliases.items():
                if target == name:
                    small.aliases[f"{alias}_scale"] = f"{name}_scale"
        else:
            small.weights[name] = values.astype(np.float32) if values.dtype.kind == "f" else values
    return small
