"""Which provider of ONNX Runtime computes: the processor, or a GPU that the installed build knows.

CUDA and DirectML come with builds of their own, CoreML with the usual one for macOS. The builds are
packages of different names that write the same files, so only one may be installed. Knows no
models; ``engine/accelerated_session.py`` tries a provider on one.
"""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import onnxruntime

_BUILDS = (
    "onnxruntime onnxruntime-gpu onnxruntime-directml onnxruntime-openvino onnxruntime-rocm "
    "onnxruntime-migraphx onnxruntime-qnn ort-nightly ort-nightly-gpu"
).split()
"""Packages that hold the module ``onnxruntime``."""


@dataclass(frozen=True)
class Provider:
    """An execution provider."""

    name: str
    """For people."""
    key: str
    """ONNX Runtime's name."""
    options: tuple[tuple[str, str], ...] = ()
    may_plan_memory: bool = True
    """False: ONNX Runtime must not plan the memory of a whole run, as the provider demands."""


CPU = Provider("CPU", "CPUExecutionProvider")
ACCELERATORS = (
    # TF32 has ten bits of mantissa and moves units; the search for the fastest convolution would
    # take seconds at every new length of input.
    Provider(
        "CUDA",
        "CUDAExecutionProvider",
        (("use_tf32", "0"), ("cudnn_conv_algo_search", "HEURISTIC")),
    ),
    Provider("DirectML", "DmlExecutionProvider", may_plan_memory=False),
    # The neural engine computes in float16 only.
    Provider(
        "CoreML",
        "CoreMLExecutionProvider",
        (("ModelFormat", "MLProgram"), ("MLComputeUnits", "CPUAndGPU")),
    ),
)
"""The providers that are used, best first."""


def best_accelerator(available: Sequence[str] | None = None) -> Provider | None:
    """The best GPU provider among ``available``, by default the installed build's; None: none.

    Its driver may be missing all the same.
    """
    known = onnxruntime.get_available_providers() if available is None else available
    return next((provider for provider in ACCELERATORS if provider.key in known), None)


def chosen(gpu_layers: int) -> Provider:
    """The provider to try, given the user's number of GPU layers: with 0 nothing runs on a GPU."""
    return (best_accelerator() if gpu_layers else None) or CPU


@functools.cache
def load_libraries(provider: Provider) -> None:
    """Load CUDA's libraries where its Python packages brought them; the others need nothing.

    What it cannot find is told later, by the session that fails. So its own words are kept from
    the terminal.
    """
    load = getattr(onnxruntime, "preload_dlls", None)
    if provider.key == "CUDAExecutionProvider" and load:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(OSError, RuntimeError):
            load()


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def report(version_of: Callable[[str], str | None] = _installed_version) -> list[str]:
    """What the diagnostics say of the installed build; a sentence more if there are several."""
    builds = [name for name in _BUILDS if version_of(name)]
    # A frozen program has no packages.
    named = " and ".join(f"{name} {version_of(name)}" for name in builds) or "built in"
    best = best_accelerator()
    gpu = f"{best.name}, if it gives the processor's results" if best else "none in this build"
    lines = [f"ONNX Runtime {onnxruntime.__version__} ({named}), GPU: {gpu}"]
    if len(builds) > 1:
        lines.append(
            f"{' and '.join(builds)} write over each other's files; uninstall all of them, then "
            "install one (docs/install.md, A GPU)."
        )
    return lines
