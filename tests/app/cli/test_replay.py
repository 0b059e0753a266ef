"""The command `replay`: it tells whether the tokens are the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.command_line import run


def test_a_talk_is_replayed(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "talk"
    run("talk", "--user", user, "--bundle", bundle, "--out", str(out), "--temperature", "0.7")
    capsys.readouterr()
    assert run("replay", str(out), "--bundle", bundle) == 0
    assert "are identical" in capsys.readouterr().out
    events = out / "events.jsonl"
    lines = events.read_text().splitlines()
    record = json.loads(lines[5])
    record["own_units"] = [*record["own_units"], 3]
    lines[5] = json.dumps(record)
    events.write_text("\n".join(lines) + "\n")
    assert run("replay", str(out), "--bundle", bundle) == 1
    assert "1 of" in capsys.readouterr().out
