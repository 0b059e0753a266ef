"""The board of timing on made stereo dialogues with known rhythm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from models.paper.timelines import read_timelines
from models.paper.timing import people_events
from tests.app.cli.command_line import one_sentence, run
from tests.bad_input import check_sentence
from tests.models.paper.test_fdb import voice
from tests.models.paper.test_timelines import _HEAD, write_data


def write_dialogue(path: Path, gap_s: float, length_s: float = 12.0) -> None:
    """Two voices in turn, a second each, with a gap between."""
    times = np.arange(0.3, length_s - 1, 1 + gap_s)
    turns = [(float(start), float(start) + 1) for start in times]
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.stack([voice(length_s, *turns[side::2]) for side in (0, 1)], axis=1)
    soundfile.write(path, sound, SAMPLE_RATE_HZ)


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialogues")
    for number, gap_s in enumerate((0.3, 0.6, 0.9, 1.2)):
        write_dialogue(folder / "truth" / f"{number}.wav", gap_s)
        write_dialogue(folder / "alike" / f"{number}.wav", gap_s + 0.1)
        write_dialogue(folder / "opposite" / f"{number}.wav", 1.5 - gap_s)
    return folder


def test_means_correlate_with_the_truth_or_against_it(
    dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_data(tmp_path, _HEAD + "one\t0\t80\tA\t0\t5\t\none\t80.5\t95\tB\t0\t5\t\n")
    figures, plot = tmp_path / "figures.json", tmp_path / "offsets.png"
    call = ["evaluate", "timing", str(dialogues), "--truth", "truth", "--vad", "own"]
    call += ["--prompt-seconds", "3", "--data", str(data), "--json", str(figures)]
    assert run(*call, "--plot", str(plot)) == 0
    found = json.loads(figures.read_text())["systems"]
    assert found["alike"]["true_means"]["fto"]["value"] > 0.95
    assert found["opposite"]["true_means"]["fto"]["value"] < -0.95
    assert "true_means" not in found["truth"]
    # All speak for a second in every turn, and nobody overlaps or pauses.
    for system in ("truth", "alike", "opposite"):
        rates = found[system]["a_minute"]
        assert rates["overlap"]["count"]["value"] == 0
        assert rates["fto"]["overlapped"] == 0
    gaps = [found[name]["a_minute"]["fto"]["quantiles"][2] for name in ("truth", "alike")]
    assert gaps[1] - gaps[0] == pytest.approx(0.1, abs=0.06)
    people = found["people (ICSI)"]["a_minute"]
    assert people["fto"]["quantiles"][2] == pytest.approx(0.5)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "Pearson" in capsys.readouterr().out


def test_peoples_pieces_are_as_long_as_continuations(tmp_path: Path) -> None:
    rows = _HEAD + "one\t0\t200\tA\t0\t5\t\ntwo\t0\t89\tB\t0\t5\t\n"
    pieces = people_events(read_timelines(write_data(tmp_path, rows)))
    assert [piece.seconds for piece in pieces] == [90, 90]


@pytest.mark.parametrize(
    "more", [["--truth", "nobody"], ["--prompt-seconds", "12"], ["--data", "missing"]]
)
def test_impossible_calls_give_one_sentence(
    dialogues: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["evaluate", "timing", str(dialogues), "--vad", "own", "--prompt-seconds", "3"]
    assert run(*call, *more) == 2
    check_sentence(capsys.readouterr().err)


def test_mono_and_missing_folders_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "timing", str(tmp_path / "missing")) == 2
    check_sentence(one_sentence(capsys))
    path = tmp_path / "a" / "1.wav"
    path.parent.mkdir()
    soundfile.write(path, voice(4, (1, 2)), SAMPLE_RATE_HZ)
    assert run("evaluate", "timing", str(tmp_path), "--vad", "own") == 2
    said = capsys.readouterr().err
    check_sentence(said)
    assert "1 channel;" in said
