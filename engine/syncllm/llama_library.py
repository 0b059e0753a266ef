"""Loads llama.cpp's libraries once: the CPU back end, and a GPU back end if its library is there.

The CPU back end comes in variants; the best one that the processor can run is used. A GPU back end
(CUDA, Vulkan, HIP) is one more file. It is used if it lies beside the others or in the folder that
DUOLOGUE_BACKENDS names, and if its driver is installed. On a Mac, Metal is built in. Nothing here
computes.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
from llama_cpp._ctypes_extensions import load_shared_library

from engine.errors import DuologueError
from engine.resource_files import BACK_ENDS_VARIABLE

_KINDS = {0: "CPU", 1: "GPU", 2: "GPU"}  # ggml_backend_dev_type; the others are only accelerators
_SUFFIX = ".dll" if sys.platform == "win32" else ".so"


@llama_cpp.llama_log_callback
def _silent(_level: int, _text: bytes, _user: ctypes.c_void_p) -> None:
    """Keeps llama.cpp from writing its log to stderr; at module level, because C refers to it."""


@dataclass(frozen=True)
class BackEnds:
    """The back ends that llama.cpp can use on this machine."""

    cpu: str
    """The CPU variant; empty if the build has only one."""
    devices: tuple[tuple[str, str, str], ...]
    """CPU or GPU, the back end's name, and the device's name from its driver."""
    refused: tuple[str, ...]
    """Libraries that are present but cannot be used, each with the reason."""

    def has_gpu(self) -> bool:
        """Whether layers of a model can run on a GPU."""
        return any(kind == "GPU" for kind, _, _ in self.devices)

    def lines(self) -> list[str]:
        """A description for people."""
        lines = []
        for kind, back_end, device in self.devices:
            variant = f", variant {self.cpu}" if kind == "CPU" and self.cpu else ""
            lines.append(f"{kind}: {device} ({back_end}{variant})")
        if not self.has_gpu():
            lines.append("GPU: none that this program supports")
        return lines + [f"not used: {reason}" for reason in self.refused]


def variant(path: Path) -> str:
    """The part after the last "ggml-" in a library's file name: "cuda", "cpu-haswell"."""
    return path.name.partition(".")[0].rpartition("ggml-")[2]


def best_cpu(scores: Iterable[tuple[int, Path]]) -> Path | None:
    """The library with the highest score; None if all are 0 and so cannot run on this processor."""
    best = max(scores, key=lambda one: one[0], default=None)
    return best[1] if best and best[0] > 0 else None


def load_back_ends(own: Path, extra: Path | None) -> BackEnds:
    """Register every usable back end in the program's folder ``own`` and the user's ``extra``.

    Raises DuologueError if not even the CPU can be used.
    """
    ggml, base = load_shared_library("ggml", own), load_shared_library("ggml-base", own)
    ggml.ggml_backend_load.argtypes = [ctypes.c_char_p]
    ggml.ggml_backend_load.restype = ctypes.c_void_p
    base.ggml_backend_reg_dev_count.argtypes = [ctypes.c_void_p]
    base.ggml_backend_reg_dev_count.restype = ctypes.c_size_t
    refused: list[str] = []
    opened: dict[Path, ctypes.CDLL] = {}
    for folder in filter(None, (own, extra)):
        try:
            found = sorted(folder.glob(f"*ggml-*{_SUFFIX}"))
        except OSError as error:
            refused.append(f"{folder} ({error.strerror})")
            continue
        for path in found:
            if variant(path) == "base" or (folder == extra and variant(path).startswith("cpu")):
                continue
            try:
                opened[path] = ctypes.CDLL(str(path))
            except OSError as error:
                refused.append(f"{path.name} ({error})")
    cpus = {path: library for path, library in opened.items() if variant(path).startswith("cpu")}
    cpu = best_cpu((_score(library), path) for path, library in cpus.items())
    chosen = [*(path for path in opened if path not in cpus), *filter(None, [cpu])]
    for path in chosen:
        registered = ggml.ggml_backend_load(os.fsencode(path))
        if not registered:
            refused.append(f"{path.name} (its driver is missing, or has another version)")
        elif not base.ggml_backend_reg_dev_count(registered):
            refused.append(f"{path.name} (its driver finds no usable device)")
    devices = _devices(ggml, base)
    if not any(kind == "CPU" for kind, _, _ in devices):
        raise DuologueError(
            f"llama.cpp has no library in {own} that this processor can run; "
            "install Duologue again."
        )
    return BackEnds(variant(cpu).removeprefix("cpu-") if cpu else "", devices, tuple(refused))


def _score(library: ctypes.CDLL) -> int:
    """How well the library fits the processor; 0 if it needs features that are missing."""
    try:
        return int(library.ggml_backend_score())
    except AttributeError:
        return 0


def _devices(ggml: ctypes.CDLL, base: ctypes.CDLL) -> tuple[tuple[str, str, str], ...]:
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    texts = base.ggml_backend_dev_description, base.ggml_backend_reg_name
    for function in (*texts, base.ggml_backend_dev_type, base.ggml_backend_dev_backend_reg):
        function.argtypes = [ctypes.c_void_p]
    for function in texts:
        function.restype = ctypes.c_char_p
    base.ggml_backend_dev_backend_reg.restype = ctypes.c_void_p
    found = []
    for index in range(ggml.ggml_backend_dev_count()):
        device = ggml.ggml_backend_dev_get(index)
        kind = _KINDS.get(base.ggml_backend_dev_type(device))
        if kind:
            back_end = base.ggml_backend_reg_name(base.ggml_backend_dev_backend_reg(device))
            name = base.ggml_backend_dev_description(device)
            found.append((kind, back_end.decode("utf8", "replace"), name.decode("utf8", "replace")))
    return tuple(found)


llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
BACK_ENDS = load_back_ends(
    Path(llama_cpp.__file__).parent / "lib",
    Path(os.environ[BACK_ENDS_VARIABLE]) if os.environ.get(BACK_ENDS_VARIABLE) else None,
)
llama_cpp.llama_backend_init()
