"""What is written differently and spoken alike is the same words."""

from __future__ import annotations

import pytest

from models.evaluate.spoken_words import cardinal, ordinal, spoken_words
from models.evaluate.word_errors import word_errors


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("That makes 49.", "that makes forty nine"),
        ("forty-nine", "forty nine"),
        ("1,200 people", "one thousand two hundred people"),
        ("It costs $5.", "it costs five dollars"),
        ("$3.50, OK?", "three dollars and fifty cents okay"),
        ("at 3:30 p.m.", "at three thirty pm"),
        ("at 7:00", "at seven o'clock"),
        ("the 2nd and the 21st", "the second and the twenty-first"),
        ("10% off", "ten percent off"),
        ("2.5 miles", "two point five miles"),
        ("007", "zero zero seven"),
        ("I’m fine", "i'm fine"),
        ("Mm-hmm.", "mm hmm"),
        ("Mhm", "mm hmm"),
        ("my favourite colour", "my favorite color"),
        ("", ""),
    ],
)
def test_spellings_of_the_same_words(written: str, spoken: str) -> None:
    assert spoken_words(written) == spoken_words(spoken)


def test_different_words_stay_different() -> None:
    assert spoken_words("49") != spoken_words("94")
    assert spoken_words("book a table") != spoken_words("cook a table")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (13, "thirteen"), (20, "twenty"), (99, "ninety nine"), (100, "one hundred"),
        (342, "three hundred forty two"), (1_000_000, "one million"),
        (12_017, "twelve thousand seventeen"),
    ],
)  # fmt: skip
def test_numbers_in_words(number: int, words: str) -> None:
    assert cardinal(str(number)) == words


def test_ranks_in_words() -> None:
    ranks = [ordinal(number) for number in (1, 5, 12, 20, 33)]
    assert ranks == ["first", "fifth", "twelfth", "twentieth", "thirty third"]


def test_wrong_missing_and_extra_words_are_errors() -> None:
    said = "that makes forty nine".split()
    assert word_errors(said, said) == (0, 4)
    assert word_errors(said, "that is probably my name".split()) == (4, 4)
    assert word_errors(said, []) == (4, 4)
    assert word_errors(said, ["well", *said]) == (1, 4)
