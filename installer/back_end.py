"""Builds llama.cpp's library for a GPU, for an installed Duologue: script/back-end cuda [FOLDER].

The library must come from exactly the llama.cpp that Duologue was built with, so the source is that
of the pinned package. Needs a C++ compiler and the GPU's tools: NVIDIA's toolkit (nvcc) for cuda,
the Vulkan headers and glslc for vulkan, AMD's ROCm for hip. FOLDER is by default the user's folder
of back ends; Duologue finds the library there at its next start.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from app.folders import back_ends_folder

KINDS = {
    "cuda": ("nvcc", "NVIDIA's CUDA toolkit, cuBLAS included"),
    "vulkan": ("glslc", "Vulkan's headers (in Debian 13: glslc libvulkan-dev spirv-headers)"),
    "hip": ("hipcc", "AMD's ROCm, hipBLAS and rocBLAS included"),
}
"""The compiler that each kind needs, and what to install for it."""
_SOURCE = Path(__file__).parent.parent


def pinned(pyproject: str) -> str:
    """The requirement that pins llama-cpp-python."""
    found = re.search(r'"(llama-cpp-python==[^"]+)"', pyproject)
    if not found:
        raise ValueError("llama-cpp-python is not pinned")
    return found[1]


def cmake_options(kind: str, more: str = "") -> list[str]:
    """CMake options that make llama.cpp build the library; the ``more`` options come last."""
    return [
        f"-DGGML_{kind.upper()}=ON",
        "-DGGML_BACKEND_DL=ON",
        "-DBUILD_SHARED_LIBS=ON",
        "-DGGML_NATIVE=OFF",
        "-DGGML_OPENMP=OFF",
        "-DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DLLAMA_OPENSSL=OFF",
        *(
            f"-DLLAMA_BUILD_{part}=OFF"
            for part in ("COMMON", "TESTS", "EXAMPLES", "TOOLS", "SERVER")
        ),
        *more.split(),
    ]


def safe(archive: tarfile.TarFile) -> tarfile.TarFile:
    """The archive, set to extract inside the folder only, if Python can do that (3.11.2 cannot)."""
    if hasattr(tarfile, "data_filter"):
        archive.extraction_filter = tarfile.data_filter
    return archive


def refuse_old_headers(cache: str) -> None:
    """Raise SystemExit if Vulkan's headers are too old; ``cache`` is the text of CMake's cache.

    The compiler would report it only after minutes.
    """
    found = re.search(r"^Vulkan_INCLUDE_DIR:\w+=(.+)$", cache, re.MULTILINE)
    header = Path(found[1], "vulkan", "vulkan_core.h") if found else None
    if header and "VK_EXT_layer_settings" not in header.read_text("utf8"):
        raise SystemExit(
            f"Vulkan's headers in {header.parent} are too old (those of Debian 13 are not). "
            "CMAKE_ARGS=-DVulkan_INCLUDE_DIR=FOLDER names others."
        )


def build(kind: str, folder: Path) -> Path:
    """Build one of ``KINDS``; returns the library's path."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    package = pinned((_SOURCE / "pyproject.toml").read_text("utf8"))
    subprocess.run([*pip, "install", "cmake", "ninja"], check=True)
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": tools}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        name_only = package.partition("==")[0]
        download = ["download", "--no-deps", "--no-binary", name_only, "--dest", name, package]
        subprocess.run([*pip, *download], check=True)
        with tarfile.open(next(work.glob("*.tar.gz"))) as archive:
            safe(archive).extractall(work)
        source = next(work.glob("llama_cpp_python-*/vendor/llama.cpp"))
        made = work / "made"
        options = cmake_options(kind, os.environ.get("CMAKE_ARGS", ""))
        configure = ["cmake", "-G", "Ninja", "-S", str(source), "-B", str(made), *options]
        subprocess.run(configure, env=environment, check=True)
        refuse_old_headers((made / "CMakeCache.txt").read_text("utf8"))
        compile_it = ["cmake", "--build", str(made), "--target", f"ggml-{kind}"]
        subprocess.run(compile_it, env=environment, check=True)
        built = made.rglob(f"*ggml-{kind}.*")
        library = next(path for path in built if path.suffix in (".so", ".dll"))
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(library, folder))


def main() -> None:
    """Run the command."""
    kind = sys.argv[1] if len(sys.argv) > 1 else ""
    if kind not in KINDS:
        raise SystemExit(f"Say which one: {', '.join(KINDS)}.")
    compiler, parts = KINDS[kind]
    if not shutil.which(compiler):
        raise SystemExit(f"{compiler} is not in the PATH. {kind} is built with {parts}.")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else back_ends_folder()
    try:
        path = build(kind, folder)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd[0]} failed; what it said is above.") from None
    print(f"Built {path}. Duologue's diagnostics name it after the next start.")


if __name__ == "__main__":
    main()
