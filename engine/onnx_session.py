"""Opens ONNX models for the whole engine: one thread, no spinning.

Knows nothing about what the models compute. Turns every failure into DuologueError.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import onnxruntime

from engine.errors import DuologueError
from engine.onnx_providers import CPU, Provider, load_libraries

REMEDY = "install the bundle again"
_ERRORS_ONLY_FATAL = 4  # the engine reports errors itself

# Windows has no other switch; engine/quiet_dependencies.py has that of the other systems.
onnxruntime.disable_telemetry_events()
# A provider that cannot be started would tell the terminal.
onnxruntime.set_default_logger_severity(_ERRORS_ONLY_FATAL)


TensorSpecs = Sequence[tuple[str, str]]
"""Names and types of a model's inputs or outputs."""

STATE, NEXT_STATE = ("state", "tensor(float)"), ("next_state", "tensor(float)")
"""Last input and last output of a model with a state."""


class ProviderError(DuologueError):
    """A provider other than the CPU's cannot be used for a model; the CPU may."""


def open_session(
    path: Path,
    inputs: TensorSpecs,
    outputs: TensorSpecs,
    may_have_state: bool = False,
    provider: Provider = CPU,
) -> onnxruntime.InferenceSession:
    """Open a model on a provider; it must have exactly these inputs and outputs.

    ``may_have_state``: it may have a state as well. Raises DuologueError if the file is no such
    model, ProviderError if another provider than the CPU's cannot be started.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = provider.may_plan_memory
    # Spinning threads would occupy the core that the language model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY_FATAL
    if provider is not CPU:
        load_libraries(provider)
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    if provider.key not in onnxruntime.get_available_providers():
        raise ProviderError(f"This build of ONNX Runtime has no {provider.name}.")
    try:
        session = onnxruntime.InferenceSession(
            str(path),
            options,
            providers=[(provider.key, dict(provider.options))],
            enable_fallback=0,  # it would print, and choose by itself
        )
    except Exception as error:  # onnxruntime's errors have no common base class of their own
        if provider is not CPU:
            raise ProviderError(f"{provider.name} cannot open {path.name}.") from error
        raise DuologueError(
            f"{path} is missing, or is not a working ONNX model; {REMEDY}."
        ) from error
    # A provider whose library or driver is missing is left out without an error.
    if provider.key not in session.get_providers():
        raise ProviderError(
            f"{provider.name} cannot be started; its libraries or its driver are missing."
        )
    _give_memory_back()
    found = [(end.name, end.type) for end in [*session.get_inputs(), *session.get_outputs()]]
    known = [[*inputs, *outputs]]
    if may_have_state:
        known.append([*inputs, STATE, *outputs, NEXT_STATE])
    if found not in known:
        listed = ", ".join(f"{name}: {kind}" for name, kind in found)
        wanted = " and ".join(name for name, _ in (*inputs, *outputs))
        raise DuologueError(
            f"{path} is not the expected model (it has {listed} instead of {wanted}); {REMEDY}."
        )
    return session


def _give_memory_back() -> None:
    """Let the next model use what reading this one took.

    Opening takes twice the size of a model in many pieces, which glibc keeps for itself.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
