"""Units of two tokenizers are related by what they say of the same sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DuologueError
from models.speech.corpus import CorpusWriter
from models.tokenizer.changed_table import coincidence
from models.tokenizer.encode import encode_units
from models.tokenizer.network import save_tokenizer
from models.tokenizer.streaming_encoder import StreamingTokenizer
from tests.models.tokenizer.test_network import SMALL, small_net, sound


def test_each_unit_is_related_to_those_that_come_with_it(tmp_path: Path) -> None:
    net = small_net()
    noise = sound(200, 3)[0].numpy()
    with CorpusWriter(tmp_path / "corpus") as writer:
        writer.add(noise, np.zeros(400, np.uint8), "a voice", "a text")
    save_tokenizer(net, tmp_path / "before.pt")
    heard = np.unique(encode_units(net, noise))
    assert len(heard) > 1
    net.unit_of_centroid = 4 - net.unit_of_centroid
    save_tokenizer(net, tmp_path / "after.pt")
    shares = coincidence(tmp_path / "before.pt", tmp_path / "after.pt", [tmp_path / "corpus"])
    assert shares.shape == (5, 5)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares[4 - heard, heard], 1, atol=1e-3)
    silent = np.setdiff1d(np.arange(5), heard)
    np.testing.assert_allclose(shares[4 - silent], 0.2)


def test_a_tokenizer_without_units_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.pt"
    save_tokenizer(StreamingTokenizer(SMALL), path)
    with pytest.raises(DuologueError, match="run the command units first"):
        coincidence(path, path, [])
