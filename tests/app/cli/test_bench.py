"""The command `bench`: prints and writes figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.command_line import run

REPOSITORY = Path(__file__).parents[3]


def test_bench_prints_and_writes_all_figures(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    options = ["--seconds", "3", "--long", "0.2", "--json", str(path)]
    assert run("bench", *options, "--user", user, "--bundle", bundle) == 0
    shown = capsys.readouterr().out
    for word in ("encoder", "vocoder", "total", "overhead", "peak memory", "long run", "Echo"):
        assert word in shown
    figures = json.loads(path.read_text())
    assert [entry["chunk_ms"] for entry in figures["by_chunk"]] == [160, 200, 240]
    for entry in figures["by_chunk"]:
        stages = entry["stages"]
        assert 0 < stages["own"]["p50_ms"] <= stages["total"]["p99_ms"]
        assert stages["total"]["p50_share"] == stages["total"]["p50_ms"] / entry["chunk_ms"]
        assert 0 < entry["native_ms"] < entry["model_ms"]
        assert entry["overhead"] > 0
    assert figures["long_run"]["talk_seconds"] == pytest.approx(12)
    assert figures["long_run"]["p99_ratio"] > 0
    assert figures["native_ms_per_token"] > 0
    assert figures["echo_canceller"]["agent_alone"] > 0


def test_bench_compares_builds_side_by_side(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    options = ["--against", str(REPOSITORY), "--rounds", "1", "--seconds", "2", "--user", user]
    assert run("bench", *options, "--bundle", bundle, "--json", str(path)) == 0
    shown = capsys.readouterr().out
    assert "both builds gave the same tokens" in shown and "peak memory" in shown
    before, now, product = json.loads(path.read_text())["builds"]
    assert before["ratios"]["chunk, p50"] == 1
    # The same tree twice, then another bundle.
    assert now["same_tokens"] and not product["same_tokens"]
    for build in (now, product):
        for name, ratio in build["ratios"].items():
            assert ratio == pytest.approx(build["figures"][name] / before["figures"][name])


def test_bench_needs_a_build_to_compare_with(
    user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("bench", "--against", str(tmp_path), "--user", user) != 0
    assert "give the folder of an older checkout" in " ".join(capsys.readouterr().err.split())
