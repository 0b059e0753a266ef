"""What people's ratings say: exclusions by rule, means with intervals, agreement. Pure functions.

As in the paper (section 5.3), a clip's rating is the median of its raters', and a system's figure
the mean of its clips', with an interval from a bootstrap over clips. Knows no files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.evaluate.confidence_intervals import Interval, mean
from models.paper.krippendorff import alpha
from models.paper.rating_study import Key

SCALES = ("meaningfulness", "naturalness")
MOST_CHECKS_WRONG = 1 / 3
"""A rater who has more of the attention checks wrong is left out."""
LEAST_ANSWERED = 1 / 2
"""And one who has answered less of the sheet."""
_HEARD_SHARE = 0.95
"""An answer that took less of the dialogue's length was given before its end; clocks differ a
little."""
_SAME_FROM = 5
"""From so many dialogues on, one and the same answer to all of them is no answer."""
_Rating = Field(ge=1, le=5)


class Answer(BaseModel):
    """One rater's answer to one clip; without ratings where the clip could not be played."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    clip: str
    meaningfulness: int | None = _Rating
    naturalness: int | None = _Rating
    took_seconds: float = Field(ge=0, allow_inf_nan=False)
    plays: int = Field(ge=0)

    @model_validator(mode="after")
    def _both_or_none(self) -> Answer:
        if (self.meaningfulness is None) != (self.naturalness is None):
            raise ValueError("one rating without the other")
        return self


class Result(BaseModel):
    """The file that a rater sends back."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: int
    study: str
    rater: int
    answers: list[Answer]
    """In the order of the rater's sheet, from its beginning."""


@dataclass(frozen=True)
class Exclusion:
    """What was left out, and by which rule."""

    rater: int
    reason: str
    answers: int
    """Number of ratings of dialogues that were left out."""


@dataclass(frozen=True)
class SystemRatings:
    """One system's figures."""

    system: str
    clips: int
    ratings: int
    means: dict[str, Interval]
    """By scale."""


@dataclass(frozen=True)
class RatingsReport:
    """The figures of a study."""

    raters: int
    """Those whose ratings count."""
    systems: list[SystemRatings]
    """The best rated first."""
    agreement: dict[str, dict[str, float | None]]
    """Krippendorff's alpha by scale, ordinal and interval."""
    exclusions: list[Exclusion]


def report(key: Key, results: Sequence[Result]) -> RatingsReport:
    """All figures of a study from its raters' results, one result a rater."""
    exclusions: list[Exclusion] = []
    counted: list[Answer] = []
    raters = 0
    for result in sorted(results, key=lambda one: one.rater):
        rated = _dialogues(key, result.answers)
        if reason := unfit(key, result):
            exclusions.append(Exclusion(result.rater, reason, len(rated)))
            continue
        heard = [
            one for one in rated if one.took_seconds >= _HEARD_SHARE * key.clips[one.clip].seconds
        ]
        if len(heard) < len(rated):
            missed = len(rated) - len(heard)
            exclusions.append(
                Exclusion(result.rater, "answered before the dialogue was over", missed)
            )
        raters += 1
        counted += heard
    systems = [_of_system(name, rows) for name, rows in _by_system(key, counted).items()]
    systems.sort(key=lambda one: -one.means["meaningfulness"].value)
    return RatingsReport(raters, systems, _agreement(counted), exclusions)


def unfit(key: Key, result: Result) -> str | None:
    """Why none of a rater's answers count; None where they do."""
    sheet = key.sheets[result.rater - 1]
    dialogues = _dialogues(key, result.answers)
    planned = sum(name in key.clips for name in sheet)
    checks = [one for one in result.answers if one.clip in key.checks and one.meaningfulness]
    wrong = sum(
        {answer.meaningfulness, answer.naturalness} != {key.checks[answer.clip]}
        for answer in checks
    )
    rated = {(one.meaningfulness, one.naturalness) for one in dialogues}
    if len(dialogues) < LEAST_ANSWERED * planned:
        return f"answered {len(dialogues)} of {planned} dialogues"
    if wrong > MOST_CHECKS_WRONG * len(checks):
        return f"{wrong} of {len(checks)} attention checks wrong"
    if len(dialogues) >= _SAME_FROM and len(rated) == 1:
        return "the same answer to every dialogue"
    return None


def _dialogues(key: Key, answers: Iterable[Answer]) -> list[Answer]:
    """The rated dialogues: no checks, and nothing that could not be played."""
    return [one for one in answers if one.clip in key.clips and one.meaningfulness]


def _by_system(key: Key, answers: Iterable[Answer]) -> dict[str, dict[str, list[Answer]]]:
    """The answers of each system by clip."""
    rows: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        rows[key.clips[answer.clip].system][answer.clip].append(answer)
    return rows


def _of_system(name: str, rows: Mapping[str, Sequence[Answer]]) -> SystemRatings:
    means = {}
    for scale in SCALES:
        medians = [float(np.median([getattr(one, scale) for one in row])) for row in rows.values()]
        found = mean(medians)
        assert found is not None  # a system without answers has no row
        means[scale] = found
    return SystemRatings(name, len(rows), sum(map(len, rows.values())), means)


def _agreement(answers: Iterable[Answer]) -> dict[str, dict[str, float | None]]:
    clips: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        clips[answer.clip].append(answer)
    found: dict[str, dict[str, float | None]] = {}
    for scale in SCALES:
        ratings = [[getattr(one, scale) for one in clip] for clip in clips.values()]
        found[scale] = {
            "ordinal": alpha(ratings, "ordinal"), "interval": alpha(ratings, "interval"),
        }  # fmt: skip
    return found
