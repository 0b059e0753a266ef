"""Questions that a language model cannot know, by the words of the starter's texts."""

from __future__ import annotations

import pytest

from engine.minds.known_words import KnownWords
from engine.syncllm.bundle import load_bundle

KNOWN = KnownWords(load_bundle().pieces)


@pytest.mark.parametrize(
    "text",
    [
        "Who painted the Mona Lisa?",
        "Um, what is the chemical symbol for gold?",
        "Can you explain what gravity is?",
        "Who wrote Romeo and Juliet",
        "The largest volcano?",
    ],
)
def test_a_question_with_a_strange_word_is_beyond_the_model(text: str) -> None:
    assert KNOWN.asks_beyond(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "What's the capital of Italy?",
        "How many legs does a spider have?",
        "What is 5 plus 4?",
        "What colour is an orange?",
        "What color is an orange?",
        "Can I have a triple shot eight ounce coffee with some milk?",
        "I painted the Mona Lisa.",  # no question
        "So?",
        "",
    ],
)
def test_what_the_model_may_know_is_left_to_it(text: str) -> None:
    assert not KNOWN.asks_beyond(text)


def test_a_bundle_without_a_vocabulary_leaves_all_to_its_model() -> None:
    assert not KnownWords(["a", " b"]).asks_beyond("Who painted the Mona Lisa?")
