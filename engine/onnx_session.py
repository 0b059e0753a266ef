"""Opens and runs ONNX models for the whole engine: one thread, no spinning.

Knows nothing about what the models compute. Turns every failure into DuologueError.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def open_session(
    path: Path, inputs: TensorSpecs, outputs: TensorSpecs
) -> onnxruntime.InferenceSession:
    """Open a model on the CPU; it must have exactly these inputs and outputs.

    Raises DuologueError if the file is no such model.
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
    found = [(end.name, end.type) for end in [*session.get_inputs(), *session.get_outputs()]]
    if found != [*inputs, *outputs]:
        listed = ", ".join(f"{name}: {kind}" for name, kind in found)
        wanted = " and ".join(name for name, _ in (*inputs, *outputs))
        raise DuologueError(
            f"{path} is not the expected model (it has {listed} instead of {wanted}); {_REMEDY}."
        )
    return session


class OnnxModel:
    """A model with one input and one output."""

    def __init__(self, path: Path, inputs: tuple[str, str], outputs: tuple[str, str]) -> None:
        """Open a model; ``inputs`` and ``outputs`` are the required (name, type) of each.

        Raises DuologueError if the file is no such model.
        """
        self.path = path
        self._input, self._output = inputs[0], outputs[0]
        self._session = open_session(path, [inputs], [outputs])

    def run(self, value: np.ndarray, output_length: int) -> np.ndarray:
        """The output (``output_length``,) for an input (n,); the model gets a batch of one.

        Raises DuologueError if the model fails or gives another shape.
        """
        try:
            output: np.ndarray = self._session.run([self._output], {self._input: value[None]})[0]
        except Exception as error:  # as above
            raise DuologueError(
                f"{self.path} could not be run on {self._input} of shape {value.shape}; {_REMEDY}."
            ) from error
        if output.shape != (1, output_length):
            raise DuologueError(
                f"{self.path} is not the expected model (it gave {self._output} of shape "
                f"{output.shape} instead of {(1, output_length)}); {_REMEDY}."
            )
        first: np.ndarray = output[0]
        return first
