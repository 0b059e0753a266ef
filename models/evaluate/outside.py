"""Natural questions that the script does not answer: does the agent say so?

The questions are people's, from the open dialogues; no training read them, and the script has no
answer to them. Held-out natural voices ask them. Some may happen to be near to one of the script's
questions, so a few answers may be right without saying so.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate.confidence_intervals import share_of
from models.evaluate.context import Run, context_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.simulated_user import EARLIEST_ANSWER_S, SimulatedUser
from models.evaluate.spoken_words import spoken_words
from models.evaluate.user_voices import NATURAL, say
from models.script.words import script_words
from models.speech.kept_out_texts import free_sentences

FALLBACK_REPLIES = (script.FALLBACK_REPLY,)
GOAL_SAYS_SO, GOAL_SOMETHING_ELSE = Goal(least=0.90), Goal(most=0.05)
_MOST = 60
_SHARED_WORDS = 0.9
"""A question of which more words are the script's is left out: it may be one of its own."""
_OPENINGS = frozenset(
    "what who when where why how which whose is are was were do does did can could will would "
    "should have has".split()
)

Outcome = Literal["says so", "something else", "nothing"]


@dataclass(frozen=True)
class OutsideAnswer:
    """What the agent answered to a question outside the script."""

    question: str
    voice: str
    outcome: Outcome
    said: str | None
    """Its words, or the known sentence that its units are nearest to."""


def outside_questions(sentences: Sequence[str], count: int) -> list[str]:
    """The first ``count`` questions among ``sentences`` that the script does not ask."""
    known = {" ".join(spoken_words(text)) for text in script.user_sentences()}
    words = {word for text in script_words() for word in spoken_words(text)}
    found = []
    for text in sentences:
        said = spoken_words(text)
        shared = sum(word in words for word in said) / len(said)
        asks = text.endswith("?") and said[0] in _OPENINGS
        if asks and shared <= _SHARED_WORDS and " ".join(said) not in known:
            found.append(text)
    return found[:count]


def plan(run: Run) -> list[tuple[int, str]]:
    """(number, question); none without natural voices."""
    if run.data is None or run.packs is None:
        return []
    sentences = free_sentences(run.data / "dialogues")
    return list(enumerate(outside_questions(sentences, min(run.exchanges, _MOST))))


def ask(what: tuple[int, str], run: Run) -> OutsideAnswer:
    """Ask a question in a conversation of its own."""
    number, question = what
    context = context_of(run)
    rng = random.Random(f"{run.seed}:{number}")
    voice = NATURAL[number % len(NATURAL)]
    simulated_user = SimulatedUser(context.duplex())
    simulated_user.wait(1)
    start, end = simulated_user.say(say(question, voice, rng, run.packs, run.kept))
    simulated_user.wait_for_answer()
    since = max(start, end - round(EARLIEST_ANSWER_S * SAMPLE_RATE_HZ))
    words = simulated_user.words_since(since)
    if words is not None:
        return OutsideAnswer(question, voice, _judged(words), words)
    frames = simulated_user.frames_since(since)
    if not context.matcher.speech_units(frames):
        return OutsideAnswer(question, voice, "nothing", None)
    said, _ = context.matcher.nearest(frames, plain_sentences(), sure=FALLBACK_REPLIES)
    begins = said is None and any(
        context.matcher.begins_with(frames, reply) for reply in FALLBACK_REPLIES
    )
    outcome: Outcome = "says so" if said in FALLBACK_REPLIES or begins else "something else"
    return OutsideAnswer(question, voice, outcome, said)


def _judged(words: str) -> Outcome:
    if not words:
        return "nothing"
    return "says so" if words.startswith(FALLBACK_REPLIES) else "something else"


def report(answers: Sequence[OutsideAnswer], _run: Run) -> Report:
    """Score how often it says so, and how often it answers something else."""
    outcomes = [one.outcome for one in answers]
    scores = [
        Score(
            f"outside the script, {outcome}",
            share_of([one == outcome for one in outcomes]),
            goal=goal,
            heard="natural",
        )
        for outcome, goal in (("says so", GOAL_SAYS_SO), ("something else", GOAL_SOMETHING_ELSE))
    ]
    entries = [
        {"question": one.question, "voice": one.voice, "outcome": one.outcome, "said": one.said}
        for one in answers
    ]
    return Report(scores, {"answers": entries})
