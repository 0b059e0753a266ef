"""Runs an ONNX model with one input and one output, and perhaps a state.

Knows nothing about what the model computes. Turns every failure into DuologueError.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.accelerated_session import AcceleratedSession, Placement
from engine.errors import DuologueError
from engine.onnx_providers import CPU, Provider
from engine.onnx_session import NEXT_STATE, REMEDY, STATE

_MOST_STATE = 1 << 20


class OnnxModel:
    """A model with one input and one output, and perhaps a state."""

    def __init__(
        self,
        path: Path,
        inputs: tuple[str, str],
        outputs: tuple[str, str],
        may_have_state: bool = False,
        provider: Provider = CPU,
        probe: np.ndarray | None = None,
    ) -> None:
        """Open a model; ``inputs`` and ``outputs`` are the required (name, type) of each.

        ``provider`` computes it if it gives the CPU's outputs for ``probe`` (n,), an input; see
        `AcceleratedSession`. Raises DuologueError if the file is no such model.
        """
        self.path = path
        self._input, self._output = inputs[0], outputs[0]
        self._session = AcceleratedSession(path, [inputs], [outputs], may_have_state)
        self._state_size = 0
        if len(ends := self._session.get_inputs()) > 1:
            batch, *sizes = ends[1].shape
            size = sizes[0] if len(sizes) == 1 else None
            if batch != 1 or not isinstance(size, int) or not 0 < size <= _MOST_STATE:
                raise DuologueError(
                    f"{path} is not the expected model (its state has shape {ends[1].shape}); "
                    f"{REMEDY}."
                )
            self._state_size = size
        if probe is not None:
            self._session.accelerate(provider, probe)

    @property
    def placement(self) -> Placement:
        """What computes the model."""
        return self._session.placement

    def begin(self) -> np.ndarray:
        """An empty state, float32 (k,) of zeros; k is 0 for a model without a state."""
        return np.zeros(self._state_size, np.float32)

    def run(self, value: np.ndarray, output_length: int) -> np.ndarray:
        """The output (``output_length``,) for an input (n,); the model gets a batch of one.

        A state begins empty. Raises DuologueError if the model fails or gives another shape.
        """
        return self.run_on(value, output_length, self.begin())[0]

    def run_on(
        self, value: np.ndarray, output_length: int, state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same from a state (k,); returns the next state (k,) as well."""
        names, values = [self._output], {self._input: value[None]}
        if self._state_size:
            names.append(NEXT_STATE[0])
            values[STATE[0]] = state[None]
        try:
            found: list[np.ndarray] = self._session.run(names, values)
        except Exception as error:  # as above
            raise DuologueError(
                f"{self.path} could not be run on {self._input} of shape {value.shape}; {REMEDY}."
            ) from error
        wanted = [(1, output_length), (1, self._state_size)]
        for name, array, shape in zip(names, found, wanted, strict=False):
            if array.shape != shape:
                raise DuologueError(
                    f"{self.path} is not the expected model (it gave {name} of shape "
                    f"{array.shape} instead of {shape}); {REMEDY}."
                )
        return found[0][0], found[1][0] if self._state_size else state
