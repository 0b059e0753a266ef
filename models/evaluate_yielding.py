"""What the agent does when it hears something while it tells a story: stop, or go on?

The user who interrupts wants it silent; a cough, a bark or the user's own "mm hmm" does not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.tokens import RATE_HZ
from models import script
from models.intervals import median, share_of
from models.known_sentences import KnownSentences
from models.noises import Noise, bursts, recorded_noises
from models.partner import Partner, Surroundings, longest_silence_ms, sounding
from models.rooms import USER_DB
from models.score import Goal, Report, Score
from models.studio import Run, studio_of
from models.voices import HELD_OUT, Speech, speak
from models.words import word_spans

SILENT_WITHIN_MS = 600
GOAL_SILENT, GOAL_GOES_ON = Goal(least=0.95), Goal(least=0.95)
_AFTER_S = (1.0, 2.5)
"""How long the story has gone on; the stories last 6.3 s and more."""
_QUIET_MS = 160
"""The agent is silent where so much without sound begins: "okay" may come soon after."""
_QUESTION_SHARE = 1 / 3
"""Of interruptions; the others ask for silence."""
_WATCHED_S = 3.0
_LONGEST_PAUSE_MS = 400
"""A story has pauses up to 200 ms."""
_TELLING_S = 0.3
_UNLIKE = 0.3
"""Unit edit distance, as a share of what was said, from a story that is not told any more."""
_STEP_MS = 20


@dataclass(frozen=True)
class Yielded:
    """What became of one story that was talked into."""

    kind: str
    what: str
    told: bool
    """Whether there was a story to be talked into."""
    stop_ms: float
    """From the beginning of what was heard to the agent's silence; to the end of what was watched
    where it was never silent."""
    went_on: bool
    told_ms: float = 0.0
    """From the same beginning to the first word that is more than a sign of listening."""


# --- interruptions --------------------------------------------------------------------------------


def plan_interruptions(run: Run) -> list[int]:
    """Numbers of the interruptions."""
    return list(range(run.situations))


def interrupt(number: int, run: Run) -> Yielded:
    """Ask for a story and cut in."""
    rng = random.Random(f"interruption {run.seed} {number}")
    voice = HELD_OUT[number % len(HELD_OUT)]
    if rng.random() < _QUESTION_SHARE:
        scenes = script.scenes()
        kind = "question"
        words = rng.choice(rng.choice(scenes[rng.choice(sorted(scenes))]).turns[0].users)
    else:
        kind, words = "stop", rng.choice(script.STOPS)
    partner, begun = _hear_story(number, voice, rng, run)
    speech = speak(words, voice, rng)
    onset, _ = partner.say(speech)
    partner.wait(_WATCHED_S)
    yielded = _watched(partner, kind, words, begun, onset, run)
    return replace(yielded, told_ms=_told_ms(words, speech))


def _told_ms(text: str, speech: Speech) -> float:
    """From the first word to the first that is more than a sign of listening: at "okay" the agent
    is to talk on, at "okay stop" not."""
    told = script.told_from(text.split())
    if not told:
        return 0.0
    spans = word_spans(text, speech.segments)
    return (spans[told][1] - spans[0][1]) * 1000 / RATE_HZ


def report_interruptions(stories: Sequence[Yielded], _run: Run) -> Report:
    """How soon the agent is silent."""
    told = [story for story in stories if story.told]
    waits = [story.stop_ms - story.told_ms for story in told]
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


# --- what is no interruption ----------------------------------------------------------------------


def plan_noises(run: Run) -> list[tuple[str, int]]:
    """(kind, number): as many of the user's backchannels as of noises."""
    return [(kind, n) for kind in ("mm hmm", "noise") for n in range(run.situations)]


def disturb_story(noise: tuple[str, int], run: Run) -> Yielded:
    """Ask for a story, and make a small sound while it is told."""
    kind, number = noise
    rng = random.Random(f"{kind} {run.seed} {number}")
    voice = HELD_OUT[number % len(HELD_OUT)]
    partner, begun = _hear_story(number, voice, rng, run)
    if kind == "mm hmm":
        words = rng.choice(script.BACKCHANNELS)
        onset, _ = partner.say(speak(words, voice, rng))
        what = words
    else:
        sound = _noise(run, number)
        onset, what = partner.now, sound.name
        partner.play(sound.audio, USER_DB)
    partner.wait(max(_WATCHED_S - (partner.now - onset) / RATE_HZ, 0))
    return _watched(partner, kind, what, begun, onset, run)


def _noise(run: Run, number: int) -> Noise:
    rng = np.random.default_rng([run.seed, number])
    if run.data is None:
        return bursts(rng)
    recorded = recorded_noises(run.data / "noise")
    return recorded[int(rng.integers(len(recorded)))]


def report_noises(stories: Sequence[Yielded], run: Run) -> Report:
    """How often the agent goes on."""
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
class _Begun:
    """A story that was asked for."""

    since: int
    """The end of the prompt."""
    story: str | None
    """The one that was told when it was talked into; None where none was."""


def _hear_story(number: int, voice: str, rng: random.Random, run: Run) -> tuple[Partner, _Begun]:
    """A partner in the middle of a story, if it is told."""
    partner = Partner(studio_of(run).duplex(), Surroundings(seed=number))
    partner.wait(1)
    _, since = partner.say(speak(rng.choice(script.STORY_PROMPTS), voice, rng))
    partner.wait(0.4 + rng.uniform(*_AFTER_S))
    telling = partner.agent_sounds(_TELLING_S)
    story = story_told(partner.frames_since(since), studio_of(run).known) if telling else None
    return partner, _Begun(since, story)


def story_told(frames: np.ndarray, known: KnownSentences) -> str | None:
    """The story of which units, one per frame, are the beginning or the whole, and nothing else."""
    story, distance = known.begun(frames, script.STORIES)
    return story if distance <= _UNLIKE else None


def _watched(
    partner: Partner, kind: str, what: str, begun: _Begun, onset: int, run: Run
) -> Yielded:
    watched = partner.track()[onset : onset + round(_WATCHED_S * RATE_HZ)]
    told = begun.story is not None
    went_on = told and longest_silence_ms(watched) < _LONGEST_PAUSE_MS
    if went_on:
        story = story_told(partner.frames_since(begun.since), studio_of(run).known)
        went_on = story == begun.story
    return Yielded(kind, what, told, stop_ms(watched), went_on)


def stop_ms(track: np.ndarray) -> float:
    """When the first 160 ms without sound begin; the track's length where it has no silence that
    is longer than a story's pauses."""
    loud = sounding(track)
    if longest_silence_ms(track) < _LONGEST_PAUSE_MS:
        return float(len(loud) * _STEP_MS)
    quiet = np.convolve(loud, np.ones(_QUIET_MS // _STEP_MS), "valid") == 0
    return float(np.argmax(quiet) * _STEP_MS)
