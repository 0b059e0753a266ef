"""Questions outside the script: which are asked, and what counts as saying so."""

from __future__ import annotations

from models import script
from models.evaluate.context import Run
from models.evaluate.outside import Outcome, OutsideAnswer, _judged, outside_questions, report
from models.script.words import script_words


def test_only_questions_with_other_words_are_outside() -> None:
    own = script.user_sentences()[0]
    known = " ".join(script_words()[:3])
    sentences = [
        f"{own}?", f"what {known}?", "Have you watched the Hobbit trilogy?",
        "I watched the Hobbit trilogy.", "You watched the Hobbit trilogy?",
        "Who directed Chinatown?",
    ]  # fmt: skip
    found = outside_questions(sentences, 5)
    assert found == [sentences[2], sentences[5]]
    assert outside_questions(sentences, 1) == found[:1]


def test_words_that_begin_with_the_reply_say_so() -> None:
    assert _judged(script.FALLBACK_REPLY) == "says so"
    assert _judged(f"{script.FALLBACK_REPLY} but it is nice") == "says so"
    assert _judged("that makes four") == "something else"
    assert _judged("") == "nothing"


def test_report_of_outcomes() -> None:
    outcomes: tuple[Outcome, ...] = ("says so", "says so", "something else", "nothing")
    answers = [OutsideAnswer("why", "kokoro:am_adam", one, None) for one in outcomes]
    made = report(answers, Run())
    assert [score.measured.value for score in made.scores if score.measured] == [0.5, 0.25]
    assert [answer["outcome"] for answer in made.details["answers"]] == list(outcomes)
