"""Impossible command lines: exit code 2, one sentence on stderr, every file unchanged."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import app.cli
import models.cli
from engine.timebase import SAMPLE_RATE_HZ
from tests.bad_input import check_sentence, content
from tests.engine.tiny_bundle import write_tiny_bundle

# A path that cannot be made, whoever tries: below a file.
_UNWRITABLE = "text.txt/below"
_HUGE = "9" * 400

_DUOLOGUE = {
    "no such command": "nonsense",
    "no such option": "talk --nonsense",
    "an option without its value": "talk --user",
    "too many words": "devices two",
    "an empty command": "''",
    "an evaluation that is none": "evaluate nonsense",
    "a command of bytes": "\udcff\udcfe",
    "a very long command": "x" * 10_000,
    # talk
    "user missing": "talk --user missing.wav",
    "user a folder": "talk --user folder",
    "user no sound": "talk --user text.txt",
    "user empty": "talk --user empty.wav",
    "user without a name": "talk --user ''",
    "user a device": "talk --user /dev/null",
    "user of a name too long": f"talk --user {'x' * 300}.wav",
    "user a link to itself": "talk --user loop",
    "bundle missing": "talk --bundle missing",
    "bundle a file": "talk --bundle text.txt",
    "bundle an empty folder": "talk --bundle folder",
    "bundle below a file": f"talk --bundle {_UNWRITABLE}",
    "out a file": "talk --bundle tiny --user user.wav --out text.txt",
    "out below a file": f"talk --bundle tiny --user user.wav --out {_UNWRITABLE}",
    "out of a name too long": f"talk --bundle tiny --user user.wav --out {'x' * 300}",
    "chunk not trained": "talk --bundle tiny --chunk-ms 170",
    "chunk zero": "talk --bundle tiny --chunk-ms 0",
    "chunk below zero": "talk --bundle tiny --chunk-ms -160",
    "chunk huge": f"talk --bundle tiny --chunk-ms {_HUGE}",
    "chunk no number": "talk --bundle tiny --chunk-ms x",
    "latency too long": "talk --bundle tiny --latency-ms 481",
    "latency below zero": "talk --bundle tiny --latency-ms -1",
    "latency huge": f"talk --bundle tiny --latency-ms {_HUGE}",
    "seed below zero": "talk --seed -1",
    "seed huge": f"talk --seed {_HUGE}",
    "seed broken": "talk --seed 1.5",
    "temperature nan": "talk --temperature nan",
    "temperature inf": "talk --temperature inf",
    "temperature too high": "talk --temperature 2.01",
    "GPU layers huge": "talk --gpu-layers 2147483648",
    "GPU layers below all": "talk --gpu-layers -2",
    # live and doctor
    "echo extras without the canceller": "live --no-echo --noise-suppression",
    "live chunk not trained": "live --bundle tiny --chunk-ms 100",
    "live chunk huge": f"live --chunk-ms {_HUGE}",
    "live latency huge": f"live --latency-ms {_HUGE}",
    "live bundle missing": "live --bundle missing",
    "live seed huge": f"live --seed {_HUGE}",
    "live GPU layers huge": f"live --gpu-layers {_HUGE}",
    "card latency nan": "live --card-latency-ms nan",
    "card latency zero": "live --card-latency-ms 0",
    "record a file": "live --bundle tiny --record text.txt",
    "record below a file": f"live --bundle tiny --record {_UNWRITABLE}",
    "doctor user missing": "doctor --user missing.wav",
    "doctor bundle missing": "doctor --user user.wav --bundle missing",
    "doctor figures unwritable": f"doctor --user user.wav --bundle tiny --json {_UNWRITABLE}",
    # replay
    "replay nothing": "replay",
    "replay of what is missing": "replay missing",
    "replay of a file": "replay text.txt",
    "replay of an empty folder": "replay folder",
    "replay layers below all": "replay folder --gpu-layers -2",
    "replay layers huge": f"replay folder --gpu-layers {_HUGE}",
    # bench
    "bench inf": "bench --seconds inf",
    "bench nan": "bench --seconds nan",
    "bench huge": "bench --seconds 1e300",
    "bench too short": "bench --seconds 1",
    "bench long nan": "bench --long nan",
    "bench long inf": "bench --long inf",
    "bench long below zero": "bench --long -1",
    "bench figures in a folder's place": "bench --json folder",
    "bench figures nowhere": "bench --json missing/figures.json",
    "bench figures unwritable": f"bench --json {_UNWRITABLE}",
    "bench user missing": "bench --user missing.wav",
    "bench gpu inf": "bench-gpu --seconds inf",
    "bench gpu figures": "bench-gpu --json missing/figures.json",
    "bench window inf": "bench-window --seconds inf",
    "bench window rounds": "bench-window --rounds 0",
    "bench window figures": "bench-window --json missing/figures.json",
    # evaluate and screenshots
    "units of nothing": "evaluate units",
    "units of what is missing": "evaluate units missing.wav --bundle tiny",
    "units of a folder": "evaluate units folder --bundle tiny",
    "units of a moment": "evaluate units short.wav --bundle tiny",
    "units of a chunk not trained": "evaluate units user.wav --bundle tiny --chunk-ms 1",
    "units' figures nowhere": "evaluate units user.wav --bundle tiny --json missing/x.json",
    "starter's parts": "evaluate starter --parts nonsense",
    "starter's data": "evaluate starter --data folder",
    "starter's jobs": "evaluate starter --jobs 0",
    "starter's jobs huge": "evaluate starter --jobs 1000000",
    "starter's minutes": "evaluate starter --minutes inf",
    "robustness of nothing": "evaluate robustness",
    "robustness of what is missing": "evaluate robustness --speech missing --bundle tiny",
    "robustness of an empty folder": "evaluate robustness --speech folder --bundle tiny",
    "echo in no room": "evaluate echo --rooms 0",
    "echo in too many rooms": f"evaluate echo --rooms {_HUGE}",
    "screenshots' language": "screenshots --language xx",
    "screenshots unwritable": f"screenshots --out {_UNWRITABLE}",
}
_TRAIN = {
    "no such command": "nonsense",
    "no such option": "lm --nonsense",
    "no data": "speech",
    "data missing": "speech --data missing",
    "data a file": "tokenizer --data text.txt",
    "data without speech": "tokenizer --data folder",
    "work a file": "vocoder --work text.txt",
    "jobs": "speech --data folder --jobs 0",
    "jobs huge": "lm --jobs 100000",
    "corpus of no kind": "corpus nonsense folder",
    "corpus missing": "corpus fisher missing",
    "corpus a file": "corpus candor text.txt",
    "corpus without jobs": "corpus two-channel folder --jobs 0",
    "share of dialogues": "lm --real-share 1.1",
    "speak missing": "speak missing",
    "speak no dialogues": "speak folder",
    "speak nobody": "speak folder --synthesiser nobody",
    "speak without packs": "speak folder --synthesiser kokoro",
    "speak without Ray": "speak folder --address 127.0.0.1:6379",
    "exact in a folder's place": "exact --bundle tiny --out folder",
    "minutes": "lm --minutes inf",
    "no minutes": "lm --minutes 0",
    "no minutes of a reader": "reader --minutes 0",
    "minutes nan": "reader --minutes nan",
    "threads": "vocoder --threads 0",
    "seed": f"lm --seed {_HUGE}",
    "units": "units --data folder --count 1",
    "voices": "units --data folder --voices 0",
    "utterances": "speech --data folder --utterances -1",
    "share": "average --bundle tiny --share nan",
    "context": "pack --version 1 --context 0",
    "scenes": "echo --speech folder --scenes 0",
    "no version": "pack",
    "bundle missing": "unpack --data folder --bundle missing",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of each kind, which no command line here may change."""
    folder = tmp_path_factory.mktemp("place")
    write_tiny_bundle(folder / "tiny")
    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE_HZ)
    soundfile.write(folder / "user.wav", sound, SAMPLE_RATE_HZ)
    soundfile.write(folder / "short.wav", sound[:100], SAMPLE_RATE_HZ)
    (folder / "empty.wav").touch()
    (folder / "folder").mkdir()
    (folder / "text.txt").write_text("no sound, no bundle, no folder\n", "utf8")
    return folder


