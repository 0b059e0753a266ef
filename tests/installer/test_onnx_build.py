"""What exchanges the build of ONNX Runtime, so that no two lie beside one another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from engine.onnx_providers import ACCELERATORS, CPU
from installer.onnx_build import BUILDS, STAMP, commands, kept_choice, packages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("build", BUILDS)
def test_all_builds_go_before_one_comes(build: str) -> None:
    uninstall, install, check = commands(build, "python")
    assert uninstall[-3:] == packages() and "--yes" in uninstall
    assert install[-1] == BUILDS[build][0]
    assert BUILDS[build][1] in check[-1]


def test_the_program_knows_the_provider_of_each_build() -> None:
    known = {provider.key for provider in (*ACCELERATORS, CPU)}
    assert {provider for _, provider in BUILDS.values()} <= known


def test_all_builds_are_of_the_versions_that_the_program_asks_for() -> None:
    asked = re.search(r'"onnxruntime(>=[^"]+)"', (ROOT / "pyproject.toml").read_text("utf8"))
    assert asked
    assert all(requirement.endswith(asked[1]) for requirement, _ in BUILDS.values())


def test_the_check_passes_for_the_build_that_is_there_and_fails_for_another() -> None:
    there = set(onnxruntime.get_available_providers())
    for build, (_, provider) in BUILDS.items():
        check = commands(build, sys.executable)[-1]
        done = subprocess.run(check, cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode == 0) == (provider in there)


def test_the_choice_is_kept(tmp_path: Path) -> None:
    assert kept_choice(tmp_path) is None
    (tmp_path / STAMP).write_text("cuda\n")
    assert kept_choice(tmp_path) == "cuda"
    (tmp_path / STAMP).write_text("nonsense\n")
    assert kept_choice(tmp_path) is None


def test_an_unknown_build_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "installer.onnx_build", "rocm"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == "Say which one: cpu, cuda, directml."
