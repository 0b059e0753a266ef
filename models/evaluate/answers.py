"""Does the agent give the right answer, and when? All intents of the script, in held-out voices.

Whole scenes are played, several in a conversation; the answer to a scene's last turn is scored. The
same scenes in the same voices are played in a quiet room, in noise, in a simulated room, and at
several latencies, so that these can be compared. Natural voices come first, formant and diphone
voices after them as rows of their own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.record.transcript import Side
from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate.confidence_intervals import median, ratio
from models.evaluate.context import Run, context_of
from models.evaluate.order_slots import one_slot_apart
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import plain_sentences
from models.evaluate.simulated_user import EARLIEST_ANSWER_S, AcousticConditions, SimulatedUser
from models.evaluate.user_voices import KINDS, Kind, say, voices_of
from models.evaluate.word_errors import word_errors
from models.script import Scene, coffee
from models.script.remembered import FACTS
from models.speech.rooms import draw_room

NOISE_DB = -15.0
CONDITIONS = {
    "clean": "quiet room",
    "noise": f"noise at {-NOISE_DB:g} dB",
    "room": "simulated room",
}
LATENCIES_MS = (0, 80, 160, 240)
GOALS_RIGHT: dict[Kind, dict[str, Goal]] = {
    "natural": {"clean": Goal(least=0.97), "noise": Goal(least=0.93), "room": Goal(least=0.90)},
    "formant": {"clean": Goal(least=0.95), "noise": Goal(least=0.88), "room": Goal(least=0.88)},
}
GOALS_CAPTIONS = {"clean": Goal(most=0.07), "room": Goal(most=0.12)}
"""Of the user's words, in natural voices."""
GOAL_TURNS, GOAL_DELAY_MS = Goal(least=0.97), Goal(100, 400)
GOAL_LATE = Goal(least=0.90)
"""Right answers at the longest latency, as a share of those at none."""
_SCENES = 8
"""In a conversation."""
_FIRST_ROOM = 4_000_000
"""The seeds of the training's rooms are lower."""
_ASKED_TOO_EARLY = {f"unknown {fact.name}" for fact in FACTS}


@dataclass(frozen=True)
class Conversation:
    """The plan of one conversation."""

    number: int
    scenes: tuple[Scene, ...]
    condition: str
    latency_ms: int | None
    """None: the run's."""
    kind: Kind = "formant"


@dataclass(frozen=True)
class Answer:
    """The result of one scene."""

    condition: str
    latency_ms: int | None
    intent: str
    voice: str
    asked: tuple[str, ...]
    """The user's sentences in the scene."""
    expected: str
    words: str | None
    """The answer's words in the text slot; None without a slot."""
    recognised: str | None
    """The known sentence whose units are nearest to the answer's."""
    distance: float
    delays_ms: tuple[float | None, ...]
    """Floor-transfer offset of the answer to each turn; None where none came in time."""
    captions: dict[Side, str] = field(default_factory=dict)
    """The captions of the user's sentences and of the agent's last answer."""
    kind: Kind = "formant"

    @property
    def right_units(self) -> bool:
        """Whether the answer's units are nearest to those of the right answer."""
        return self.recognised == self.expected

    @property
    def right(self) -> bool:
        """Whether the answer's words are right; without a text slot, its units."""
        return self.right_units if self.words is None else self.words == self.expected


# --- what is asked --------------------------------------------------------------------------------


def plan_conditions(run: Run) -> list[Conversation]:
    """The run's scenes in each kind of voice that the run has, in each of ``CONDITIONS``."""
    return [
        talk
        for kind in kinds_of(run)
        for condition in CONDITIONS
        for talk in _conversations(run, condition, None, kind)
    ]


def kinds_of(run: Run) -> list[Kind]:
    """The kinds of voices that a run has: natural ones need their style packs."""
    return [kind for kind in KINDS if kind != "natural" or run.packs]


def plan_latencies(run: Run) -> list[Conversation]:
    """The run's scenes at each of ``LATENCIES_MS``."""
    kind = kinds_of(run)[0]
    return [talk for ms in LATENCIES_MS for talk in _conversations(run, "clean", ms, kind)]


