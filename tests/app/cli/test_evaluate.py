"""The command `evaluate units`: prints and writes figures, and says what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from tests.app.cli.command_line import one_sentence, run


def test_evaluate_units_prints_and_writes_all_settings(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "units.json"
    assert run("evaluate", "units", user, "--bundle", bundle, "--json", str(path)) == 0
    assert "120 ms ahead" in capsys.readouterr().out
    entries = json.loads(path.read_text())["agreement"]
    assert len(entries) == 16
    # The tiny tokenizer hears one frame back, so every window agrees with the whole file.
    assert all(entry["share"] == 1 for entry in entries)


def test_evaluate_units_names_a_recording_that_is_too_short(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(100, 0.1), SAMPLE_RATE_HZ)
    assert run("evaluate", "units", str(path), "--bundle", bundle) == 2
    assert str(path) in one_sentence(capsys)


def test_a_minute_is_used_of_what_is_longer(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(
        path, np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ * 61), SAMPLE_RATE_HZ
    )
    assert run("evaluate", "units", str(path), "--bundle", bundle) == 0
    assert "Only the first 60 s" in capsys.readouterr().err
