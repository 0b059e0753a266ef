"""Words get the times of their phones, and the text that fits a sound best is found."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from models.script import coffee
from models.speech.corpus import LABEL_SAMPLES, phone_labels
from models.speech.phones import PAUSE, PHONES
from models.speech.voices import speak, speak_flite
from models.speech.word_alignment import best_transcript, segments_of, word_phones, word_spans


def test_words_follow_one_another_and_fill_the_sentence() -> None:
    text = "what is the capital of france"
    speech = speak_flite(text, "slt")
    spans = word_spans(text, speech.segments)
    spoken = [segment for segment in speech.segments if segment[2] != PAUSE]
    assert [word for word, _, _ in spans] == text.split()
    assert spans[0][1] == spoken[0][0]
    assert spans[-1][2] == spoken[-1][1]
    assert all(first[2] <= second[1] for first, second in pairwise(spans))


def test_a_word_lies_where_its_phones_are() -> None:
    speech = speak_flite("coffee tomorrow", "slt")
    (_, start, end), _ = word_spans("coffee tomorrow", speech.segments)
    inside = [phone for a, b, phone in speech.segments if start <= a and b <= end]
    assert tuple(inside) == word_phones("coffee")


def test_more_words_than_phones_still_have_times() -> None:
    spans = word_spans("a b c", [(0, 320, 1), (320, 640, PAUSE)])
    assert [span[1:] for span in spans] == [(0, 320)] * 3
    assert word_spans("hello", [(0, 640, PAUSE)]) == []


def test_labels_become_segments() -> None:
    labels = np.array([PAUSE, 3, 3, 0], np.uint8)
    assert segments_of(labels) == [
        (0, LABEL_SAMPLES, PAUSE),
        (LABEL_SAMPLES, 3 * LABEL_SAMPLES, 3),
        (3 * LABEL_SAMPLES, 4 * LABEL_SAMPLES, 0),
    ]


def test_the_wording_of_an_order_is_found_in_its_sound() -> None:
    """With phones that are known but for some doubt."""
    label = (
        "coffeeDrink=latte; size=large; roast=dark roast; "
        "numberOfShots=double shot; milkAmount=lots of cream"
    )
    ways = coffee.ways_to_say(coffee.as_spoken(label))
    said = ways[3]
    text = f"can i have a {said}"
    speech = speak(text, "espeak:en-us+f2", random.Random(0))
    labels = phone_labels(speech, len(speech.audio))
    costs = np.full((len(labels), len(PHONES)), 5.0)
    costs[np.arange(len(labels)), labels] = 0.1
    found, _ = best_transcript(costs, [f"can i have a {way}" for way in ways])
    assert found == text
    asked, segments = best_transcript(costs, coffee.ways_to_ask(said))
    assert asked == text
    assert segments[-1][1] == len(labels) * LABEL_SAMPLES


def test_a_sound_too_short_for_every_text_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        best_transcript(np.zeros((2, len(PHONES))), ["a large latte"])


def test_ways_to_say_an_order_are_different_and_whole() -> None:
    order = coffee.as_spoken(
        "coffeeDrink=mocha; size=small; numberOfShots=double shot; milkAmount=milk; "
        "sugarAmount=a bit of sugar"
    )
    ways = coffee.ways_to_say(order)
    assert len(set(ways)) == len(ways) == 4
    assert "double shot small mocha with a bit of sugar and milk" in ways
    assert "brew a latte please" in coffee.ways_to_ask("latte")