def _conversations(
    run: Run, condition: str, latency_ms: int | None, kind: Kind
) -> Iterator[Conversation]:
    scenes = draw_scenes(run.exchanges, run.seed)
    for number, first in enumerate(range(0, len(scenes), _SCENES)):
        # Questions for facts that were never told come before any fact is told.
        some = sorted(
            scenes[first : first + _SCENES], key=lambda scene: scene.intent not in _ASKED_TOO_EARLY
        )
        yield Conversation(number, tuple(some), condition, latency_ms, kind)


def draw_scenes(count: int, seed: int) -> list[Scene]:
    """Draw scenes of the script, spread evenly over the intents."""
    rng = random.Random(seed)
    intents = sorted(script.scenes())
    rng.shuffle(intents)
    chosen = (intents[index % len(intents)] for index in range(count))
    return [rng.choice(script.scenes()[intent]) for intent in chosen]


# --- asking it ------------------------------------------------------------------------------------


def converse(talk: Conversation, run: Run) -> list[Answer]:
    """Hold a conversation."""
    context = context_of(run)
    seed = 1000 * run.seed + talk.number
    rng = random.Random(seed)
    simulated_user = SimulatedUser(
        context.duplex(talk.latency_ms), acoustic_conditions(talk.condition, seed)
    )
    simulated_user.wait(1)
    return [_play(scene, talk, simulated_user, run, rng) for scene in talk.scenes]


def acoustic_conditions(condition: str, seed: int) -> AcousticConditions:
    """The acoustics of one of ``CONDITIONS``."""
    if condition == "noise":
        return AcousticConditions(noise_db=NOISE_DB, seed=seed)
    if condition == "room":
        return AcousticConditions(
            impulse_response=draw_room(_FIRST_ROOM + seed, 0).user_response, seed=seed
        )
    return AcousticConditions(seed=seed)


def _play(
    scene: Scene,
    talk: Conversation,
    simulated_user: SimulatedUser,
    run: Run,
    rng: random.Random,
) -> Answer:
    voice = rng.choice(voices_of(talk.kind))
    asked, delays = [], []
    begin = since = simulated_user.now
    for turn in scene.turns:
        asked.append(rng.choice(turn.users))
        start, end = simulated_user.say(say(asked[-1], voice, rng, run.packs, run.kept))
        simulated_user.wait_for_answer()
        delays.append(simulated_user.floor_transfer_offset_ms(start, end))
        since = max(start, end - round(EARLIEST_ANSWER_S * SAMPLE_RATE_HZ))
    expected = scene.turns[-1].agent
    recognised, distance = context_of(run).matcher.nearest(
        simulated_user.frames_since(since), _competing_sentences(expected), sure=[expected]
    )
    return Answer(
        condition=talk.condition,
        latency_ms=talk.latency_ms,
        intent=scene.intent,
        voice=voice,
        asked=tuple(asked),
        expected=expected,
        words=simulated_user.words_since(since),
        recognised=recognised,
        distance=distance,
        delays_ms=tuple(delays),
        captions=simulated_user.captions_since({"user": begin, "agent": since}),
        kind=talk.kind,
    )


def _competing_sentences(expected: str) -> Sequence[str]:
    """Candidates for the answer: all sentences but orders, and orders one slot from the right
    one."""
    order = coffee.parse_order(expected)
    if order is None:
        return plain_sentences()
    near = (other.reply() for others in one_slot_apart(order).values() for other in others)
    return (*plain_sentences(), *near)


# --- figures --------------------------------------------------------------------------------------


def report_conditions(conversations: Sequence[Sequence[Answer]], _run: Run) -> Report:
    """Score right answers by kind of voice and condition, and turns taken in a quiet room."""
    scores: list[Score] = []
    answers = [answer for conversation in conversations for answer in conversation]
    details: dict[str, Any] = {}
    for kind, voices in KINDS.items():
        talks = [talk for talk in conversations if talk[0].kind == kind]
        if not talks:
            continue
        for condition, where in CONDITIONS.items():
            some = [talk for talk in talks if talk[0].condition == condition]
            place = f"{voices}, {where}"
            scores += _right(f"right answer, {place}", some, GOALS_RIGHT[kind][condition], kind)
            goal = GOALS_CAPTIONS.get(condition) if kind == "natural" else None
            scores += _captions(place, some, goal, kind)
        quiet = [talk for talk in talks if talk[0].condition == "clean"]
        delays = [[delay for answer in talk for delay in answer.delays_ms] for talk in quiet]
        taken = ratio([(sum(ms is not None for ms in some), len(some)) for some in delays])
        in_time = [ms for some in delays for ms in some if ms is not None]
        scores += [
            Score(f"takes the turn within 2 s, {voices}", taken, goal=GOAL_TURNS, heard=kind),
            Score(
                f"delay of the answer, median, {voices}",
                median(in_time), "ms", GOAL_DELAY_MS, heard=kind,
            ),
        ]  # fmt: skip
        heard = [answer for talk in quiet for answer in talk]
        details[kind] = {
            "right_by_voice": _right_by("voice", heard),
            "right_by_intent": _right_by("intent", heard),
            "delay_ms_quartiles": np.percentile(in_time, [25, 75]).tolist() if in_time else [],
        }
    return Report(scores, details | {"failures": _failures(answers)})


