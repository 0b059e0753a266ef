"""Which provider is tried, and what the diagnostics say of the installed builds."""

from __future__ import annotations

import onnxruntime
import pytest

from engine.onnx_providers import ACCELERATORS, CPU, best_accelerator, chosen, report


@pytest.mark.parametrize(
    ("available", "name"),
    [
        ("CUDAExecutionProvider CPUExecutionProvider", "CUDA"),
        ("TensorrtExecutionProvider CUDAExecutionProvider CPUExecutionProvider", "CUDA"),
        ("DmlExecutionProvider CPUExecutionProvider", "DirectML"),
        ("CoreMLExecutionProvider AzureExecutionProvider CPUExecutionProvider", "CoreML"),
        ("AzureExecutionProvider CPUExecutionProvider", None),
    ],
)
def test_the_best_provider_of_a_build(available: str, name: str | None) -> None:
    best = best_accelerator(available.split())
    assert (best and best.name) == name


def test_no_gpu_layers_means_no_gpu_at_all() -> None:
    assert chosen(0) is CPU
    assert chosen(-1) == (best_accelerator() or CPU)


def test_onnx_runtime_knows_the_names() -> None:
    known = onnxruntime.get_all_providers()
    assert all(provider.key in known for provider in (*ACCELERATORS, CPU))


def test_the_installed_build_is_one_line() -> None:
    lines = report({"onnxruntime-gpu": "1.31.1"}.get)
    assert len(lines) == 1
    assert lines[0].startswith(f"ONNX Runtime {onnxruntime.__version__} (onnxruntime-gpu 1.31.1), ")
    assert report()[0].startswith(f"ONNX Runtime {onnxruntime.__version__} (onnxruntime")


def test_rival_builds_are_named() -> None:
    both = {"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.1"}
    lines = report(both.get)
    assert "(onnxruntime 1.32.0 and onnxruntime-gpu 1.31.1)" in lines[0]
    assert lines[1].startswith("onnxruntime and onnxruntime-gpu write over each other's files;")


def test_a_frozen_program_has_no_packages() -> None:
    assert "(built in)" in report({}.get)[0]
