"""Pieces of text: what is spelt joins to the same words, and a foreign file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DuologueError
from engine.syncllm.word_pieces import read_pieces, text_to_pieces, write_pieces

PIECES = [*" it| is| nine|teen|ty| |a|b|c| ab".replace("| |", "|").split("|"), " a", " b", " c"]


def test_the_longest_piece_is_taken() -> None:
    pieces = [" n", " nine", "ine", "teen", "i", "ne"]
    assert text_to_pieces("nineteen", pieces) == [1, 3]
    assert text_to_pieces("  nine\tnine\n", pieces) == [1, 1]
    assert text_to_pieces("", pieces) == []


def test_a_word_that_no_piece_fits_is_named() -> None:
    with pytest.raises(ValueError, match="' x'"):
        text_to_pieces("it x", PIECES)


@given(st.lists(st.sampled_from(["it", "is", "nineteen", "abc", "cab", "a"]), max_size=12))
def test_what_is_spelt_joins_to_the_same_text(words: list[str]) -> None:
    spelt = text_to_pieces(" ".join(words), PIECES)
    assert "".join(PIECES[number] for number in spelt) == "".join(f" {word}" for word in words)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    pieces = [" für", "ß", "’s"]
    write_pieces(tmp_path / "pieces.json", pieces)
    assert read_pieces(tmp_path / "pieces.json", 3) == tuple(pieces)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[" * 100_000, "null", '{"a": 1}', "[1, 2]", '["a"]', '["a", "a"]', '["a", ""]',
     '["a", " "]', json.dumps(["a", "b\n"]), json.dumps(["a", "b\x07"])],
)  # fmt: skip
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pieces.json"
    path.write_text(content, encoding="utf8")
    with pytest.raises(DuologueError, match="install the bundle again"):
        read_pieces(path, 2)