def report_latencies(conversations: Sequence[Sequence[Answer]], run: Run) -> Report:
    """Score right answers by latency, and the longest latency against none."""
    by_latency = {ms: [t for t in conversations if t[0].latency_ms == ms] for ms in LATENCIES_MS}
    scores: list[Score] = []
    for ms, some in by_latency.items():
        scores += _right(f"right answer at {ms} ms latency", some)
    first, last = (
        [sum(answer.right for answer in talk) for talk in by_latency[ms]]
        for ms in (LATENCIES_MS[0], LATENCIES_MS[-1])
    )
    kept = ratio(list(zip(last, first, strict=True)))
    what = f"right at {LATENCIES_MS[-1]} ms for one right at {LATENCIES_MS[0]} ms"
    scores.append(Score(what, kept, goal=GOAL_LATE))
    answers = [answer for conversation in conversations for answer in conversation]
    return Report(scores, {"failures": _failures(answers)})


def _right(
    what: str,
    conversations: Sequence[Sequence[Answer]],
    goal: Goal | None = None,
    heard: Kind | None = None,
) -> list[Score]:
    """Score right answers, and with a text slot also those whose units are right, too.

    The interval resamples whole conversations, because the answers of one share its room and noise.
    """
    whole = ratio([(sum(one.right for one in talk), len(talk)) for talk in conversations])
    scores = [Score(what, whole, goal=goal, heard=heard)]
    if any(answer.words is not None for talk in conversations for answer in talk):
        both = [
            (sum(one.right and one.right_units for one in talk), len(talk))
            for talk in conversations
        ]
        scores.append(Score(f"{what}, its units too", ratio(both), heard=heard))
    return scores


def _captions(
    where: str, conversations: Sequence[Sequence[Answer]], goal: Goal | None, heard: Kind
) -> list[Score]:
    """Score the captions' word errors: the user's, and the agent's where its answer was right."""
    scores = []
    sides: tuple[Side, ...] = ("user", "agent")
    for side in sides:
        rows = [errors for talk in conversations if (errors := _errors(side, talk))]
        if rows:
            what = f"words of the {side} wrong in captions, {where}"
            wanted = goal if side == "user" else None
            scores.append(Score(what, ratio(rows), goal=wanted, heard=heard))
    return scores


def _errors(side: Side, talk: Sequence[Answer]) -> tuple[int, int] | None:
    """(word errors, words said) of a conversation; None where no words count."""
    counted = [
        word_errors(
            (" ".join(answer.asked) if side == "user" else answer.expected).split(),
            answer.captions[side].split(),
        )
        for answer in talk
        if side in answer.captions and (side == "user" or answer.right_units)
    ]
    if not counted:
        return None
    wrong, said = (sum(column) for column in zip(*counted, strict=True))
    return wrong, said


def _right_by(name: str, answers: Sequence[Answer]) -> dict[str, float]:
    asked = Counter(getattr(answer, name) for answer in answers)
    right = Counter(getattr(answer, name) for answer in answers if answer.right)
    return {key: right[key] / asked[key] for key in sorted(asked)}


def _failures(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    return [
        {
            "place": answer.condition,
            "latency_ms": answer.latency_ms,
            "voice": answer.voice,
            "question": " / ".join(answer.asked),
            "expected": answer.expected,
            "words": answer.words,
            "units": answer.recognised,
            "distance": round(answer.distance, 2),
            "captions": answer.captions,
        }
        for answer in answers
        if not answer.right
    ]
