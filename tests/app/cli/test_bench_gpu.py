"""The command `bench-gpu`, and what it prints where there is a second provider."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.bench_gpu import show_gpu_comparison
from engine.measure.gpu_comparison import compare_gpu
from engine.onnx_providers import CPU, Provider, best_accelerator
from engine.sound.audio_file import read_mono
from engine.syncllm.bundle import load_bundle
from engine.syncllm.llama_library import BACK_ENDS
from tests.app.cli.command_line import run

TWIN = Provider("Twin", CPU.key)
"""Real sessions of a provider that is always there."""


@pytest.mark.skipif(
    BACK_ENDS.has_gpu() or best_accelerator() is not None, reason="this computer may have a GPU"
)
def test_without_a_gpu_there_is_nothing_to_compare(
    bundle: str, user: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("bench-gpu", "--bundle", bundle, "--user", user) == 2
    assert "has a GPU here; docs/install.md tells" in capsys.readouterr().err


def test_a_provider_like_the_cpus_has_no_faults(bundle: str, user: str) -> None:
    sound = read_mono(Path(user))
    found = compare_gpu(load_bundle(Path(bundle)), sound, 2.0, TWIN)
    assert (found.equal_user_units, found.equal_own_chunks, found.equal_tokens) == (1, 1, 1)
    assert found.first_difference is None and found.sound_db is None
    assert found.faults() == []
    console = Console(record=True, width=120)
    show_gpu_comparison(console, found)
    said = console.export_text()
    assert "tokenizer" in said and "Twin" in said and "100.0% the same" in said
    worse = replace(found, equal_user_units=0.5, equal_tokens=0.5, sound_db=-3.0)
    assert len(worse.faults()) == 3
