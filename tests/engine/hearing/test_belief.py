"""What Whisper writes into noise is not believed, what people say is. All cases were met."""

from __future__ import annotations

import pytest

from engine.hearing.belief import is_believed
from engine.hearing.recogniser import Recognised, repeats_itself


@pytest.mark.parametrize(
    ("text", "probability", "no_speech", "pieces", "voice_s"),
    [
        ("What is your name?", 0.88, 0.05, 5, 1.1),
        ("Goodbye.", 0.52, 0.3, 3, 0.6),
        ("Yeah.", 0.5, 0.3, 2, 0.3),
        ("No.", 0.6, 0.2, 2, 0.3),
        ("No, no, no.", 0.8, 0.2, 6, 1.0),
    ],
)
def test_people_are_believed(
    text: str, probability: float, no_speech: float, pieces: int, voice_s: float
) -> None:
    assert is_believed(Recognised(text, probability, no_speech, pieces, True), voice_s)


@pytest.mark.parametrize(
    ("text", "probability", "no_speech", "pieces", "voice_s", "complete"),
    [
        ("You", 0.39, 0.5, 1, 0.4, True),  # silence
        ("Thank you", 0.5, 0.92, 2, 0.5, True),  # the end of a breath
        ("Okay.", 0.45, 0.56, 2, 0.14, True),  # a clock
        ("Uh-oh! Uh-oh! Uh-oh! Uh-oh!", 0.59, 0.53, 16, 4.3, True),  # a crying child
        ("Oh my gosh. Oh my gosh.", 0.5, 0.4, 8, 3.0, True),
        ("No! No! No!", 0.28, 0.59, 6, 4.65, True),
        ("Yay! Yay!", 0.31, 0.39, 6, 3.5, True),
        ("Mm-hmm", 0.40, 0.5, 5, 4.3, True),  # a chainsaw
        ("and the rest of the rest of the rest", 0.66, 0.3, 22, 1.0, False),  # without an end
        ("Thanks for watching, and see you in the next video.", 0.7, 0.5, 13, 0.3, True),
        ("...", 0.9, 0.1, 1, 1.0, True),
    ],
)
def test_noises_are_not(
    text: str, probability: float, no_speech: float, pieces: int, voice_s: float, complete: bool
) -> None:
    assert not is_believed(Recognised(text, probability, no_speech, pieces, complete), voice_s)


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("What is the capital of France? What is the capital of France?", True),
        ("Well, I see. Well, I see.", True),
        ("No, no, no.", False),
        ("five five five one two", False),
        ("", False),
    ],
)
def test_a_sentence_said_twice_is_noticed(text: str, repeats: bool) -> None:
    assert repeats_itself(text) is repeats
