"""Units to words: reads one speaker's stream of units for the captions.

The network is recurrent, so a stream gives the same words in chunks as in one piece. A word comes
when the network is sure of it, a few frames after its end. Knows no tokens and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.accelerated_session import AcceleratedSession, Placement
from engine.errors import DuologueError
from engine.onnx_providers import CPU, Provider
from engine.syncllm.probes import unit_probe

_SETTLED_FRAMES = 50
"""Frames of silence after which the network has told all its words and waits."""
_REMEDY = "install the bundle again"


class UnitReader:
    """The ONNX reader; both speakers' streams share it."""

    def __init__(
        self, path: Path, pieces: Sequence[str], provider: Provider = CPU, unit_count: int = 1
    ) -> None:
        """Open the model on the ``provider``, if it is as good as the CPU on ``unit_count`` units.

        The model gives indices into ``pieces``; ``len(pieces)`` means no piece. Raises
        DuologueError if the file is no such model.
        """
        self._path = path
        self.pieces = pieces
        self._session = AcceleratedSession(
            path,
            [("units", "tensor(int64)"), ("state", "tensor(float)")],
            [("pieces", "tensor(int64)"), ("next_state", "tensor(float)")],
        )
        self._state_shape = self._session.get_inputs()[1].shape
        if not all(isinstance(size, int) for size in self._state_shape):
            raise DuologueError(
                f"{path} is not the expected model (its state has no size); {_REMEDY}."
            )
        if provider is not CPU:
            self._session.accelerate(provider, unit_probe(unit_count))

    @property
    def placement(self) -> Placement:
        """What computes the model."""
        return self._session.placement

    def begin(self) -> np.ndarray:
        """An empty state, float32 (layers, 1, hidden)."""
        return np.zeros(self._state_shape, np.float32)

    def read(self, units: Sequence[int], state: np.ndarray) -> tuple[list[int], np.ndarray]:
        """The piece's index for each of ``units`` (t,), and the next state.

        Raises DuologueError if the model fails or gives an index out of range.
        """
        try:
            numbers, state = self._session.run(
                ["pieces", "next_state"], {"units": np.asarray([units], np.int64), "state": state}
            )
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise DuologueError(f"{self._path} could not be run; {_REMEDY}.") from error
        if numbers.shape != (1, len(units)) or not _within(numbers, len(self.pieces)):
            raise DuologueError(
                f"{self._path} is not the expected model (it gave no pieces); {_REMEDY}."
            )
        read: list[int] = numbers[0].tolist()
        return read, state


def _within(numbers: np.ndarray, most: int) -> bool:
    return bool((numbers >= 0).all() and (numbers <= most).all())


class StreamingReader:
    """Reads one speaker's stream; it rests in long silence."""

    def __init__(self, reader: UnitReader, base: int = 0, silence_unit: int | None = None) -> None:
        """``base``: the reader's number for the speaker's unit 0. ``silence_unit``: the speaker's;
        None: read silence like anything else."""
        self._reader = reader
        self._base = base
        self._silence_unit = silence_unit
        self.reset()

    def reset(self) -> None:
        """Forget what was said."""
        self._state = self._reader.begin()
        self._last = len(self._reader.pieces)
        self._silent_frames = 0

    def push(self, units: Sequence[int]) -> list[str]:
        """Read more units (t,), one per frame; returns the pieces of text that they complete."""
        if not units:
            return []
        if any(unit != self._silence_unit for unit in units):
            self._silent_frames = 0
        elif self._silent_frames >= _SETTLED_FRAMES:
            return []
        else:
            self._silent_frames += len(units)
        pieces = self._reader.pieces
        known = [self._base + unit for unit in units]
        numbers, self._state = self._reader.read(known, self._state)
        told = []
        for number in numbers:
            # The network repeats a piece in several frames; between two equal pieces it gives none.
            if number not in (self._last, len(pieces)):
                told.append(pieces[number])
            self._last = number
        return told
