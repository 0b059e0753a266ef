"""A researcher's own models and data go through the commands, tiny: HuBERT, unit vocoder, text LLM,
spoken text dialogues, two-channel calls, training, a bundle that talks."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from transformers import HubertConfig, HubertModel
from typer.testing import CliRunner

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.timebase import SAMPLE_RATE_HZ
from models.cli import app
from models.corpora.speaker_splits import place
from models.language import batches, train
from models.spoken import training_dialogues
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.models.imported.checkpoints import HUBERT, LAYER, write_hifigan
from tests.models.language.text_models import write_text_model

pytest.importorskip("pyarrow")

_UNITS = 50
_RNG = np.random.default_rng(4)


def _run(command: str, *options: str | Path) -> str:
    result = CliRunner().invoke(app, [*command.split(), *map(str, options)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data in the published layouts."""
    folder = tmp_path_factory.mktemp("theirs")
    torch.manual_seed(0)
    config = HubertConfig(**{name: value for name, value in HUBERT.items() if name != "model_type"})
    HubertModel(config).save_pretrained(folder / "hubert")
    np.save(folder / "km.npy", _RNG.normal(size=(_UNITS, 32)).astype(np.float32))
    write_hifigan(folder / "vocoder", num_embeddings=_UNITS)
    write_text_model(folder / "llm")
    texts = [
        {"id": str(number), "turns": [f"What is {number}?", "It is a bird.", "Oh, no, it is not."]}
        for number in range(12)
    ]
    (folder / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), "utf8")
    (folder / "calls").mkdir()
    people = ((f"a{number}", f"b{number}") for number in count())
    training = [next(pair for pair in people if place(pair) > 0.02) for _ in range(3)]
    validation = next(pair for pair in people if 0.01 <= place(pair) < 0.02)
    rows = ["file,first,second"]
    for first, second in (*training, validation):
        sound = _RNG.normal(0, 0.1, (5 * SAMPLE_RATE_HZ, 2))
        soundfile.write(folder / "calls" / f"{first}.wav", sound, SAMPLE_RATE_HZ)
        rows.append(f"{first}.wav,{first},{second}")
    (folder / "calls" / "speakers.csv").write_text("\n".join(rows) + "\n", "utf8")
    return folder


def test_imported_models_and_dialogues_become_a_bundle_that_talks(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "HELD_OUT_SEQUENCES", 2)
    monkeypatch.setattr(train.shutil, "which", lambda _: None)  # compiling takes a minute
    monkeypatch.setattr(training_dialogues, "_HELD_OUT_SHARE", 3)  # of so few dialogues some
    work, spoken = tmp_path / "work", tmp_path / "spoken"
    hubert = ("--centroids", theirs / "km.npy", "--layer", str(LAYER), "--seconds", "2")
    window = ("--window-ms", "400", "--lookahead-ms", "0")
    _run("import-hubert", theirs / "hubert", "--work", work, *hubert, *window)
    _run("import-vocoder", theirs / "vocoder", "--work", work)
    _run("speak", theirs / "texts.jsonl", "--tokenizer", work, "--out", spoken)
    _run("corpus two-channel", theirs / "calls", "--work", work, "--accept-licence")
    calls = work / "corpora" / "two-channel"
    options: list[str | Path] = [
        "--work",
        work,
        "--start",
        theirs / "llm",
        "--preset",
        "tiny",
        "--steps",
        "3",
    ]
    options += ["--no-own-table", "--no-text", "--paper-format"]
    dialogues: list[str | Path] = ["--spoken", spoken, "--spoken-share", "1", "--dialogues", calls]
    with pytest.raises(DuologueError, match="--dialogues with --real-share 1"):
        _run("lm", *options, *dialogues)
    _run("lm", *options, *dialogues, "--real-share", "1")
    base = write_tiny_bundle(tmp_path / "base")
    made = ("--version", "1.0.0", "--bundle", base.folder, "--out", tmp_path / "bundle")
    _run("pack", "--work", work, *made)
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.manifest.unit_count == _UNITS and bundle.manifest.agent_units is None
    duplex = Duplex(bundle)
    steps = [duplex.step(chunk) for chunk in _RNG.uniform(-0.3, 0.3, (8, 2560)).astype(np.float32)]
    duplex.close()
    assert len({unit for step in steps for chunk in step.user_units for unit in chunk}) > 1
    assert sum(len(step.agent_audio) for step in steps) == 8 * 2560
