"""Pieces become text again, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DuologueError
from engine.hearing.vocabulary import END, NO_TIMES, START, Vocabulary, read_vocabulary

SPECIAL = [END, START, NO_TIMES]


def test_bytes_of_a_character_may_be_spread_over_pieces() -> None:
    vocabulary = Vocabulary(["ĠcafÃ", "©", "Ċ", *SPECIAL])
    assert vocabulary.text([0, 1, 2, 3]) == " café\n"
    assert vocabulary.text([0, 2]) == " caf\N{REPLACEMENT CHARACTER}\n"


def test_numbers_that_are_no_text_are_left_out() -> None:
    assert Vocabulary(["a", *SPECIAL]).text([-1, 0, 1, 3, 99]) == "a"


@pytest.mark.parametrize(
    "content", ["", "a\nb\n", f"{START}\n{NO_TIMES}\n{END}\n", "漢\n" + "\n".join(SPECIAL)]
)
def test_a_file_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_text(content, "utf8")
    with pytest.raises(DuologueError, match="install the part for hearing again"):
        read_vocabulary(path)
