"""The agent's speech as a tokenizer hears it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from engine.syncllm.bundle import load_bundle
from engine.timebase import FRAME_SAMPLES
from models.voice import corpus
from models.voice.corpus import read_corpus, write_corpus
from models.voice.heard import Listener
from models.voice.unit_table import heard_units_of, units_of


def test_speech_of_the_corpus_has_the_units_that_are_heard_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "SHARD_UTTERANCES", 2)
    dialogues = tmp_path / "dialogues"
    dialogues.mkdir()
    said = {
        "self_dialogue": ["do you like dogs", "yes i do like them"],
        "sgd": [["S", "Which city is it in?"], ["S", "There are two of them."]],
    }
    for name, turns in said.items():
        with gzip.open(dialogues / f"{name}.jsonl.gz", "wt") as file:
            file.write(json.dumps({"turns": turns}) + "\n")
    bundle = load_bundle()
    folder = tmp_path / "agent"
    given = (folder, dialogues, 2, 3, 1, lambda _: None, bundle.folder, False)
    write_corpus(*given)
    made = list(read_corpus(folder))
    assert units_of(folder) == heard_units_of(bundle, boundary_emit=False)
    listener = Listener(bundle.tokenizer)
    same = frames = 0
    for one in made:
        again = listener.units(one.audio_N.astype(np.float32) / 32768, 0)
        count = min(len(again), len(one.units_T))
        assert abs(len(again) - len(one.units_T)) <= 2
        assert one.units_T.max() < 64
        same += int((again[:count] == one.units_T[:count]).sum())
        frames += count
    # Chance would be a few percent.
    assert same / frames > 0.4


def test_silence_is_heard_as_the_tables_silence() -> None:
    bundle = load_bundle()
    units = Listener(bundle.tokenizer).units(np.zeros(30 * FRAME_SAMPLES - 5, np.float32), 1)
    assert len(units) == 30
    assert (units == bundle.manifest.silence_unit).mean() > 0.8
