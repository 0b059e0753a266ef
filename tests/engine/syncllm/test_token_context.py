"""The token stream in the model: whatever waits, the scores are those of the whole stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.syncllm.llama import Llama
from engine.syncllm.token_context import TokenContext
from tests.engine.tiny_bundle import write_tiny_llama

_HISTORY = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Llama, Llama]]:
    path: Path = write_tiny_llama(tmp_path_factory.mktemp("models") / "tiny.gguf")
    pair = Llama(path, 64), Llama(path, 64)
    yield pair
    for model in pair:
        model.close()


def plain(model: Llama, tokens: list[int]) -> np.ndarray:
    model.truncate(0)
    model.feed(tokens)
    return model.logits()


def close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, atol=2e-3 * other.std()))


def test_what_waits_is_fed_in_one_batch(models: tuple[Llama, Llama]) -> None:
    model, judge = models
    context = TokenContext(model)
    context.append(_HISTORY)
    assert (context.length, context.room, model.length) == (8, 56, 0)
    assert close(context.logits(), plain(judge, _HISTORY))
    context.append([7])
    context.append([20, 21])
    assert close(context.logits(), plain(judge, [*_HISTORY, 7, 20, 21]))
    assert context.length == model.length == len(_HISTORY) + 3


@pytest.mark.parametrize("position", [5, 8, 9])
def test_a_cut_takes_what_follows_with_it(models: tuple[Llama, Llama], position: int) -> None:
    model, judge = models
    context = TokenContext(model)
    context.append(_HISTORY)
    context.logits()
    context.append([7, 30])
    assert context.length == 10
    context.cut(position)
    assert context.length == position
    context.append([40])
    expected = [*_HISTORY, 7, 30][:position]
    assert close(context.logits(), plain(judge, [*expected, 40]))


def test_dropped_tokens_move_the_rest_down(models: tuple[Llama, Llama]) -> None:
    model, _ = models
    context = TokenContext(model)
    context.append(_HISTORY)
    context.logits()
    context.append([11])
    context.drop(0, 3)
    assert context.length == len(_HISTORY) - 2
    context.logits()
    assert model.length == len(_HISTORY) - 2


def test_a_look_ahead_leaves_no_trace(models: tuple[Llama, Llama]) -> None:
    model, judge = models
    context = TokenContext(model)
    context.append(_HISTORY)
    before = context.logits()
    context.append([7])
    mark = context.mark()
    for token in (7, 30, 31):
        context.append([token])
        context.logits()
    context.restore(mark)
    assert context.length == len(_HISTORY) + 1
    context.cut(len(_HISTORY))
    np.testing.assert_array_equal(context.logits(), before)
    context.append([7, 40])
    assert close(context.logits(), plain(judge, [*_HISTORY, 7, 40]))
