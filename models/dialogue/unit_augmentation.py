"""The same utterance once more: at another pace, which changes from syllable to syllable, with some
units that this speaker always says like others, and some that are misheard. So what comes a hundred
times is never quite the same.
"""

from __future__ import annotations

import numpy as np

from models.dialogue.unit_store import UnitUtterance

_TEMPO = (0.85, 1.18)
_LOCAL_FRAMES = 5
"""About a syllable."""
_LOCAL_SIGMA = 0.2
"""Of the logarithm of its length."""
_ACCENT = (0.0, 0.28)
"""Of the units: what a speaker always says like another. Two voices of the training differ in 30 %
of the units of a sentence, strangers from both."""
_RUN_ERROR_RATE = 0.06
"""Of stretches of one unit."""
_FRAME_ERROR_RATE = 0.03


def augmented_utterance(
    speech: UnitUtterance, confusable_units: np.ndarray, rng: np.random.Generator
) -> UnitUtterance:
    """An utterance as it might have been said and heard too.

    ``confusable_units`` (units, n) are what each unit is misheard as.
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
    """(frames,) whole numbers: where each frame ends at the new pace."""
    syllables = -(-frames // _LOCAL_FRAMES)
    pace = rng.uniform(*_TEMPO) * np.exp(rng.normal(0, _LOCAL_SIGMA, syllables))
    return np.cumsum(np.repeat(pace, _LOCAL_FRAMES)[:frames]).round()


def accented(
    units: np.ndarray, confusable_units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Units as somebody else would say them, who says some always like one of their
    ``confusable_units`` (units, n)."""
    own = np.arange(len(confusable_units), dtype=units.dtype)
    other = confusable_units[own, rng.integers(0, confusable_units.shape[1], len(own))]
    said: np.ndarray = np.where(rng.random(len(own)) < rng.uniform(*_ACCENT), other, own)
    return said[units]


def with_unit_errors(
    units: np.ndarray, confusable_units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Some stretches of one unit, and some frames, replaced by what they are misheard as.

    ``units`` (T,) and ``confusable_units`` (units, n), which each unit is misheard as.
    """
    run = np.cumsum(np.r_[False, units[1:] != units[:-1]])
    runs = int(run[-1]) + 1
    wrong = (rng.random(runs) < _RUN_ERROR_RATE)[run] | (rng.random(len(units)) < _FRAME_ERROR_RATE)
    choice = rng.integers(0, confusable_units.shape[1], runs)[run]
    return np.where(wrong, confusable_units[units, choice], units)
