"""What a text model writes, as it is to be heard: the same however its pieces are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assistant.for_the_ear import LONGEST_SENTENCE, SpokenSentences, spoken

WRITTEN = """<think>
Let me see. 1. First...
</think>

The **Eiffel Tower** is 330 m (1,083 ft) tall. Dr. Eiffel built it in 1889!

- It costs $5.50 to enter.
- See [the site](https://example.org/tower) 😀

```python
print("a. b.")
```
That is all, e.g. for 20% of us. """
HEARD = [
    "The Eiffel Tower is three hundred and thirty meters, one thousand and eighty three feet, tall.",
    "Doctor Eiffel built it in eighteen eighty nine!",
    "It costs five dollars and fifty cents to enter.",
    "See the site.",
    "That is all, for example for twenty percent of us.",
]


def _heard(pieces: list[str], most: int = 20, complete: bool = True) -> list[str]:
    sentences = SpokenSentences(most)
    return [
        *(said for piece in pieces for said in sentences.push(piece)),
        *sentences.finish(complete),
    ]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(WRITTEN)), max_size=60))
def test_the_cutting_of_the_pieces_changes_nothing(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WRITTEN)]
    assert _heard([WRITTEN[a:b] for a, b in itertools.pairwise(edges)]) == HEARD


def test_the_first_sentence_is_out_before_the_last_is_written() -> None:
    sentences = SpokenSentences(3)
    assert sentences.push("It is Paris. It lies on") == ["It is Paris."]
    assert sentences.push(" the Seine. And so on. Never.") == [
        "It lies on the Seine.",
        "And so on.",
    ]
    assert sentences.full and sentences.push(" More. ") == [] and sentences.finish() == []


def test_half_a_sentence_is_said_only_if_there_is_nothing_else() -> None:
    assert _heard(["One is whole. Two is not fin"], complete=False) == ["One is whole."]
    assert _heard(["Only this was wr"], complete=False) == ["Only this was wr."]
    assert _heard(["Whole", " to its end"]) == ["Whole to its end."]
    assert _heard(["<think>Never ended"], complete=False) == []
    assert _heard(["```\nnever ended"], complete=False) == []


def test_a_very_long_sentence_comes_in_parts() -> None:
    parts = _heard(["and then the cat, which was hungry, " * 20])
    assert len(parts) > 2 and all(len(part) <= LONGEST_SENTENCE + 1 for part in parts)
    assert all(part.endswith(",") for part in parts[:-1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It is 7:05 p.m. in the U.S. today!", "It is seven oh five p m in the US today!"),
        ("World War II lasted from 1939-1945.", "World War two lasted from nineteen thirty nine to nineteen forty five."),
        ("In the 1990s, about 5-10 km/h.", "In the nineteen nineties, about five to ten kilometers per hour."),
        ("Water boils at 100°C, i.e. 212 °F.", "Water boils at one hundred degrees Celsius, that is two hundred and "
         "twelve degrees Fahrenheit."),
        ("There are 1,500 of them.", "There are one thousand five hundred of them."),
        ("He was born on March 3, 1847.", "He was born on March three, eighteen forty seven."),
        ("E = mc^2", "E equals mc to the power of two."),
        ("5 + 3 = 8", "Five plus three equals eight."),
        ("COVID-19 and MP3.", "COVID nineteen and MP three."),
        ("I say no.", "I say no."),
        ("### Heading", "Heading."),
        ("2) Boil *water*", "Boil water."),
        ("Write to me@example.org or https://example.org/x.", "Write to or."),
        ("It costs £1.2 million", "It costs one point two million pounds."),
        ("The 21st of May", "The twenty first of May."),
        ("Pi is 3.14159...", "Pi is three point one four one five nine."),
        ("Tea & cake and/or 1/2 cup", "Tea and cake or one half cup."),
        ("-5°C", "Minus five degrees Celsius."),
        ("🙂🙂", ""),
        ("0#", "Zero."),
    ],
)  # fmt: skip
def test_what_is_written_in_signs_is_said_in_words(text: str, said: str) -> None:
    assert spoken(text) == said


@settings(deadline=None)
@given(st.text(max_size=300))
def test_nothing_that_cannot_be_read_is_left(text: str) -> None:
    for said in _heard([text], complete=True):
        assert not set(said) & set("0123456789*_`#<>[]{}|\\\n")
