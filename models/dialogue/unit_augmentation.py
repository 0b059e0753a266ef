"""Augments an utterance's units, so that it differs each time it is used: another tempo, which
varies from syllable to syllable, an accent (units that a speaker always says like others), and unit
errors.
"""

from __future__ import annotations

import numpy as np

from models.dialogue.unit_store import UnitUtterance

_TEMPO = (0.85, 1.18)
_LOCAL_FRAMES = 5
"""About a syllable."""
_LOCAL_SIGMA = 0.2
"""Standard deviation of the logarithm of a syllable's length."""
_ACCENT = (0.0, 0.28)
"""Range of the share of units that a speaker always says like another unit. Two voices of the
training differ in 30 % of a sentence's units; other people differ from both."""
_RUN_ERROR_RATE = 0.06
"""Share of runs of one unit."""
_FRAME_ERROR_RATE = 0.03


def augmented_utterance(
    speech: UnitUtterance, confusable_units: np.ndarray, rng: np.random.Generator
) -> UnitUtterance:
    """A random variant of an utterance.

    ``confusable_units`` (units, n) are those that each unit is mistaken for.
    """
    frames = len(speech.units)
    ends = _later_ends(frames, rng)

    def later(frame: int) -> int:
        return int(ends[frame - 1]) if frame > 0 else 0

    count = max(int(ends[-1]), 1)
    units = speech.units[np.searchsorted(ends, np.arange(count) + 0.5)]
    words = tuple((word, later(first), later(last)) for word, first, last in speech.words)
    heard = with_unit_errors(accented(units, confusable_units, rng), confusable_units, rng)
    return UnitUtterance(speech.voice, heard, later(speech.onset), later(speech.offset), words)


def _later_ends(frames: int, rng: np.random.Generator) -> np.ndarray:
    """(frames,) whole numbers: where each frame ends at the new tempo."""
    syllables = -(-frames // _LOCAL_FRAMES)
    pace = rng.uniform(*_TEMPO) * np.exp(rng.normal(0, _LOCAL_SIGMA, syllables))
    return np.cumsum(np.repeat(pace, _LOCAL_FRAMES)[:frames]).round()


def accented(
    units: np.ndarray, confusable_units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Units as a speaker with an accent would say them: some are always replaced by the same one of
    their ``confusable_units`` (units, n)."""
    own = np.arange(len(confusable_units), dtype=units.dtype)
    other = confusable_units[own, rng.integers(0, confusable_units.shape[1], len(own))]
    said: np.ndarray = np.where(rng.random(len(own)) < rng.uniform(*_ACCENT), other, own)
    return said[units]


def with_unit_errors(
    units: np.ndarray, confusable_units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """``units`` (T,) with some runs of one unit and some frames replaced by their
    ``confusable_units`` (units, n)."""
    run = np.cumsum(np.r_[False, units[1:] != units[:-1]])
    runs = int(run[-1]) + 1
    wrong = (rng.random(runs) < _RUN_ERROR_RATE)[run] | (rng.random(len(units)) < _FRAME_ERROR_RATE)
    choice = rng.integers(0, confusable_units.shape[1], runs)[run]
    return np.where(wrong, confusable_units[units, choice], units)
