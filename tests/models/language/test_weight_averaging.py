"""A checkpoint's weights are averaged with a bundle's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from models.language.gguf import llama_from_gguf
from models.language.weight_averaging import average_lm


def test_a_part_of_what_was_learned_is_left(tmp_path: Path) -> None:
    before = llama_from_gguf(load_bundle().language_model).state_dict()
    learned = {name: weight + 1 for name, weight in before.items()}
    torch.save({"net": learned, "step": 7}, tmp_path / "lm.pt")
    average_lm(tmp_path / "lm.pt", load_bundle().folder, 0.25)
    saved = torch.load(tmp_path / "lm.pt", weights_only=True)
    assert saved["step"] == 7
    for name, weight in saved["net"].items():
        torch.testing.assert_close(weight, before[name] + 0.25, atol=1e-3, rtol=0)


def test_networks_of_two_sizes_have_nothing_between_them(tmp_path: Path) -> None:
    before = llama_from_gguf(load_bundle().language_model).state_dict()
    smaller = {name: weight[:4] for name, weight in before.items()}
    torch.save({"net": smaller}, tmp_path / "lm.pt")
    with pytest.raises(DuologueError, match="hold networks of different sizes; name the bundle"):
        average_lm(tmp_path / "lm.pt", load_bundle().folder, 0.5)
    assert torch.load(tmp_path / "lm.pt", weights_only=True)["net"].keys() == smaller.keys()
