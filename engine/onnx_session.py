"""Opens and runs ONNX models for the whole engine: one thread, no spinning.

Knows nothing about what the models compute. Turns every failure into DuologueError.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime

from engine.errors import DuologueError

_REMEDY = "install the bundle again"
_ERRORS_ONLY_FATAL = 4  # the engine reports errors itself

# Windows has no other switch; engine/quiet_dependencies.py has that of the other systems.
onnxruntime.disable_telemetry_events()


TensorSpecs = Sequence[tuple[str, str]]
"""Names and types of a model's inputs or outputs."""

STATE, NEXT_STATE = ("state", "tensor(float)"), ("next_state", "tensor(float)")
"""Last input and last output of a model with a state."""
_MOST_STATE = 1 << 20


def open_session(
    path: Path, inputs: TensorSpecs, outputs: TensorSpecs, may_have_state: bool = False
) -> onnxruntime.InferenceSession:
    """Open a model on the CPU; it must have exactly these inputs and outputs.

    ``may_have_state``: it may have a state as well. Raises DuologueError if the file is no such
    model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Spinning threads would occupy the core that the language model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY_FATAL
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors have no common base class of their own
        raise DuologueError(
            f"{path} is missing, or is not a working ONNX model; {_REMEDY}."
        ) from error
    _give_memory_back()
    found = [(end.name, end.type) for end in [*session.get_inputs(), *session.get_outputs()]]
    known = [[*inputs, *outputs]]
    if may_have_state:
        known.append([*inputs, STATE, *outputs, NEXT_STATE])
    if found not in known:
        listed = ", ".join(f"{name}: {kind}" for name, kind in found)
        wanted = " and ".join(name for name, _ in (*inputs, *outputs))
        raise DuologueError(
            f"{path} is not the expected model (it has {listed} instead of {wanted}); {_REMEDY}."
        )
    return session


def _give_memory_back() -> None:
    """Let the next model use what reading this one took.

    Opening takes twice the size of a model in many pieces, which glibc keeps for itself.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


class OnnxModel:
    """A model with one input and one output, and perhaps a state."""

    def __init__(
        self,
        path: Path,
        inputs: tuple[str, str],
        outputs: tuple[str, str],
        may_have_state: bool = False,
    ) -> None:
        """Open a model; ``inputs`` and ``outputs`` are the required (name, type) of each.

        Raises DuologueError if the file is no such model.
        """
        self.path = path
        self._input, self._output = inputs[0], outputs[0]
        self._session = open_session(path, [inputs], [outputs], may_have_state)
        self._state_size = 0
        if len(ends := self._session.get_inputs()) > 1:
            batch, *sizes = ends[1].shape
            size = sizes[0] if len(sizes) == 1 else None
            if batch != 1 or not isinstance(size, int) or not 0 < size <= _MOST_STATE:
                raise DuologueError(
                    f"{path} is not the expected model (its state has shape {ends[1].shape}); "
                    f"{_REMEDY}."
                )
            self._state_size = size

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
                f"{self.path} could not be run on {self._input} of shape {value.shape}; {_REMEDY}."
            ) from error
        wanted = [(1, output_length), (1, self._state_size)]
        for name, array, shape in zip(names, found, wanted, strict=False):
            if array.shape != shape:
                raise DuologueError(
                    f"{self.path} is not the expected model (it gave {name} of shape "
                    f"{array.shape} instead of {shape}); {_REMEDY}."
                )
        return found[0][0], found[1][0] if self._state_size else state
