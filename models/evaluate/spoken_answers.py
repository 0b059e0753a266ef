"""Barge-in into an answer of the background mind: is the agent silent in time, and only then?

The answers are not the language model's, so nothing in its training is like them. "stop" and
questions should stop one; "mm hmm", coughs and other noises should not. The user asks what the
script has no answer to, and the mind has its answer ready.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.minds.mind import UNASKED, Outcome, Reply, Turn
from engine.minds.openings import lines_of
from engine.minds.two_minds import TwoMinds
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice
from models import script
from models.evaluate.confidence_intervals import median, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.interruptions import SILENT_WITHIN_MS, leading_backchannel_ms, noise_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.simulated_user import AcousticConditions, SimulatedUser
from models.evaluate.user_voices import NATURAL, say
from models.speech.rooms import USER_DB
from models.speech.voices import HELD_OUT

GOAL_SILENT, GOAL_GOES_ON = Goal(least=0.95), Goal(least=0.95)
KINDS = ("stop", "question", "mm hmm", "noise")
_AFTER_S = (1.0, 2.5)
"""How long the answer has been said when the sound comes; the answers last 6 s or more."""
_WATCHED_S = 2.5
ANSWERS = (
    "The heart pumps blood through the body. It beats a hundred thousand times a day without rest.",
    "Bread rises because yeast eats the sugar in the dough and gives off a gas that makes bubbles.",
    "A light year is the distance that light travels in one year. The nearest star is four of them "
    "away.",
    "Turn the printer off and on again first. If that does not help, look for paper in the tray.",
    "Whales are mammals and not fish. They breathe air, and their young drink milk like calves do.",
    "The river runs through eleven countries before it reaches the sea, and many people live on "
    "it.",
)


@dataclass(frozen=True)
class AnswerTrial:
    """The result of one sound played into an answer."""

    kind: str
    what: str
    voice: str
    spoke: bool
    """Whether the answer was being said at all."""
    stop_ms: float | None
    """From the onset of the sound, or of its first word that is no backchannel, to the agent's
    silence; None where it went on."""


class _Ready:
    """A mind that has one answer, and nothing after it."""

    def __init__(self, answer: Reply) -> None:
        self._replies = [answer]
        self.outcome: Outcome | None = None

    def turn(self, turn: Turn) -> None:
        """Not asked: the answer comes by itself."""

    def poll(self) -> Sequence[Reply]:
        replies, self._replies = self._replies, []
        return replies

    def over(self, outcome: Outcome) -> None:
        self.outcome = self.outcome or outcome


def plan(run: Run) -> list[tuple[str, int]]:
    """(kind, number) of the sounds."""
    return [(kind, number) for kind in KINDS for number in range(run.situations)]


def play_into_answer(
    sound: tuple[str, int], run: Run, voices: Sequence[str] | None = None
) -> AnswerTrial:
    """Let the agent say an answer, and play a sound into it."""
    kind, number = sound
    rng = random.Random(f"answer {kind} {run.seed} {number}")
    voices = voices or (*HELD_OUT, *(NATURAL if run.packs else ()))
    voice = voices[number % len(voices)]
    duplex, speaker = context_of(run).duplex(), _speaker()
    manifest = duplex.bundle.manifest
    sentences = tuple(speaker.say(ANSWERS[number % len(ANSWERS)]))
    mind = _Ready(Reply(UNASKED, sentences, takes_over=True))
    lines = lines_of(speaker)
    duplex.attach(TwoMinds(duplex.format, manifest.own_silence_unit, mind, lines))
    simulated_user = SimulatedUser(duplex, AcousticConditions(seed=number))
    lead_ms = 0.0
    simulated_user.wait(0.5 + rng.uniform(*_AFTER_S))
    spoke = mind.outcome is None
    onset = simulated_user.now
    if kind == "noise":
        noise = noise_of(run, number)
        what = noise.name
        simulated_user.play(noise.audio, USER_DB)
    else:
        what = _words(kind, rng)
        speech = say(what, voice, rng, run.packs, run.kept)
        if kind == "stop":
            lead_ms = leading_backchannel_ms(what, speech)
        simulated_user.say(speech)
    until = onset + round(_WATCHED_S * SAMPLE_RATE_HZ)
    simulated_user.wait(max(until - simulated_user.now, 0) / SAMPLE_RATE_HZ)
    duplex.attach(None)
    stop = None
    if mind.outcome and not mind.outcome.whole and simulated_user.yields:
        stop = (simulated_user.yields[0] - onset) * 1000 / SAMPLE_RATE_HZ - lead_ms
    return AnswerTrial(kind, what, voice, spoke, stop)


def _words(kind: str, rng: random.Random) -> str:
    if kind == "stop":
        return rng.choice(script.STOPS)
    if kind == "mm hmm":
        return rng.choice(script.BACKCHANNELS)
    scenes = script.scenes()
    return rng.choice(rng.choice(scenes[rng.choice(sorted(scenes))]).turns[0].users)


def report(trials: Sequence[AnswerTrial], _run: Run) -> Report:
    """Score how soon the agent is silent, and how often it goes on."""
    spoken = [trial for trial in trials if trial.spoke]

    def of(*kinds: str) -> list[AnswerTrial]:
        return [trial for trial in spoken if trial.kind in kinds]

    def in_time(*kinds: str) -> list[bool]:
        return [t.stop_ms is not None and t.stop_ms <= SILENT_WITHIN_MS for t in of(*kinds)]

    waits = [trial.stop_ms for trial in of("stop", "question") if trial.stop_ms is not None]
    scores = [
        Score(
            "silent in 600 ms when an answer is interrupted",
            share_of(in_time("stop", "question")),
            goal=GOAL_SILENT,
        ),
        Score('the same at "stop"', share_of(in_time("stop"))),
        Score("silent at all", share_of([t.stop_ms is not None for t in of("stop", "question")])),
        Score("silent after, median", median(waits), "ms"),
        *(
            Score(
                f"an answer goes on at {name}",
                share_of([trial.stop_ms is None for trial in of(kind)]),
                goal=GOAL_GOES_ON,
            )
            for kind, name in (("mm hmm", '"mm hmm"'), ("noise", "a noise"))
        ),
    ]
    return Report(scores, {"trials": [vars(trial) for trial in trials]})


@lru_cache(maxsize=1)
def _speaker() -> AgentVoice:
    return AgentVoice()
