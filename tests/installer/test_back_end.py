"""What llama.cpp's library for a GPU is built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from installer import back_end
from installer.back_end import cmake_options, pinned, refuse_old_headers

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


def test_old_vulkan_headers_are_named_before_anything_is_compiled(tmp_path: Path) -> None:
    header = tmp_path / "vulkan" / "vulkan_core.h"
    header.parent.mkdir()
    header.write_text("#define VK_EXT_layer_settings 1", "utf8")
    cache = f"A:BOOL=ON\nVulkan_INCLUDE_DIR:PATH={tmp_path}\n"
    refuse_old_headers(cache)
    refuse_old_headers("no Vulkan here")
    header.write_text("#define VK_HEADER_VERSION 239", "utf8")
    with pytest.raises(SystemExit, match="too old"):
        refuse_old_headers(cache)


def test_a_lacking_compiler_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["back-end", "cuda"])
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(SystemExit, match=r"nvcc is not in the PATH.*CUDA toolkit"):
        back_end.main()
