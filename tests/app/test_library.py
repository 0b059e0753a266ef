"""A recorded conversation is exported with its words, one that broke off too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.library import entries, export
from engine.duplex import Duplex
from engine.recorder import Recorder
from engine.recordings import LABELS_NAME
from engine.transcript import TRANSCRIPT_NAME
from tests.engine.tiny_bundle import write_tiny_bundle

_CHUNK = 2560


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a talk in which both say words."""
    folder = tmp_path_factory.mktemp("talks")
    duplex = Duplex(write_tiny_bundle(folder.with_name("bundle"), text=True, heard=True))
    recorder = Recorder(folder, duplex)
    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (40, _CHUNK)).astype(np.float32)
    for chunk in sound:
        recorder.write(chunk, np.zeros_like(chunk), duplex.step(chunk))
    recorder.close()
    duplex.close()
    return recorder.folder


def test_words_are_exported_as_they_were_written(recording: Path, tmp_path: Path) -> None:
    (entry,) = entries(recording.parent)
    export(entry, "transcript", tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_text() == (recording / TRANSCRIPT_NAME).read_text()


def test_labels_of_a_talk_that_broke_off_hold_its_words(recording: Path, tmp_path: Path) -> None:
    whole = (recording / LABELS_NAME).read_text().splitlines()
    (recording / LABELS_NAME).unlink()
    (entry,) = entries(recording.parent)
    export(entry, "labels", tmp_path / "labels.txt")
    made = (tmp_path / "labels.txt").read_text().splitlines()
    said = [row for row in whole if "agent: " in row or "user: " in row]
    assert [row for row in made if "agent: " in row or "user: " in row] == said != []
