"""What llama.cpp's library for a GPU is built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from installer.back_end import cmake_options, pinned

ROOT = Path(__file__).resolve().parents[2]


def test_the_source_is_that_of_the_program() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf8")
    assert pinned(text) in text
    assert pinned(text).startswith("llama-cpp-python==")
    with pytest.raises(ValueError, match="not pinned"):
        pinned('"llama-cpp-python>=1"')


def test_the_users_options_come_last() -> None:
    options = cmake_options("cuda", "-DCMAKE_CUDA_ARCHITECTURES=86 -DGGML_CUDA_FORCE_MMQ=ON")
    assert options[0] == "-DGGML_CUDA=ON"
    assert "-DGGML_BACKEND_DL=ON" in options
    assert options[-2:] == ["-DCMAKE_CUDA_ARCHITECTURES=86", "-DGGML_CUDA_FORCE_MMQ=ON"]
