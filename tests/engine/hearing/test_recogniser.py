"""The model itself: whole windows, bounds, and files that are none."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.hearing.recogniser import MOST_SAMPLES, Recogniser

CAPITAL = slice(78_240, 118_700)


@pytest.mark.parametrize("careful", [False, True])
def test_a_sentence(recogniser: Recogniser, sample: np.ndarray, careful: bool) -> None:
    found = recogniser.recognise(sample[CAPITAL], careful)
    assert found.text == "What is the capital of Italy?" and found.complete
    assert 0.5 < found.piece_probability <= 1 and found.no_speech_probability < 0.5


def test_a_whole_window(recogniser: Recogniser, sample: np.ndarray) -> None:
    found = recogniser.recognise(sample[:MOST_SAMPLES], False)
    assert "capital of Italy" in found.text and "after Friday" in found.text
    with pytest.raises(ValueError, match="samples are more than"):
        recogniser.recognise(np.zeros(MOST_SAMPLES + 1, np.float32), False)


def test_it_holds_eight_bits_and_one_thread(recogniser: Recogniser) -> None:
    assert recogniser._model.compute_type.startswith("int8")
    assert recogniser._model.num_workers == 1


def test_a_file_that_is_no_model_is_refused(part: Path, tmp_path: Path) -> None:
    broken = tmp_path / "part"
    shutil.copytree(part, broken)
    with (broken / "model.bin").open("r+b") as stream:
        stream.truncate(1000)
    with pytest.raises(DuologueError, match="install that part again"):
        Recogniser(broken)
