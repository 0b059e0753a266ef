"""Barge-in: does the agent stop telling a story when the user interrupts, and only then?

It should stop at "stop" or a question, and go on at a cough, a bark or the user's "mm hmm".
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.evaluate.confidence_intervals import median, share_of
from models.evaluate.context import Run, context_of
from models.evaluate.score import Goal, Report, Score
from models.evaluate.sentence_matcher import SentenceMatcher
from models.evaluate.simulated_user import (
    AcousticConditions,
    SimulatedUser,
    longest_silence_ms,
    voice_activity,
)
from models.speech.noises import Noise, recorded_noises, synthetic_cough
from models.speech.rooms import USER_DB
from models.speech.voices import HELD_OUT, Speech, speak
from models.speech.word_alignment import word_spans

SILENT_WITHIN_MS = 600
GOAL_SILENT, GOAL_GOES_ON = Goal(least=0.95), Goal(least=0.95)
_AFTER_S = (1.0, 2.5)
"""How long the story has been told when the sound comes; the stories last 6.3 s or more."""
_QUIET_MS = 160
"""The agent has stopped where a silence of this length begins: its "okay" may follow soon."""
_QUESTION_SHARE = 1 / 3
"""Of interruptions; the others ask for silence."""
_WATCHED_S = 3.0
_LONGEST_PAUSE_MS = 400
"""Pauses inside a story are at most 200 ms long."""
_TELLING_S = 0.3
_UNLIKE = 0.3
"""Unit edit distance, as a share of what was said, above which the agent tells no such story."""
_STEP_MS = 20


@dataclass(frozen=True)
class StoryTrial:
    """The result of one sound played into a story."""

    kind: str
    what: str
    told: bool
    """Whether the agent was telling a story at all."""
    stop_ms: float
    """From the onset of the sound to the agent's silence, or, where it never stopped, to the end of
    the time that was watched."""
    went_on: bool
    leading_backchannel_ms: float = 0.0
    """From the same onset to the first word that is not a backchannel."""


# --- interruptions --------------------------------------------------------------------------------


def plan_interruptions(run: Run) -> list[int]:
    """Numbers of the interruptions."""
    return list(range(run.situations))


def interrupt(number: int, run: Run) -> StoryTrial:
    """Ask for a story and interrupt it."""
    rng = random.Random(f"interruption {run.seed} {number}")
    voice = HELD_OUT[number % len(HELD_OUT)]
    if rng.random() < _QUESTION_SHARE:
        scenes = script.scenes()
        kind = "question"
        words = rng.choice(rng.choice(scenes[rng.choice(sorted(scenes))]).turns[0].users)
    else:
        kind, words = "stop", rng.choice(script.STOPS)
    simulated_user, begun = _hear_story(number, voice, rng, run)
    speech = speak(words, voice, rng)
    onset, _ = simulated_user.say(speech)
    simulated_user.wait(_WATCHED_S)
    yielded = _watched(simulated_user, kind, words, begun, onset, run)
    return replace(yielded, leading_backchannel_ms=leading_backchannel_ms(words, speech))


def leading_backchannel_ms(text: str, speech: Speech) -> float:
    """From the first word to the first that is not a backchannel: the agent should go on at "okay",
    but stop at "okay stop"."""
    told = script.leading_backchannel(text.split())
    if not told:
        return 0.0
    spans = word_spans(text, speech.segments)
    return (spans[told][1] - spans[0][1]) * 1000 / SAMPLE_RATE_HZ


def report_interruptions(stories: Sequence[StoryTrial], _run: Run) -> Report:
    """Score how soon the agent is silent."""
    told = [story for story in stories if story.told]
    waits = [story.stop_ms - story.leading_backchannel_ms for story in told]
    in_time = share_of([wait <= SILENT_WITHIN_MS for wait in waits])
    from_onset = share_of([story.stop_ms <= SILENT_WITHIN_MS for story in told])
    scores = [
        Score("tells the story asked for", share_of([story.told for story in stories])),
        Score("silent in 600 ms when interrupted", in_time, goal=GOAL_SILENT),
        Score('the same, "okay stop" counted from "okay"', from_onset),
        Score("silent after, median", median(waits), "ms"),
    ]
    failures = [
        {"kind": story.kind, "said": story.what, "stop_ms": wait}
        for story, wait in zip(told, waits, strict=True)
        if wait > SILENT_WITHIN_MS
    ]
    return Report(scores, {"failures": failures})


# --- sounds that are no interruption --------------------------------------------------------------


def plan_noises(run: Run) -> list[tuple[str, int]]:
    """(kind, number): as many backchannels of the user as noises."""
    return [(kind, n) for kind in ("mm hmm", "noise") for n in range(run.situations)]


def play_into_story(noise: tuple[str, int], run: Run) -> StoryTrial:
    """Ask for a story, and play a backchannel or a noise into it."""
    kind, number = noise
    rng = random.Random(f"{kind} {run.seed} {number}")
    voice = HELD_OUT[number % len(HELD_OUT)]
    simulated_user, begun = _hear_story(number, voice, rng, run)
    if kind == "mm hmm":
        words = rng.choice(script.BACKCHANNELS)
        onset, _ = simulated_user.say(speak(words, voice, rng))
        what = words
    else:
        sound = noise_of(run, number)
        onset, what = simulated_user.now, sound.name
        simulated_user.play(sound.audio, USER_DB)
    simulated_user.wait(max(_WATCHED_S - (simulated_user.now - onset) / SAMPLE_RATE_HZ, 0))
    return _watched(simulated_user, kind, what, begun, onset, run)


def noise_of(run: Run, number: int) -> Noise:
    """A short noise: a recorded one where there is data, else a synthetic cough."""
    rng = np.random.default_rng([run.seed, number])
    if run.data is None:
        return synthetic_cough(rng)
    recorded = recorded_noises(run.data / "noise")
    return recorded[int(rng.integers(len(recorded)))]


def report_noises(stories: Sequence[StoryTrial], run: Run) -> Report:
    """Score how often the agent goes on."""
    told = [story for story in stories if story.told]

    def went_on(kind: str) -> list[bool]:
        return [story.went_on for story in told if story.kind == kind]

    source = "recorded noise" if run.data else "synthetic cough"
    scores = [
        Score('goes on at the user\'s "mm hmm"', share_of(went_on("mm hmm")), goal=GOAL_GOES_ON),
        Score(f"goes on at a {source}", share_of(went_on("noise")), goal=GOAL_GOES_ON),
    ]
    failures = [
        {"kind": story.kind, "heard": story.what, "stop_ms": story.stop_ms}
        for story in told
        if not story.went_on
    ]
    return Report(scores, {"stories": len(told), "failures": failures})


# --- stories --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _StoryInProgress:
    """A story that the user asked for."""

    since: int
    """Sample at which the prompt ends."""
    story: str | None
    """The story that the agent tells; None where it tells none."""


def _hear_story(
    number: int, voice: str, rng: random.Random, run: Run
) -> tuple[SimulatedUser, _StoryInProgress]:
    """A conversation in the middle of a story, if the agent tells one."""
    simulated_user = SimulatedUser(context_of(run).duplex(), AcousticConditions(seed=number))
    simulated_user.wait(1)
    _, since = simulated_user.say(speak(rng.choice(script.STORY_PROMPTS), voice, rng))
    simulated_user.wait(0.4 + rng.uniform(*_AFTER_S))
    telling = simulated_user.agent_is_speaking(_TELLING_S)
    story = (
        story_told(simulated_user.frames_since(since), context_of(run).matcher) if telling else None
    )
    return simulated_user, _StoryInProgress(since, story)


def story_told(frames: np.ndarray, matcher: SentenceMatcher) -> str | None:
    """The story that the units (one per frame) are all or the beginning of; None where they are
    neither, or hold more."""
    story, distance = matcher.nearest_prefix(frames, script.STORIES)
    return story if distance <= _UNLIKE else None


def _watched(
    simulated_user: SimulatedUser,
    kind: str,
    what: str,
    begun: _StoryInProgress,
    onset: int,
    run: Run,
) -> StoryTrial:
    watched = simulated_user.track()[onset : onset + round(_WATCHED_S * SAMPLE_RATE_HZ)]
    told = begun.story is not None
    went_on = told and longest_silence_ms(watched) < _LONGEST_PAUSE_MS
    if went_on:
        story = story_told(simulated_user.frames_since(begun.since), context_of(run).matcher)
        went_on = story == begun.story
    return StoryTrial(kind, what, told, stop_ms(watched), went_on)


def stop_ms(track: np.ndarray) -> float:
    """Onset of the first 160 ms of silence; the track's length where no silence reaches 400 ms, for
    shorter ones are a story's own pauses."""
    loud = voice_activity(track)
    if longest_silence_ms(track) < _LONGEST_PAUSE_MS:
        return float(len(loud) * _STEP_MS)
    quiet = np.convolve(loud, np.ones(_QUIET_MS // _STEP_MS), "valid") == 0
    return float(np.argmax(quiet) * _STEP_MS)
