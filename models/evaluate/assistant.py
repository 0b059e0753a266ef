"""The board of the assistant: what it hears, knows and does, in held-out natural voices.

Each request is a talk of its own, in a quiet place and in a simulated room. Times count the
processor's time of the engine's beside the talk's clock, so only a quiet machine's are to be
trusted; all else depends on no clock.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console
from rich.progress import track

from engine.assistant.actions import parse
from engine.assistant.request import Request
from engine.atomic_write import write_atomically
from engine.errors import DuologueError
from engine.hearing.part import check_part
from engine.syncllm.vocoder import StreamingVocoder
from engine.timebase import SAMPLE_RATE_HZ
from engine.voice.agent_voice import AgentVoice
from models.evaluate import spoken_answers
from models.evaluate.assistant_requests import (
    ACTIONS,
    NONSENSE,
    OWN_WORDS,
    facts,
    script_questions,
)
from models.evaluate.assistant_talk import Heard, TalkWithAssistant
from models.evaluate.confidence_intervals import median, ratio, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.interruptions import noise_of
from models.evaluate.score import Goal, Report, Score, show
from models.evaluate.simulated_user import AcousticConditions
from models.evaluate.spoken_requests import shown
from models.evaluate.spoken_words import spoken_words
from models.evaluate.user_voices import say
from models.evaluate.word_errors import word_errors
from models.speech.natural_voices import HELD_OUT
from models.speech.rooms import USER_DB, draw_room

Kind = Literal["script", "fact", "action", "nonsense"]
KINDS: tuple[Kind, ...] = ("script", "fact", "action", "nonsense")
PLACES = ("quiet", "room")
VOICES = ("af_nova", "am_onyx", "bf_lily", "bm_fable", "am_adam")
"""The held-out packs that are English."""
_FIRST_ROOM = 6_000_000
_RESIDUAL_DB = -25.0
"""The agent's own voice against a user's, as a poor canceller leaves it."""
_SAME_ANSWER = 0.34
"""Word errors of the reader in the script's answer that still are the same answer."""
_UNSURE = re.compile(
    r"\b(?:do not know|don't know|dont know|not sure|no answer|cannot know|sorry|no idea)\b"
)
_FILLER_MS = 600
_KEPT_EACH = 5
"""After so many trials the file is written, so that an interrupted run keeps them."""


@dataclass(frozen=True)
class Trial:
    """What is said or played, and what is right."""

    kind: Kind
    number: int
    text: str
    """Empty for a noise."""
    right: tuple[str, ...] = ()
    """The script's answer, words of a right one, or the action."""
    before: str = ""
    sound: Literal["voice", "noise", "agent"] = "voice"


@dataclass(frozen=True)
class Result:
    """What came of a trial."""

    kind: Kind
    place: str
    sound: str
    text: str
    heard: str
    said: str
    actions: tuple[str, ...]
    right: bool
    unsure: bool
    thought: bool
    word_errors: tuple[int, int]
    filler_ms: float | None
    answer_ms: float | None
    steps_ms: tuple[float, ...]
    chunk_ms: int


def plan(count: int, seed: int) -> list[Trial]:
    """So many trials of each kind, as far as there are so many."""
    asked = script_questions(count, seed)
    trials = [Trial("script", n, text, (answer,)) for n, (text, answer) in enumerate(asked)]
    trials += [Trial("fact", n, text, words) for n, (text, words) in enumerate(facts(count))]
    rng = random.Random(f"{seed} actions")
    actions = ACTIONS if count >= len(ACTIONS) else rng.sample(ACTIONS, count)
    trials += [
        Trial("action", n, text, (key,), told) for n, (text, key, told) in enumerate(actions)
    ]
    nonsense = [Trial("nonsense", n, text) for n, text in enumerate(NONSENSE)]
    noises = [Trial("nonsense", n, "", sound="noise") for n in range(len(NONSENSE))]
    own = [Trial("nonsense", n, text, sound="agent") for n, text in enumerate(OWN_WORDS)]
    mixed = [*nonsense, *noises, *own]
    return trials + (mixed if count >= len(mixed) else rng.sample(mixed, count))


