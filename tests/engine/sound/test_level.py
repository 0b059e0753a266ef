"""Levels are the same whether sound comes at once or 10 ms at a time."""

from __future__ import annotations

import numpy as np

from engine.sound.level import LEVEL_SAMPLES, LOWEST_DB, levels_db


def test_levels_of_blocks_are_those_of_the_whole() -> None:
    random = np.random.default_rng(0)
    loudness = 10 ** random.uniform(-6, 0.5, (400, 1))
    blocks = (loudness * random.standard_normal((400, LEVEL_SAMPLES))).astype(np.float32)
    blocks[7] = 0.0
    whole = levels_db(blocks.reshape(-1))
    assert np.concatenate([levels_db(block) for block in blocks]).tolist() == whole.tolist()
    assert whole[7] == whole.min() == LOWEST_DB
    assert whole.max() == 0.0
