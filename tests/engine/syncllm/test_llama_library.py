"""Which of llama.cpp's libraries are taken, and what is said of those that are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.syncllm.llama_library import BACK_ENDS, BackEnds, best_cpu, variant

ROOT = Path(__file__).resolve().parents[3]


def test_the_cpu_computes_here() -> None:
    assert "CPU" in [kind for kind, _, _ in BACK_ENDS.devices]
    assert any(line.startswith("CPU: ") for line in BACK_ENDS.lines())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("libggml-cpu-haswell.so", "cpu-haswell"),
        ("ggml-cuda.dll", "cuda"),
        ("libggml-base.so.0", "base"),
        ("libllama.so", "libllama"),
    ],
)
def test_a_librarys_name_tells_what_it_is(name: str, kind: str) -> None:
    assert variant(Path("/of/a/ggml-folder") / name) == kind


def test_the_best_that_runs_is_taken() -> None:
    old, new, newest = Path("x64"), Path("haswell"), Path("zen4")
    assert best_cpu([(1, old), (64, new), (0, newest)]) == new
    assert best_cpu([(1, old), (0, new)]) == old
    assert best_cpu([(0, newest)]) is None
    assert best_cpu([]) is None


def test_the_lines_for_a_person() -> None:
    devices = (("GPU", "CUDA", "A card"), ("CPU", "CPU", "A processor"))
    assert BackEnds("haswell", devices, ("libggml-hip.so (no driver)",)).lines() == [
        "GPU: A card (CUDA)",
        "CPU: A processor (CPU, variant haswell)",
        "not used: libggml-hip.so (no driver)",
    ]
    assert BackEnds("", devices[1:], ()).lines()[1].startswith("GPU: none")


def test_a_back_end_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    suffix = ".dll" if sys.platform == "win32" else ".so"
    (tmp_path / f"libggml-cuda{suffix}").write_bytes(b"no library")
    (tmp_path / f"libggml-cpu-foreign{suffix}").write_bytes(b"not even looked at")
    code = (
        "from engine.syncllm.llama_library import BACK_ENDS; print(*BACK_ENDS.lines(), sep='\\n')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "DUOLOGUE_BACKENDS": str(tmp_path)},
    ).stdout  # fmt: skip
    assert "CPU: " in said
    assert f"not used: libggml-cuda{suffix} (" in said
    assert "foreign" not in said
