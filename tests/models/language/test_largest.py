"""How large a language model keeps the clock: the same tokens for models of other sizes."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from engine.syncllm.bundle import load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.llama import Llama
from models.language.largest import (
    LLAMA3_8B,
    LLAMA_1B,
    SMOLLM2,
    Demand,
    Shape,
    chunk_times_ms,
    demands,
    measure_sizes,
    sizes_table,
    write_random_llama,
)

STARTER = Path(__file__).parents[3] / "resources" / "starter"
_SMALL = Shape(width=128, layers=2, feed_width=256, key_heads=1)


def test_a_talk_demands_what_its_clock_feeds(tmp_path: Path) -> None:
    bundle = load_bundle(STARTER)
    sound = np.random.default_rng(0).normal(size=16_000).astype(np.float32) * 0.1
    capacity, asked = demands(bundle, 160, sound, 30.0)
    assert len(asked) == 188
    length = 0
    for demand in asked:
        for name, first, second in demand.calls:
            if name == "feed":
                length += first
            elif name == "truncate":
                length = min(length, first)
            else:
                length -= second - first
            assert 0 <= length <= capacity
    # The same talk without being watched ends with as many tokens.
    duplex = Duplex(bundle, 160)
    chunk = duplex.format.chunk_samples
    for samples in np.resize(sound, 188 * chunk).reshape(-1, chunk):
        duplex.step(samples.astype(np.float32))
    assert duplex.llama.length == length
    duplex.close()
    # Another model takes all of it.
    path = tmp_path / "small.gguf"
    write_random_llama(path, _SMALL, bundle.manifest.vocabulary(), "Q8_0")
    times, vocabulary = chunk_times_ms(path, capacity, 1, asked)
    assert (len(times), vocabulary) == (183, bundle.manifest.vocabulary())
    others = np.array([demand.other_ms for demand in asked[5:]])
    assert (times > others).all()


@pytest.mark.parametrize("kind", ["Q4_0", "Q8_0"])
def test_the_file_has_the_weights_that_it_is_said_to_have(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "random.gguf"
    write_random_llama(path, _SMALL, 400, kind)
    tensors = gguf.GGUFReader(path).tensors
    assert sum(int(np.prod(tensor.shape)) for tensor in tensors) == _SMALL.parameters(400)
    llama = Llama(path, 128)
    llama.feed(list(range(40)))
    logits = llama.logits()
    assert logits.shape == (400,)
    assert np.isfinite(logits).all()
    llama.close()


def test_known_models_have_their_published_sizes() -> None:
    assert SMOLLM2[-1].parameters(49_152) == 134_515_008
    assert LLAMA_1B.parameters(128_256) == 1_235_814_400


def test_each_combination_has_a_cell(tmp_path: Path) -> None:
    sound = np.zeros(16_000, np.float32)
    figures = list(
        measure_sizes(
            load_bundle(STARTER), sound, 3.0, tmp_path, [_SMALL], ["Q4_0", "Q8_0"], [160, 240], [1]
        )
    )
    assert [(one.matrices, one.chunk_ms) for one in figures] == [
        ("Q4_0", 160), ("Q4_0", 240), ("Q8_0", 160), ("Q8_0", 240)
    ]  # fmt: skip
    assert figures[0].megabytes < figures[2].megabytes
    assert not list(tmp_path.iterdir())
    table = sizes_table(figures)
    assert (len(table.columns), table.row_count) == (6, 2)


def test_output_rows_and_heads_of_other_widths(tmp_path: Path) -> None:
    shape = Shape(width=256, layers=1, feed_width=256, key_heads=1, channels=128, tied=False)
    write_random_llama(tmp_path / "net.gguf", shape, 208, "Q4_0")
    weights = sum(
        int(tensor.n_elements) for tensor in gguf.GGUFReader(tmp_path / "net.gguf").tensors
    )
    assert shape.parameters(208) == weights
    demand = Demand((("feed", 3, 0),), 0.0)
    _, vocabulary = chunk_times_ms(tmp_path / "net.gguf", 64, 1, [demand] * 7)
    assert vocabulary == 208
    assert round(LLAMA3_8B.parameters(128_256) / 1e6) == 8030
