"""The vocoder's training resumes, and leaves a checkpoint that speaks."""

from __future__ import annotations

import csv
from pathlib import Path

import torch

from models.vocoder.network import load_vocoder
from models.vocoder.segments import Recipe
from models.vocoder.train import LOG_NAME, train_with
from tests.models.vocoder.test_dataset import tiny_store
from tests.models.vocoder.test_network import TINY


class TinyHearing:
    """A stand-in for the tokenizer: frames projected onto a few fixed directions."""

    def __init__(self) -> None:
        self.directions = torch.randn(640, 20, generator=torch.Generator().manual_seed(4))

    def unit_logits(self, audio_BN: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = audio_BN.reshape(len(audio_BN), -1, 640) @ self.directions
        return logits


def test_training_resumes_and_exports(tmp_path: Path) -> None:
    recipe = Recipe(network=TINY, batch=4, discriminator_width=4, evaluation_items=1)
    threads = torch.get_num_threads()
    try:
        checkpoint = train_with(
            tiny_store(), TinyHearing(), tmp_path, steps=4, seed=5, recipe=recipe
        )
        train_with(tiny_store(), TinyHearing(), tmp_path, steps=6, seed=5, recipe=recipe)
    finally:
        torch.set_num_threads(threads)
    with (tmp_path / LOG_NAME).open() as log:
        rows = list(csv.DictReader(log))
    assert [row["step"] for row in rows] == ["4", "6"]
    assert all(float(row["held_out_mel"]) > 0 for row in rows)
    assert rows[-1]["critic"] and rows[-1]["hearing"]
    assert load_vocoder(checkpoint).config.unit_count == 20
