"""llama.cpp behind its seam: exact roll-back, context shift, and clear errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from engine.syncllm.llama import Llama, checked_roll_back
from tests.engine.tiny_llama import VOCABULARY, write_tiny_llama, write_tiny_mamba

HISTORY = [7, 3, 200, 41, 5, 201, 9, 200, 12, 77, 201, 30]


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture
def llama(model_path: Path) -> Iterator[Llama]:
    llama = Llama(model_path, 256)
    yield llama
    llama.close()


def test_starts_empty_and_knows_its_vocabulary(llama: Llama) -> None:
    assert (llama.length, llama.capacity, llama.vocabulary) == (0, 256, VOCABULARY)


def test_roll_back_equals_a_cold_prefill(model_path: Path, llama: Llama) -> None:
    llama.feed(HISTORY[:8])
    llama.feed([1, 2, 3, 4, 5])
    llama.truncate(8)
    assert llama.length == 8
    llama.feed(HISTORY[8:])
    cold = Llama(model_path, 256)
    cold.feed(HISTORY[:8])
    cold.feed(HISTORY[8:])
    np.testing.assert_array_equal(llama.logits(), cold.logits())
    cold.truncate(0)
    cold.feed(HISTORY)
    np.testing.assert_allclose(llama.logits(), cold.logits(), atol=1e-4)
    cold.close()


def test_a_batch_that_keeps_every_token_gives_what_single_tokens_give(llama: Llama) -> None:
    one_by_one = []
    for token in HISTORY:
        llama.feed([token])
        one_by_one.append(llama.logits())
    llama.truncate(0)
    llama.feed_and_keep(HISTORY)
    together = [llama.logits_after(index) for index in range(len(HISTORY))]
    np.testing.assert_allclose(together, one_by_one, atol=0.02)
    np.testing.assert_array_equal(together[-1], llama.logits())
    llama.feed([1, 2])
    with pytest.raises(DuologueError, match="gave no output"):
        llama.logits_after(0)


def test_drop_moves_the_later_tokens_down(tmp_path: Path) -> None:
    """In a single layer keys depend on token and position alone, so that a shifted context must
    equal one that never held the dropped tokens (but for f16 keys, which are turned twice)."""
    llama = Llama(write_tiny_llama(tmp_path / "one_layer.gguf", layers=1), 64)
    llama.feed(HISTORY)
    llama.drop(2, 6)
    assert llama.length == len(HISTORY) - 4
    llama.feed([50])
    shifted = llama.logits()
    llama.truncate(0)
    llama.feed([*HISTORY[:2], *HISTORY[6:], 50])
    np.testing.assert_allclose(shifted, llama.logits(), atol=0.02 * llama.logits().std())
    llama.truncate(0)
    llama.feed([*HISTORY, 50])
    assert np.abs(shifted - llama.logits()).max() > 0.2 * shifted.std()
    llama.close()


def test_logits_are_a_copy(llama: Llama) -> None:
    llama.feed([1])
    first = llama.logits()
    kept = first.copy()
    llama.feed([2])
    np.testing.assert_array_equal(first, kept)
    assert first.dtype == np.float32
    assert first.shape == (VOCABULARY,)


def test_a_full_context_is_refused(llama: Llama) -> None:
    llama.feed([1] * 256)
    with pytest.raises(DuologueError, match="full"):
        llama.feed([1])


@pytest.mark.parametrize("token", [-1, VOCABULARY])
def test_a_token_out_of_the_vocabulary_is_refused(llama: Llama, token: int) -> None:
    with pytest.raises(DuologueError, match="llama_decode"):
        llama.feed([token])


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (-1, 2), (1, 9), (2, 1)])
def test_only_what_is_there_is_dropped(llama: Llama, start: int, stop: int) -> None:
    llama.feed([1, 2, 3])
    with pytest.raises(ValueError, match="context of 3"):
        llama.drop(start, stop)


def test_native_figures(llama: Llama) -> None:
    assert 0 < llama.native_ms_per_token(20) < 100
    assert llama.native_ms() > 0
    assert llama.length == 0


def test_close_twice(model_path: Path) -> None:
    llama = Llama(model_path, 64)
    llama.close()
    llama.close()


def test_bad_files_get_one_sentence(
    model_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = model_path.read_bytes()
    files = {
        "text.gguf": b"hello",
        "empty.gguf": b"",
        "folder.gguf": None,
        "header.gguf": whole[:300],
        "cut.gguf": whole[: len(whole) // 2],
        "last.gguf": whole[:-64],
        "noise.gguf": b"GGUF" + bytes(range(256)) * 8,
        "later.gguf": b"GGUF\x63\x00\x00\x00" + whole[8:],
    }
    for name, content in files.items():
        path = tmp_path / name
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
    for name in (*files, "missing.gguf"):
        with pytest.raises(DuologueError) as caught:
            Llama(tmp_path / name, 64)
        sentence = str(caught.value)
        assert name in sentence
        assert sentence.endswith("install the bundle again.")
        assert "\n" not in sentence
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_a_model_of_what_is_no_number_is_refused(tmp_path: Path) -> None:
    path = write_tiny_llama(tmp_path / "model.gguf", scale=float("nan"))
    with pytest.raises(DuologueError, match="values that are not numbers; install"):
        Llama(path, 100)


def test_a_recurrent_model_is_refused(tmp_path: Path) -> None:
    path = write_tiny_mamba(tmp_path / "mamba.gguf")
    with pytest.raises(DuologueError, match=r"mamba\.gguf cannot forget"):
        Llama(path, 64)


def test_a_refused_roll_back_is_an_error() -> None:
    checked_roll_back(True, Path("model.gguf"))
    with pytest.raises(DuologueError, match=r"model\.gguf cannot forget"):
        checked_roll_back(False, Path("model.gguf"))
