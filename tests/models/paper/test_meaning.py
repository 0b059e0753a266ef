"""The board of meaning: what is counted by time, and real judges on spoken dialogues."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.timebase import SAMPLE_RATE_HZ
from models.evaluate.judges import missing_packages
from models.evaluate.silero import installed_silero
from models.paper.meaning import Judged, Judging, system_figures
from models.paper.spoken_spans import Detector
from models.paper.text_judge import text_judge
from models.paper.transcripts import SpokenTurn, Transcript
from tests.app.cli.command_line import run
from tests.bad_input import check_sentence
from tests.models.paper.test_text_judge import LINES, judge  # noqa: F401

JUDGING = Judging(0.0, (10.0, 20.0), Detector.OWN)


def test_medians_leave_out_dialogues_of_few_words_and_count_them() -> None:
    told = Transcript((SpokenTurn(0, ()),), backchannels=2, inside=1, unvoiced_words=3, wordless=4)
    judged = {
        str(n): Judged(told, {"alone": [None, perplexity]})
        for n, perplexity in enumerate((10.0, 30.0, 20.0, None))
    }
    found = system_figures(judged, JUDGING)
    at_10, at_20 = found["perplexity"]["alone"].values()
    assert (at_10["median"], at_10["count"], at_10["too_few_words"]) == (None, 0, 4)
    assert (at_20["median"], at_20["count"], at_20["too_few_words"]) == (20.0, 3, 1)
    assert at_20["low"] == 10.0 and at_20["high"] == 30.0
    counts = [found[k] for k in ("backchannels", "inside", "unvoiced_words", "wordless")]
    assert counts == [8, 4, 12, 16]


def test_impossible_calls_give_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["evaluate", "meaning", str(tmp_path), "--vad", "own"]
    for more in ([], ["--seconds", "soon"], ["--seconds", "0,10"], ["--seconds", ""]):
        assert run(*call, *more) == 2
        check_sentence(capsys.readouterr().err)
    path = tmp_path / "a" / "1.wav"
    path.parent.mkdir()
    soundfile.write(path, np.zeros((SAMPLE_RATE_HZ, 3)), SAMPLE_RATE_HZ)
    assert run(*call, "--prompt-seconds", "0") == 2
    assert "3 channels" in capsys.readouterr().err
    soundfile.write(path, np.zeros((SAMPLE_RATE_HZ, 2)), SAMPLE_RATE_HZ)
    assert run(*call) == 2
    assert "not longer than the prompt" in capsys.readouterr().err


@pytest.mark.skipif(
    "faster_whisper" in missing_packages() or installed_silero() is None,
    reason="faster-whisper or silero-vad is not installed",
)
@pytest.mark.usefixtures("judge")
def test_the_same_words_in_disorder_mean_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("hibari")
    from models.speech.agent_speech import Hibari

    synthesiser = Hibari()
    words = [word for line in LINES for word in line]
    random.Random(0).shuffle(words)
    shuffled = [words[:10], words[10:19], words[19:]]
    for system, lines in {"good": LINES, "shuffled": [LINES[0], *shuffled[1:]], "mute": []}.items():
        sound = np.zeros((20 * SAMPLE_RATE_HZ, 2), np.float32)
        for number, line in enumerate(lines):
            said = synthesiser.say(" ".join(line) + ".").audio_N
            start = (1 + 5 * number) * SAMPLE_RATE_HZ
            sound[start : start + len(said), number % 2] = said
        path = tmp_path / "talks" / system / "1.wav"
        path.parent.mkdir(parents=True)
        soundfile.write(path, sound, SAMPLE_RATE_HZ)
    figures, plot = tmp_path / "figures.json", tmp_path / "plot.png"
    call = ["evaluate", "meaning", str(tmp_path / "talks"), "--prompt-seconds", "5"]
    call += ["--seconds", "5,15", "--json", str(figures), "--plot", str(plot)]
    assert run(*call) == 0
    found = json.loads(figures.read_text())
    assert found["prompts"]["1"] == [" ".join(LINES[0])]
    systems = found["systems"]
    assert systems["good"]["dialogues"]["1"]["transcript"] == [
        [1, " ".join(LINES[1])],
        [0, " ".join(LINES[2])],
    ]
    for way in ("alone", "after_prompt"):
        good, bad = (systems[s]["perplexity"][way]["15"]["median"] for s in ("good", "shuffled"))
        assert 2 * good < bad
        assert systems["mute"]["perplexity"][way]["15"]["too_few_words"] == 1
    expected = text_judge().perplexity(LINES[1:], LINES[:1])
    given = systems["good"]["perplexity"]["after_prompt"]["15"]["median"]
    assert given == pytest.approx(expected, rel=0.02)
    out = capsys.readouterr().out
    assert "mute: up to 1 dialogue with fewer than 5 words" in out
    assert plot.read_bytes().startswith(b"\x89PNG")
