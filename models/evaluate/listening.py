"""The agent as a listener: does it wait in the user's pauses, and does it give backchannels?

Pauses: the user pauses between two words of a sentence. Long turns: the user tells of their day,
and the agent's backchannels ("mm hmm", recognised by their units) are counted. The voices are
synthetic; where there is data, long turns are also made of people's recordings.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.sound.turn_taking import Span
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.dialogue.timing import HUMAN
from models.evaluate.confidence_intervals import ratio, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import SentenceMatcher, plain_sentences
from models.evaluate.simulated_user import AcousticConditions, SimulatedUser, speech_spans
from models.speech.voices import HELD_OUT, speak

GOAL_PAUSES = Goal(most=0.10)
GOAL_BACKCHANNELS = Goal(3, 7)
BACKCHANNEL_S = 1.5
"""Longer speech of the agent is a turn, not a backchannel."""
_REACTION_S = 0.5
"""Speech this soon after a pause was decided in the pause."""
_CUT_WORDS = 5
"""Shorter sentences get no pause."""
_TOLD = 6
"""Number of sentences in a long turn."""
_READ_S = 20.0
"""Least length of a long turn made of recordings."""


@dataclass(frozen=True)
class PauseTrial:
    """The result of one sentence with a pause."""

    voice: str
    before: str
    after: str
    pause_s: float
    spoke: bool
    answered: bool
    """Whether it took the turn after the whole sentence."""


def plan_pauses(run: Run) -> list[int]:
    """Numbers of the pauses."""
    return list(range(run.situations))


def pause(number: int, run: Run) -> PauseTrial:
    """Say a sentence with a pause in it."""
    rng = random.Random(f"pause {run.seed} {number}")
    before, after = cut_sentence(rng)
    voice = HELD_OUT[number % len(HELD_OUT)]
    simulated_user = SimulatedUser(context_of(run).duplex(), AcousticConditions(seed=number))
    simulated_user.wait(1)
    seconds = HUMAN.pause.draw(rng, *HUMAN.pauses)
    _, start = simulated_user.say(speak(before, voice, rng))
    simulated_user.wait(seconds)
    resumed, end = simulated_user.say(speak(after, voice, rng))
    simulated_user.wait_for_answer()
    reacted = min(resumed + round(_REACTION_S * SAMPLE_RATE_HZ), end)
    spoke = bool(within(speech_spans(simulated_user.track()), start, reacted))
    answered = simulated_user.floor_transfer_offset_ms(resumed, end) is not None
    return PauseTrial(voice, before, after, seconds, spoke, answered)


def cut_sentence(rng: random.Random) -> tuple[str, str]:
    """Cut a sentence of the user in two; the first part is not a sentence of the script itself.

    Orders are never cut: "can i get a large latte" is complete, whether milk follows or not.
    """
    whole = set(script.user_sentences())
    scenes = script.scenes()
    intents = sorted(set(scenes) - {scene.intent for scene in script.coffee.scenes()})
    while True:
        scene = rng.choice(scenes[rng.choice(intents)])
        words = rng.choice(scene.turns[0].users).split()
        if len(words) < _CUT_WORDS:
            continue
        cut = rng.randint(2, len(words) - 2)
        before, after = " ".join(words[:cut]), " ".join(words[cut:])
        if before not in whole:
            return before, after


def within(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Spans that overlap [start, end)."""
    return [span for span in spans if span.start_sample < end and span.end_sample > start]


def report_pauses(pauses: Sequence[PauseTrial], _run: Run) -> Report:
    """Score how often the agent speaks in a pause."""
    spoke = share_of([one.spoke for one in pauses])
    answered = share_of([one.answered for one in pauses])
    failures = [
        {"voice": one.voice, "before": one.before, "after": one.after, "pause_s": one.pause_s}
        for one in pauses
        if one.spoke
    ]
    scores = [
        Score("speaks in a user's pause of 0.3 to 1.2 s", spoke, goal=GOAL_PAUSES),
        Score("answers when the sentence is whole", answered),
    ]
    return Report(scores, {"failures": failures})


# --- long turns -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LongTurn:
    """The result of one long turn of the user."""

    voice: str
    """``people`` for recordings."""
    minutes: float
    backchannels: int
    turns: int
    """How often the agent said anything else."""


def plan_long_talks(run: Run) -> list[tuple[str, int]]:
    """(voice, number) of the long turns: half as many as other situations, for they take long."""
    count = max(run.situations // 2, 1)
    talks = [(HELD_OUT[number % len(HELD_OUT)], number) for number in range(count)]
    if run.data:
        talks += [("people", number) for number in range(count)]
    return talks


def hold_long_turn(talk: tuple[str, int], run: Run) -> LongTurn:
    """Speak to the agent in one long turn."""
    voice, number = talk
    rng = random.Random(f"long talk {run.seed} {number}")
    context = context_of(run)
    simulated_user = SimulatedUser(context.duplex(), AcousticConditions(seed=number))
    simulated_user.wait(1)
    asker = HELD_OUT[number % len(HELD_OUT)]
    simulated_user.say(speak(rng.choice(script.LONG_TALK_PROMPTS), asker, rng))
    simulated_user.wait_for_answer()
    start = simulated_user.now
    if voice == "people":
        told = reading(context.people, rng)
    else:
        told = [speak(text, voice, rng).trimmed() for text in rng.sample(script.LONG_TALK, _TOLD)]
    for index, part in enumerate(told):
        if index:
            simulated_user.wait(HUMAN.pause.draw(rng, *HUMAN.pauses))
        simulated_user.play(part)
    end = simulated_user.now
    simulated_user.wait(2)  # lets the agent finish what it began during the user's last word
    spans = [
        span for span in speech_spans(simulated_user.track()) if start <= span.start_sample < end
    ]
    short = sum(
        is_backchannel(span, simulated_user.frames_in(span), context.matcher) for span in spans
    )
    return LongTurn(voice, (end - start) / SAMPLE_RATE_HZ / 60, short, len(spans) - short)


def is_backchannel(span: Span, frames: np.ndarray, matcher: SentenceMatcher) -> bool:
    """Whether a span of the agent's speech is short and, by its units, a backchannel."""
    if span.duration_ms > BACKCHANNEL_S * 1000:
        return False
    said, _ = matcher.nearest(frames, plain_sentences())
    return said in script.BACKCHANNELS


def reading(people: Sequence[np.ndarray], rng: random.Random) -> list[np.ndarray]:
    """Consecutive recordings, mostly of one speaker, at least ``_READ_S`` long in all."""
    first = rng.randrange(len(people))
    chosen: list[np.ndarray] = []
    while sum(map(len, chosen)) < _READ_S * SAMPLE_RATE_HZ:
        chosen.append(people[(first + len(chosen)) % len(people)])
    return chosen


def report_long_talks(talks: Sequence[LongTurn], _run: Run) -> Report:
    """Score backchannels and other speech per minute of the user's turns."""
    scores = []
    synthetic = [talk for talk in talks if talk.voice != "people"]
    people = [talk for talk in talks if talk.voice == "people"]
    for name, some in (("synthetic voices", synthetic), ("people", people)):
        if not some:
            continue
        short = ratio([(talk.backchannels, talk.minutes) for talk in some])
        longer = ratio([(talk.turns, talk.minutes) for talk in some])
        scores += [
            Score(f"backchannels in long turns, {name}", short, "a minute", GOAL_BACKCHANNELS),
            Score(f"other words into long turns, {name}", longer, "a minute"),
        ]
    return Report(scores)
