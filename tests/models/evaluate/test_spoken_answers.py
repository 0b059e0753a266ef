"""The board of barge-in into answers: what counts as in time."""

from __future__ import annotations

from models.evaluate.context import Run
from models.evaluate.spoken_answers import KINDS, AnswerTrial, plan, report


def test_scores() -> None:
    trials = [
        AnswerTrial("stop", "stop", "a", True, 450.0),
        AnswerTrial("stop", "wait", "a", True, 700.0),
        AnswerTrial("question", "what is a fox", "a", True, None),
        AnswerTrial("question", "what is a cow", "a", True, 580.0),
        AnswerTrial("mm hmm", "right", "a", True, None),
        AnswerTrial("mm hmm", "okay", "a", True, 300.0),
        AnswerTrial("noise", "cough", "a", True, None),
        AnswerTrial("noise", "cough", "a", False, 100.0),  # nothing was being said
    ]
    shares = [score.measured.value for score in report(trials, Run()).scores if score.measured]
    assert shares == [0.5, 0.5, 0.75, 580.0, 0.5, 1.0]


def test_as_many_of_each_kind() -> None:
    planned = plan(Run(exchanges=8))
    assert [kind for kind, _ in planned] == [kind for kind in KINDS for _ in range(2)]
