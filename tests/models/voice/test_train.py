"""The voice's training has two phases, resumes, and leaves a checkpoint that speaks."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.voice.network import Voice, load_voice
from models.voice.restore import voice_from_onnx
from models.voice.segments import Recipe
from models.voice.train import CHECKPOINT_NAME, LOG_NAME, train_voice, train_with
from models.voice.unit_table import VoiceUnits
from tests.models.voice.test_corpus import utterance
from tests.models.voice.test_network import TINY

RECIPE = Recipe(
    network=TINY, regression_share=0.45, batch=3, regression_batch=3, segment_frames=12, judged=2,
    discriminator_width=4, discriminator_periods=(3,), evaluation_items=2,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _threads_as_before() -> object:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_training_resumes_in_either_phase_and_speaks(tmp_path: Path) -> None:
    utterances = [utterance(number) for number in range(4)]
    # A budget of 8 steps, 45 % of it regression.
    for steps, polishing in ((2, False), (8, True), (10, True)):
        recipe = RECIPE if polishing else Recipe(**{**vars(RECIPE), "regression_share": 1.0})
        checkpoint = train_with(utterances, tmp_path, steps=steps, seed=5, recipe=recipe)
        saved = torch.load(checkpoint, weights_only=True)
        assert (saved["step"], saved["polishing"]) == (steps, polishing)
    assert saved["phase_step"] == 6  # from step 4 on
    with (tmp_path / LOG_NAME).open() as log:
        rows = list(csv.DictReader(log))
    assert [row["step"] for row in rows] == ["2", "8", "10"]
    assert rows[0]["harmonic"] and not rows[0]["critic"]
    assert rows[1]["critic"] and rows[1]["mel"]
    assert all(float(row["held_out_mel"]) > 0 for row in rows)
    voice = load_voice(tmp_path / CHECKPOINT_NAME)
    with torch.no_grad():
        sound, _ = voice(torch.full((1, 20), 3), voice.empty_state())
    assert sound.shape == (1, 20 * 640) and bool(sound.isfinite().all())


def test_an_interrupted_regression_goes_on_to_the_same_end(tmp_path: Path) -> None:
    utterances = [utterance(number) for number in range(4)]
    recipe = Recipe(**{**vars(RECIPE), "regression_share": 1.0, "final_rate_share": 1.0})
    for steps in (2, 4):
        parts = train_with(utterances, tmp_path / "parts", steps=steps, seed=5, recipe=recipe)
    whole = train_with(utterances, tmp_path / "whole", steps=4, seed=5, recipe=recipe)
    one, two = (torch.load(path, weights_only=True)["average"] for path in (parts, whole))
    for name, weight in one.items():
        torch.testing.assert_close(weight, two[name])


def test_a_missing_corpus_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="agent-speech"):
        train_voice(tmp_path, tmp_path / "voice", steps=1)


def test_a_voice_learns_another_table_and_begins_with_a_bundles(tmp_path: Path) -> None:
    table = VoiceUnits(150, 7)
    utterances = [utterance(number) for number in range(4)]
    tiny = train_with(utterances, tmp_path / "tiny", steps=1, recipe=RECIPE, units=table)
    config = load_voice(tiny).config
    assert (config.unit_count, config.silence_unit) == (150, 7)
    starter = load_bundle().folder
    with pytest.raises(DuologueError, match="does not hold the voice for these units"):
        train_with(utterances, tmp_path / "a", steps=1, units=table, bundle=starter)
    with pytest.raises(DuologueError, match="a voice of another size; train without --bundle"):
        train_with(utterances, tmp_path / "b", steps=1, recipe=RECIPE, bundle=starter)
    recipe = Recipe(regression_batch=2, regression_frames=5, evaluation_items=1)
    begun = train_with(utterances, tmp_path / "c", steps=1, recipe=recipe, bundle=starter)
    far = [
        float((load_voice(begun).head.weight - other.head.weight).detach().abs().mean())
        for other in (voice_from_onnx(load_bundle().vocoder), Voice(load_voice(begun).config))
    ]
    assert far[0] < 0.1 * far[1]
