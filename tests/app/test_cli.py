"""The command line: files and tables where all is well, one sentence and code 2 where not."""

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

from app.cli import main
from app.folders import recordings_folder
from app.live_session import LiveSession
from app.settings import Settings, SettingsFile
from engine.errors import DuologueError
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_bundle(tmp_path_factory.mktemp("bundle")).folder)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two who speak, a channel each."""
    path = tmp_path_factory.mktemp("call") / "call.wav"
    sound = np.random.default_rng(0).normal(0, 0.1, (SAMPLE_RATE_HZ * 3, 2))
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    return str(path)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("user") / "user.flac"
    sound = np.random.default_rng(0).normal(0, 0.1, (22_050 * 2, 2))
    soundfile.write(path, sound, 22_050)
    return str(path)


def run(*arguments: str) -> int:
    """Exit code of the program."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on stderr, which must be all that was said."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("duologue ")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("talk", "bench", "evaluate"))


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


@pytest.mark.parametrize("command", ["bench", "evaluate units"])
def test_what_is_not_used_of_a_recording_is_said_wherever_it_is_read(
    command: str, bundle: str, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {
        "bench": ["bench", "--seconds", "2", "--long", "0", "--user", call],
        "evaluate units": ["evaluate", "units", call],
    }[command]
    assert run(*options, "--bundle", bundle) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "number 1 is heard" in err


def test_a_minute_is_used_of_what_is_longer(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(
        path, np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ * 61), SAMPLE_RATE_HZ
    )
    assert run("evaluate", "units", str(path), "--bundle", bundle) == 0
    assert "Only the first 60 s" in capsys.readouterr().err


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
    root = Path(__file__).parents[2]
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


def test_bench_prints_and_writes_all_figures(
    bundle: str, user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    options = ["--seconds", "3", "--long", "0.2", "--json", str(path)]
    assert run("bench", *options, "--user", user, "--bundle", bundle) == 0
    shown = capsys.readouterr().out
    for word in ("encoder", "vocoder", "total", "overhead", "peak memory", "long run"):
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


def test_live_options_that_contradict_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("live", "--no-echo", "--noise-suppression") == 2
    assert "--no-echo" in one_sentence(capsys)


@pytest.mark.parametrize("command", ["live", "doctor", "devices"])
def test_no_portaudio_is_one_sentence(
    command: str, bundle: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.card.devices.portaudio", _no_portaudio)
    monkeypatch.setattr("engine.card.portaudio_card.refresh", _no_portaudio)
    arguments = [command] if command == "devices" else [command, "--bundle", bundle]
    assert run(*arguments) == 2
    assert "PortAudio" in one_sentence(capsys)


def _no_portaudio() -> None:
    raise DuologueError("The PortAudio library is missing; install Duologue again.")


@pytest.mark.parametrize(
    "command",
    [
        ["bench"],
        ["bench-window"],
        ["doctor"],
        ["evaluate", "units", __file__],
        ["evaluate", "echo"],
    ],
    ids=" ".join,
)
def test_figures_take_no_files_place(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And are not measured for an hour before that is said."""
    path = tmp_path / "figures.json"
    path.write_text("keep this")
    assert run(*command, "--json", str(path)) == 2
    assert "is there already" in one_sentence(capsys)
    assert path.read_text() == "keep this"
    for wrong in (tmp_path, tmp_path / "none" / "figures.json"):
        assert run(*command, "--json", str(wrong)) == 2
        assert "cannot be written" in one_sentence(capsys)


def test_pictures_take_no_files_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "talk-light.png").write_bytes(b"mine")
    assert run("screenshots", "--out", str(tmp_path)) == 2
    assert "not empty" in one_sentence(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["talk-light.png"]


def test_live_keeps_what_the_settings_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the settings' folder by their limits; in another nothing is deleted."""
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path))
    SettingsFile().save(Settings(most_recordings=1000, most_gigabytes=20))
    limits = []

    def begin(talk: LiveSession, **_: object) -> None:
        limits.append((talk.settings.most_recordings, talk.settings.most_gigabytes))
        raise DuologueError("Enough was seen.")

    monkeypatch.setattr(LiveSession, "begin", begin)
    for folder in (recordings_folder(), tmp_path / "other"):
        assert run("live", "--record", str(folder)) == 2
    assert limits == [(1000, 20), (100_000, 10_000)]