def evaluate_assistant(
    run: Run,
    part: Path,
    model: Path | None,
    count: int = 30,
    interruptions: int = 30,
    json_path: Path | None = None,
    rule: bool = True,
    kinds: Sequence[Kind] = KINDS,
    places: Sequence[str] = PLACES,
) -> dict[str, Any]:
    """Run the board, print its table, and return (and write) its figures.

    ``part`` is the folder of the part for hearing, ``model`` a GGUF chat model; None: the text
    model is off. Raises DuologueError where the style packs or the part are missing.
    """
    check_part(part)
    if run.packs is None or not all((run.packs / f"{pack}.bin").is_file() for pack in HELD_OUT):
        raise DuologueError("Give the folder of style packs with --packs; see docs/training.md.")
    console = Console()
    trials = [trial for trial in plan(count, run.seed) if trial.kind in kinds]
    figures: dict[str, Any] = {
        "bundle": context_of(run).bundle.manifest.name,
        "model": model.name if model else None,
        "seed": run.seed,
        "boards": {},
    }
    scores: list[Score] = []

    def keep(name: str, report: Report) -> None:
        figures["boards"][name] = report.entry()
        if json_path:
            write_atomically(json_path, json.dumps(figures, indent=1) + "\n")

    given = _answers_in_writing(trials, part, model, run) if model else {}
    for place in places:
        results: list[Result] = []
        for trial in track(trials, place):
            results.append(_hold(trial, place, part, model, run, rule))
            if len(results) % _KEPT_EACH == 0:
                keep(place, _report(results, place, given))
        report = _report(results, place, given)
        keep(place, report)
        scores += report.scores
    if interruptions:
        wide = Run(**{**vars(run), "exchanges": 4 * interruptions})
        voices = [f"kokoro:{pack}" for pack in VOICES]
        barge_in = [
            spoken_answers.play_into_answer(one, wide, voices)
            for one in track(spoken_answers.plan(wide), "into an answer")
        ]
        report = spoken_answers.report(barge_in, wide)
        keep("into an answer", report)
        scores += report.scores
    show(console, f"assistant, {figures['bundle']}, {figures['model']}", scores)
    return figures


