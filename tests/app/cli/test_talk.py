"""The command `talk`: files and a summary, or one sentence and exit code 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from tests.app.cli.command_line import one_sentence, run
from tests.engine.tiny_bundle import write_tiny_bundle


def test_talk_leaves_three_files(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "talk"
    assert run("talk", "--user", user, "--bundle", bundle, "--out", str(out)) == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == ["conversation.png", "conversation.wav", "events.jsonl"]
    shown = capsys.readouterr().out
    for word in ("agent turns", "reaction", "overlaps", "estimates right", "deadlines met"):
        assert word in shown


def test_a_talk_with_words_shows_and_keeps_them(
    user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(write_tiny_bundle(tmp_path / "bundle", text=True, heard=True).folder)
    out = tmp_path / "talk"
    assert run("talk", "--user", user, "--bundle", bundle, "--out", str(out)) == 0
    kept = (out / "transcript.txt").read_text()
    assert " agent: " in kept
    assert kept in capsys.readouterr().out
    assert run("replay", str(out), "--bundle", bundle) == 0


def test_talk_without_a_recording_takes_the_sample(
    bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("talk", "--bundle", bundle) == 0
    (folder,) = tmp_path.glob("conversation-*")
    assert soundfile.info(folder / "conversation.wav").duration > 35


def test_talk_takes_all_options(bundle: str, user: str, tmp_path: Path) -> None:
    options = "--chunk-ms 240 --latency-ms 100 --seed 7 --temperature 0".split()
    out = ["--user", user, "--bundle", bundle, "--out", str(tmp_path)]
    assert run("talk", *options, *out) == 0
    head = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[0])
    assert (head["chunk_ms"], head["latency_ms"], head["seed"]) == (240, 100, 7)


@pytest.mark.parametrize("channel", [1, 2])
def test_of_a_telephone_call_one_channel_is_heard(
    channel: int, bundle: str, call: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "talk"
    options = ["--user", call, "--bundle", bundle, "--out", str(out)]
    assert run("talk", *options, *(["--channel", "2"] if channel == 2 else [])) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"number {channel} is heard as the user, but not {3 - channel} (choose" in said
    whole, _ = soundfile.read(call)
    heard, _ = soundfile.read(out / "conversation.wav")
    assert np.abs(heard[: len(whole), 0] - whole[:, channel - 1]).max() < 1e-3
    head, *_, summary = map(json.loads, (out / "events.jsonl").read_text().splitlines())
    assert head["recording"]["channel"] == channel
    assert len(summary["remarks"]) == 1


def test_its_own_conversation_is_heard_as_the_user_spoke(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    run("talk", "--user", user, "--bundle", bundle, "--out", str(first))
    spoken, _ = soundfile.read(first / "conversation.wav")
    capsys.readouterr()
    again = ["--user", str(first / "conversation.wav"), "--bundle", bundle]
    assert run("talk", *again, "--out", str(second)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Only the left channel" in said
    heard, _ = soundfile.read(second / "conversation.wav")
    assert np.abs(heard[: len(spoken), 0] - spoken[:, 0]).max() < 1e-3


@pytest.mark.parametrize(
    "wrong",
    [
        ["--channel", "3"],
        ["--user", "missing.wav"],
        ["--user", __file__],
        ["--bundle", "nowhere"],
        ["--chunk-ms", "170"],
        ["--latency-ms", "481"],
        ["--out", __file__],
    ],
    ids=["channel", "missing", "no sound", "no bundle", "chunk", "latency", "out"],
)
def test_what_is_wrong_is_said_in_one_sentence(
    wrong: list[str],
    bundle: str,
    user: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    right = ["--user", user, "--bundle", bundle, "--out", str(tmp_path / "talk")]
    assert run("talk", *right, *wrong) == 2
    assert "Traceback" not in one_sentence(capsys)
    assert not (tmp_path / "talk").exists() or wrong[0] == "--out"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_with_whole_files(
    number: signal.Signals, bundle: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "app", "talk", "--realtime", "--bundle", bundle]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    talk = subprocess.Popen(
        [*command, "--out", str(tmp_path)], cwd=root, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "events.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    talk.send_signal(number)
    out, err = talk.communicate(timeout=60)
    assert (talk.returncode, err) == (0, "")
    assert "stopped" in out
    summary = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[-1])
    assert summary["complete"] is False
    length = soundfile.info(tmp_path / "conversation.wav").frames
    assert length == summary["duration_ms"] * SAMPLE_RATE_HZ // 1000