@pytest.fixture(autouse=True)
def there(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = place / "loop"
    if os.name != "nt" and not loop.is_symlink():
        loop.symlink_to(loop)
    monkeypatch.chdir(place)
    monkeypatch.setenv("DUOLOGUE_PROFILE", str(tmp_path / "profile"))


def refused(
    main: Callable[[list[str]], None], line: str, capsys: pytest.CaptureFixture[str]
) -> str:
    """The sentence for a command line, which left everything as it was."""
    before = content(Path())
    arguments = ["" if word == "''" else word for word in line.split(" ")]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, said = capsys.readouterr()
    assert ended.value.code == 2 and out == ""
    check_sentence(said)
    assert content(Path()) == before
    return said


@pytest.mark.bad_input("command lines")
@pytest.mark.parametrize("line", _DUOLOGUE.values(), ids=_DUOLOGUE.keys())
def test_duologue_refuses_in_one_sentence(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(app.cli.main, line, capsys)


@pytest.mark.bad_input("command lines")
@pytest.mark.parametrize("line", _TRAIN.values(), ids=_TRAIN.keys())
def test_training_refuses_in_one_sentence(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(models.cli.main, line, capsys)


def test_a_wrong_option_is_named_with_the_way_to_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(app.cli.main, "bench --seconds inf", capsys)
    assert "'--seconds'" in said and said.endswith("bench --help.\n")


def test_figures_that_cannot_be_written_are_told_before_the_work(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The bundle is missing as well: whoever had loaded it first would tell of that.
    said = refused(app.cli.main, "bench --bundle missing --json missing/figures.json", capsys)
    assert "figures.json" in said
    kept = place / "kept.json"
    kept.write_text("{}", "utf8")
    refused(app.cli.main, "bench --bundle missing --json kept.json", capsys)
    assert kept.read_text("utf8") == "{}"
    kept.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="the pipe tells of its writers on Linux")
def test_figures_may_go_into_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        refused(app.cli.main, f"bench --bundle missing --json {pipe}", capsys)
        poll = select.poll()
        poll.register(reader)
        assert not poll.poll(0)  # to open and close it is to tell the reader of an end
    finally:
        os.close(reader)
