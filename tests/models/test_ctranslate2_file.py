"""Weights go through a file unchanged, and lose no more than 8 bits lose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.ctranslate2_file import WeightFile, read_weights, to_int8, write_weights
from models.whisper_package import checked_whisper


def made() -> WeightFile:
    rng = np.random.default_rng(3)
    weights = {
        "decoder/embeddings/weight": rng.normal(0, 0.2, (30, 8)).astype(np.float16),
        "encoder/conv1/weight": rng.normal(0, 0.2, (4, 2, 3)).astype(np.float32),
        "encoder/conv1/bias": rng.normal(0, 1, 4).astype(np.float16),
        "encoder/num_heads": np.array(6, np.int16),
    }
    weights["encoder/conv1/weight"][2] = 0
    return WeightFile(
        "WhisperSpec", 3, weights, {"decoder/projection/weight": "decoder/embeddings/weight"}
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file, path = made(), tmp_path / "model.bin"
    write_weights(path, file)
    again = read_weights(path)
    assert (again.model, again.revision, again.aliases) == (file.model, 3, file.aliases)
    for name, values in file.weights.items():
        np.testing.assert_array_equal(again.weights[name], values)


def test_the_installed_file_is_written_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    write_weights(path, read_weights(checked_whisper()))
    assert path.read_bytes() == checked_whisper().read_bytes()


def test_eight_bits_are_near() -> None:
    file = made()
    small = to_int8(file)
    for name in ("decoder/embeddings/weight", "encoder/conv1/weight"):
        values = small.weights[name]
        scale = small.weights[f"{name}_scale"].reshape(-1, *[1] * (values.ndim - 1))
        assert values.dtype == np.int8
        np.testing.assert_allclose(values / scale, file.weights[name], atol=0.51 / scale.min())
    assert small.weights["encoder/conv1/bias"].dtype == np.float32
    assert small.weights["encoder/num_heads"] == 6
    assert small.aliases["decoder/projection/weight_scale"] == "decoder/embeddings/weight_scale"


@pytest.mark.parametrize(
    "content", [b"", b"\x05\0\0\0", b"\x06\0\0\0\x03\0Ab\0\x03\0\0\0\xff\0\0\0"]
)
def test_a_file_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="ends early|version"):
        read_weights(path)
