"""Opens ONNX models the one way the engine runs them: one thread, no spinning."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from engine.errors import DuologueError


def open_session(path: Path, input_name: str, output_name: str) -> onnxruntime.InferenceSession:
    """A CPU session whose input and output have these names.

    Raises DuologueError where the file is no such model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Spinning threads would take the core that the language model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors share no public base class
        raise DuologueError(
            f"{path} is missing or not an ONNX model that can be run; install the bundle again."
        ) from error
    names = [node.name for node in (*session.get_inputs(), *session.get_outputs())]
    if names != [input_name, output_name]:
        raise DuologueError(
            f"{path} is a foreign model (it has {', '.join(names)} where {input_name} and "
            f"{output_name} belong); install the bundle again."
        )
    return session
