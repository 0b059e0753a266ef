"""What is asked, and what counts as right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from models import script
from models.evaluate.answers import (
    CONDITIONS,
    LATENCIES_MS,
    Answer,
    draw_scenes,
    plan_conditions,
    plan_latencies,
    report_conditions,
    report_latencies,
)
from models.evaluate.context import Run

RIGHT = Answer(
    condition="clean",
    latency_ms=None,
    intent="tea",
    voice="flite:rms",
    asked=("do you drink tea",),
    expected="i like tea with lemon",
    words=None,
    recognised="i like tea with lemon",
    distance=0.2,
    delays_ms=(300.0,),
)
WRONG = replace(RIGHT, recognised=None, distance=0.8, delays_ms=(None,))


def test_every_intent_is_asked_as_often() -> None:
    intents = len(script.scenes())
    asked = Counter(scene.intent for scene in draw_scenes(2 * intents, 3))
    assert set(asked) == set(script.scenes())
    assert set(asked.values()) == {2}
    assert draw_scenes(20, 3) == draw_scenes(20, 3) != draw_scenes(20, 4)


def test_the_same_is_asked_everywhere_and_nothing_told_is_unknown() -> None:
    run = Run(exchanges=600)
    talks = [talk for talk in plan_conditions(run) if talk.condition == "room"]
    for condition in CONDITIONS:
        assert [t.scenes for t in plan_conditions(run) if t.condition == condition] == [
            t.scenes for t in talks
        ]
    for ms in LATENCIES_MS:
        some = [t.scenes for t in plan_latencies(run) if t.latency_ms == ms]
        assert some == [t.scenes for t in talks]
    asked = 0
    for talk in talks:
        told = False
        for scene in talk.scenes:
            unknown = scene.intent.startswith("unknown ")
            asked += unknown
            assert not (unknown and told)
            told |= bool(scene.facts)
    assert asked


def test_words_count_before_units() -> None:
    assert RIGHT.right
    assert not WRONG.right
    assert replace(WRONG, words=RIGHT.expected).right
    misspoken = replace(RIGHT, words="i like tea")
    assert misspoken.right_units
    assert not misspoken.right


def test_report_of_places() -> None:
    answers = [
        [RIGHT, RIGHT, WRONG],
        [replace(RIGHT, condition="noise")],
        [replace(WRONG, condition="room")],
    ]
    report = report_conditions(answers, Run())
    found = {score.what: score.measured for score in report.scores}
    values = [interval.value for interval in found.values() if interval]
    assert values == [2 / 3, 1.0, 0.0, 2 / 3, 300.0]
    assert report.details["formant"]["right_by_voice"] == {"flite:rms": 2 / 3}
    assert [failure["place"] for failure in report.details["failures"]] == ["clean", "room"]
    assert report.details["failures"][0]["units"] is None
    assert report.details["failures"][0]["question"] == "do you drink tea"


def test_natural_voices_are_asked_and_reported_on_their_own() -> None:
    planned = plan_conditions(Run(exchanges=8, packs=Path("packs")))
    kinds = [talk.kind for talk in planned]
    assert kinds == ["natural"] * len(CONDITIONS) + ["formant"] * len(CONDITIONS)
    assert planned[0].scenes == planned[len(CONDITIONS)].scenes
    natural = replace(RIGHT, kind="natural", voice="kokoro:am_adam")
    report = report_conditions([[natural], [WRONG]], Run())
    found = {score.what: score for score in report.scores}
    first = found["right answer, natural voices, quiet room"]
    second = found["right answer, formant and diphone voices, quiet room"]
    assert first.measured is not None
    assert second.measured is not None
    assert (first.measured.value, second.measured.value) == (1.0, 0.0)
    assert (first.heard, second.heard) == ("natural", "formant")


def test_units_are_reported_beside_words() -> None:
    right = replace(RIGHT, words=RIGHT.expected)
    mumbled = replace(WRONG, words=RIGHT.expected)
    report = report_conditions([[right, mumbled], [replace(RIGHT, words="i like tea")]], Run())
    found = {score.what: score.measured.value for score in report.scores if score.measured}
    assert found["right answer, formant and diphone voices, quiet room"] == 2 / 3
    assert found["right answer, formant and diphone voices, quiet room, its units too"] == 1 / 3
    failure = report.details["failures"][0]
    assert (failure["words"], failure["units"]) == ("i like tea", RIGHT.expected)


def test_words_of_captions_are_counted() -> None:
    shown = replace(RIGHT, captions={"user": "do you think", "agent": "i like tea with a lemon"})
    garbled = replace(WRONG, captions={"user": "", "agent": "no"})
    report = report_conditions([[shown, garbled], [replace(shown, condition="room")]], Run())
    found = {score.what: score.measured.value for score in report.scores if score.measured}
    assert (
        found["words of the user wrong in captions, formant and diphone voices, quiet room"]
        == (2 + 4) / 8
    )
    assert (
        found["words of the agent wrong in captions, formant and diphone voices, quiet room"]
        == 1 / 5
    )
    assert (
        found["words of the user wrong in captions, formant and diphone voices, simulated room"]
        == 2 / 4
    )
    assert report.details["failures"][0]["captions"] == garbled.captions


def test_report_of_latencies() -> None:
    first, *_, last = LATENCIES_MS
    answers = [
        [replace(RIGHT, latency_ms=first), replace(RIGHT, latency_ms=first)],
        [replace(RIGHT, latency_ms=last), replace(WRONG, latency_ms=last)],
    ]
    kept = report_latencies(answers, Run()).scores[-1]
    assert kept.measured is not None
    assert kept.measured.value == 0.5
    assert kept.met is False
