"""When the agent is silent, and when it went on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import cast

import numpy as np

from engine.timebase import SAMPLE_RATE_HZ
from models import script
from models.edit_distance import edit_distances
from models.evaluate.context import Run
from models.evaluate.interruptions import (
    StoryTrial,
    leading_backchannel_ms,
    report_interruptions,
    report_noises,
    stop_ms,
    story_told,
)
from models.evaluate.sentence_matcher import SentenceMatcher
from models.speech.noises import loudest_part, synthetic_cough
from models.speech.voices import speak


def track(*sounding_s: tuple[float, float]) -> np.ndarray:
    made = np.zeros(3 * SAMPLE_RATE_HZ, np.float32)
    for start, end in sounding_s:
        made[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)] = 0.1
    return made


def test_silence_begins_where_it_lasts() -> None:
    assert stop_ms(track((0, 0.4), (0.5, 0.8), (1.2, 1.5))) == 800
    assert stop_ms(track((0, 3))) == 3000
    assert stop_ms(track()) == 0


def test_a_pause_of_the_story_is_no_silence() -> None:
    assert stop_ms(track((0, 0.4), (0.58, 3))) == 3000
    assert stop_ms(track((0, 0.4), (0.58, 0.8))) == 400  # "okay", and no more


class Letters:
    """In the place of units: what is said is spelt."""

    def nearest_prefix(
        self, frames: np.ndarray, candidates: Sequence[str]
    ) -> tuple[str | None, float]:
        said = frames.tolist()
        spelt = [[ord(letter) for letter in text] for text in candidates]
        distances = edit_distances(said, spelt, prefixes=True)
        return candidates[int(distances.argmin())], distances.min() / max(len(said), 1)


def test_a_story_is_told_from_its_beginning() -> None:
    def told(words: str) -> str | None:
        return story_told(
            np.array([ord(letter) for letter in words]), cast(SentenceMatcher, matcher)
        )

    matcher, story = Letters(), script.STORIES[0]
    words = story.split()
    assert told(story) == story
    assert told(" ".join(words[:3])) == story
    assert told(" ".join(words[8:16])) is None
    assert told(f"{story} {script.FALLBACK_REPLY} {story}") is None
    assert told(script.FALLBACK_REPLY) is None


def test_only_stories_that_were_told_count() -> None:
    stories = [
        StoryTrial("stop", "wait", True, 400, False),
        StoryTrial("question", "who are you", True, 900, False),
        StoryTrial("stop", "okay stop", True, 650, False, 300),
        StoryTrial("stop", "stop", False, 0, False),
    ]
    told, silent, from_okay, median = report_interruptions(stories, Run()).scores
    assert told.measured is not None and told.measured.value == 3 / 4
    assert silent.measured is not None and silent.measured.value == 2 / 3
    assert from_okay.measured is not None and from_okay.measured.value == 1 / 3
    assert median.measured is not None and median.measured.value == 400


def test_what_is_no_interruption() -> None:
    stories = [
        StoryTrial("mm hmm", "yeah", True, 2000, True),
        StoryTrial("noise", "cough", True, 500, False),
        StoryTrial("noise", "cough", False, 0, True),
    ]
    report = report_noises(stories, Run())
    values = [score.measured.value for score in report.scores if score.measured]
    assert values == [1, 0]
    assert report.details["stories"] == 2
    assert report.details["failures"] == [{"kind": "noise", "heard": "cough", "stop_ms": 500}]


def test_noises_are_short() -> None:
    sound = np.zeros(5 * SAMPLE_RATE_HZ, np.float32)
    sound[48000:52000] = 1.0
    part = loudest_part(sound)
    assert len(part) == round(0.8 * SAMPLE_RATE_HZ)
    assert np.abs(part).sum() == 4000
    cough = synthetic_cough(np.random.default_rng(0)).audio
    assert 0.3 * SAMPLE_RATE_HZ < len(cough) < 0.8 * SAMPLE_RATE_HZ
    assert cough.dtype == np.float32


def test_okay_stop_is_an_interruption_from_stop_on() -> None:
    speech = speak("okay stop", "flite:kal16", random.Random(0))
    after_ms = leading_backchannel_ms("okay stop", speech)
    assert 150 < after_ms < len(speech.trimmed()) * 1000 / SAMPLE_RATE_HZ - 150
    assert leading_backchannel_ms("stop it please", speech) == 0