def _hold(trial: Trial, place: str, part: Path, model: Path | None, run: Run, rule: bool) -> Result:
    """One talk with one request."""
    seed = _FIRST_ROOM + 1000 * KINDS.index(trial.kind) + trial.number
    response = draw_room(seed, 0).user_response if place == "room" else None
    conditions = AcousticConditions(impulse_response=response, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        talk = TalkWithAssistant(
            context_of(run).duplex(), part, model, Path(folder), conditions, rule
        )
        try:
            if trial.before:
                talk.prepare(trial.before)
            sound, level_db = _sound(trial, run)
            return _judged(trial, place, talk.ask(sound, level_db))
        finally:
            talk.close()


def _sound(trial: Trial, run: Run) -> tuple[np.ndarray, float]:
    if trial.sound == "noise":
        return noise_of(run, trial.number).audio, USER_DB
    if trial.sound == "agent":
        return _agents_voice(trial.text, run), USER_DB + _RESIDUAL_DB
    rng = random.Random(f"{run.seed} {trial.kind} {trial.number}")
    voice = f"kokoro:{VOICES[trial.number % len(VOICES)]}"
    return say(trial.text, voice, rng, run.packs, run.kept).trimmed(), USER_DB


def _agents_voice(text: str, run: Run) -> np.ndarray:
    bundle = context_of(run).bundle
    units = [unit for sentence in AgentVoice().say(text) for unit in sentence.frames]
    return StreamingVocoder.of(bundle).push(units)


def _answers_in_writing(
    trials: Sequence[Trial], part: Path, model: Path, run: Run
) -> dict[str, tuple[str, bool]]:
    """What the text model says to each fact's question in writing, and whether that is right."""
    found = {}
    for trial in track([one for one in trials if one.kind == "fact"], "in writing"):
        with tempfile.TemporaryDirectory() as folder:
            talk = TalkWithAssistant(
                context_of(run).duplex(), part, model, Path(folder), AcousticConditions()
            )
            said = talk.in_writing(trial.text)
            talk.close()
        found[trial.text] = said, _has(said, trial.right)
    return found


def _has(said: str, words: Sequence[str]) -> bool:
    plain = f" {' '.join(spoken_words(said))} "
    return any(f" {' '.join(spoken_words(word))}" in plain for word in words)


def _judged(trial: Trial, place: str, heard: Heard) -> Result:
    actions = tuple(one.event.action for one in heard.done)
    if trial.kind == "script":
        wrong, length = word_errors(spoken_words(trial.right[0]), spoken_words(heard.said))
        right = not actions and wrong <= _SAME_ANSWER * length
    elif trial.kind == "fact":
        right = _has(heard.said, trial.right)
    elif trial.kind == "action":
        right = any(_is_same(one.event.heard, trial.text) and one.event.done for one in heard.done)
    else:
        right = not actions
    errors = word_errors(spoken_words(trial.text), spoken_words(heard.words))

    def since_end_ms(sample: int | None) -> float | None:
        return None if sample is None else (sample - heard.end_sample) * 1000 / SAMPLE_RATE_HZ

    return Result(
        trial.kind,
        place,
        trial.sound,
        trial.text,
        heard.words,
        heard.said,
        actions,
        right,
        bool(_UNSURE.search(heard.said)),
        heard.thought,
        errors,
        since_end_ms(heard.filler_sample),
        since_end_ms(heard.answer_sample),
        tuple(heard.steps_ms),
        heard.chunk_ms,
    )


def _is_same(heard: str, text: str) -> bool:
    """Whether both are the same request with the same slots, but for the recogniser's spelling."""
    now = datetime.now()
    return _plain(parse(heard, now)) == _plain(parse(text, now))


def _plain(request: Request | None) -> tuple[str, list[str]] | None:
    return (request.action, spoken_words(shown(request))) if request else None


def _report(results: Sequence[Result], place: str, given: dict[str, tuple[str, bool]]) -> Report:
    quiet = place == "quiet"
    of = {kind: [one for one in results if one.kind == kind] for kind in KINDS}
    fact, nonsense = of["fact"], of["nonsense"]
    spoken = [*of["script"], *fact, *of["action"]]
    thought = [one for one in fact if one.thought]
    wrong = [not one.right and bool(one.said) and not one.unsure for one in fact]
    steps = [ms > one.chunk_ms for one in results for ms in one.steps_ms]
    scores = [
        Score("words heard wrongly", ratio([one.word_errors for one in spoken]), "ratio",
              Goal(most=0.07 if quiet else 0.15)),
        Score("script answered right", share_of([one.right for one in of["script"]])),
        Score("script asked of the text model", share_of([one.thought for one in of["script"]])),
        Score("facts asked of the text model", share_of([one.thought for one in fact])),
        Score("facts answered right", share_of([one.right for one in fact])),
        Score("facts answered wrongly, as if certain", share_of(wrong)),
        Score("actions done right", share_of([one.right for one in of["action"]]),
              goal=Goal(least=0.95 if quiet else 0.90)),
        Score("acted on nonsense, noise or its own voice",
              share_of([not one.right for one in nonsense]), goal=Goal(most=0.0)),
        Score("acted on a question", share_of([bool(o.actions) for o in (*of["script"], *fact)]),
              goal=Goal(most=0.0)),
        Score("filler within 600 ms",
              share_of([o.filler_ms is not None and o.filler_ms <= _FILLER_MS for o in thought])),
        Score("first word of an answer, median", median(list(_times(thought))), "ms",
              Goal(most=2500.0)),
        Score("steps that took longer than a chunk", share_of(steps), goal=Goal(most=0.01)),
    ]  # fmt: skip
    if given and fact:
        pairs = [(float(one.right), float(given[one.text][1])) for one in fact]
        scores[5:5] = [
            Score("facts the text model knows in writing", share_of([bool(p[1]) for p in pairs])),
            Score("facts right, against those right in writing", ratio(pairs), "ratio",
                  Goal(least=0.9 if quiet else 0.8)),
        ]  # fmt: skip
    scores = [
        Score(f"{score.what} ({place})", score.measured, score.measure, score.goal, "natural")
        for score in scores
    ]
    trials = [asdict(one) | {"steps_ms": max(one.steps_ms, default=0.0)} for one in results]
    return Report(scores, {"trials": trials, "in_writing": given})


def _times(results: Sequence[Result]) -> Iterator[float]:
    for one in results:
        if one.answer_ms is not None:
            yield one.answer_ms
