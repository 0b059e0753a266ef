"""What a training takes on paper, and the share of a processor that it uses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from models.language.llama import LlamaConfig
from models.language.presets import LLAMA3_8B, PRESETS
from models.language.training_plan import (
    flops_per_token,
    measure_utilisation,
    memory_bytes,
    parameters,
    plan_tables,
)

_SMALL = LlamaConfig(200, width=64, layers=3, heads=4, feed_width=96, key_heads=2)


def test_llama_3_has_its_published_size_and_the_papers_rows() -> None:
    published = parameters(replace(LLAMA3_8B, vocabulary=128_256))
    assert published == 8_030_261_248
    assert parameters(LLAMA3_8B) == published + 503 * 2 * 4096


def test_flops_are_those_of_the_products() -> None:
    layer = 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96
    matrices = 3 * layer + 200 * 64  # the embedding is looked up, the logits are a product
    # Scores and their sum over values: every token meets half of the others.
    attention = 3 * 2 * 2 * 1000 * 64 / 2
    assert flops_per_token(_SMALL, 1000) == pytest.approx(3 * (2 * matrices + attention), rel=1e-6)
    untied = flops_per_token(replace(_SMALL, tied=False), 1000)
    assert untied == pytest.approx(flops_per_token(_SMALL, 1000))


def test_more_gpus_hold_less_each() -> None:
    needs = [memory_bytes(_SMALL, 512, gpus) for gpus in (1, 8, 128)]
    assert needs == sorted(needs, reverse=True)
    states = 16 * parameters(_SMALL)
    # One GPU holds all states; of eight, each an eighth.
    assert needs[0] - needs[1] > states * 7 / 8
    assert memory_bytes(_SMALL, 512, 8, 2) > needs[1]


def test_a_step_with_fewer_sequences_than_gpus_is_marked() -> None:
    console = Console(record=True, width=120)
    for table in plan_tables("tiny", (1, 128), 0.4, 1e12):
        console.print(table)
    text = console.export_text()
    assert "(2)" in text  # sequences in a step of the tiny preset
    assert "none" not in text


def test_utilisation_is_the_pace_times_the_flops_of_a_token() -> None:
    line = measure_utilisation("tiny", 2, 2, 32, 1e9, compiled=False)
    pace = float(line.split(" tokens/s")[0].split()[-1])
    share = float(line.split("%")[0].split()[-1]) / 100
    expected = pace * flops_per_token(PRESETS["tiny"].network, 32) / 1e9
    assert share == pytest.approx(expected, rel=0.05, abs=1e-3)
