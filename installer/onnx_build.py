"""Exchanges the build of ONNX Runtime in this environment: script/onnx-build cuda.

The builds for the processor (with CoreML on a Mac), for CUDA and for DirectML are packages of
different names with the same files in them. Beside another, each destroys it. So all are removed
before one is installed, and what was chosen is written down, since pip does not know that one
stands for another (script/setup asks this module again after each installation).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BUILDS = {
    "cpu": ("onnxruntime>=1.23,<2", "CPUExecutionProvider"),
    # The extras are NVIDIA's libraries from their own packages; a driver is needed as well.
    "cuda": ("onnxruntime-gpu[cuda,cudnn]>=1.23,<2", "CUDAExecutionProvider"),
    "directml": ("onnxruntime-directml>=1.23,<2", "DmlExecutionProvider"),
}
"""What pip installs for each choice, and the provider that must be in it."""
STAMP = ".onnx-build"
"""The file in the environment that keeps the choice."""


def packages() -> list[str]:
    """The names of all builds, which may not lie beside one another."""
    return [requirement.partition(">")[0].partition("[")[0] for requirement, _ in BUILDS.values()]


def commands(build: str, python: str) -> list[list[str]]:
    """The commands that leave nothing but this build."""
    requirement, provider = BUILDS[build]
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # In a process of its own, because this one may hold the files of another build.
    check = f"import onnxruntime as o; assert {provider!r} in o.get_available_providers()"
    return [
        [*pip, "uninstall", "--yes", *packages()],
        [*pip, "install", requirement],
        [python, "-c", f"import engine; {check}"],
    ]


def kept_choice(environment: Path) -> str | None:
    """The build that was chosen for an environment; None: nobody chose."""
    try:
        choice = (environment / STAMP).read_text("utf8").strip()
    except OSError:
        return None
    return choice if choice in BUILDS else None


def main() -> None:
    """Run the command; without an argument, the choice that was kept is made good again."""
    environment = Path(sys.prefix)
    build = sys.argv[1] if len(sys.argv) > 1 else kept_choice(environment)
    if build is None and len(sys.argv) == 1:
        return
    if build not in BUILDS:
        raise SystemExit(f"Say which one: {', '.join(BUILDS)}.")
    for command in commands(build, sys.executable):
        try:
            subprocess.run(command, check=True)
        except subprocess.CalledProcessError:
            raise SystemExit(
                f"The build for {build} could not be installed; what failed is above. "
                "script/onnx-build cpu brings the usual one back."
            ) from None
    (environment / STAMP).write_text(f"{build}\n", "utf8")
    print(f"ONNX Runtime's build for {build} is installed; duologue doctor tells what it takes.")


if __name__ == "__main__":
    main()
