"""The same utterance once more: at another pace, which changes from syllable to syllable, with some
units that this speaker always says like others, and some that are misheard. So what comes a hundred
times is never quite the same.
"""

from __future__ import annotations

import numpy as np

from models.speech_store import UnitSpeech

_TEMPO = (0.85, 1.18)
_LOCAL_FRAMES = 5
"""About a syllable."""
_LOCAL_SIGMA = 0.2
"""Of the logarithm of its length."""
_ACCENT = (0.0, 0.28)
"""Of the units: what a speaker always says like another. Two voices of the training differ in 30 %
of the units of a sentence, strangers from both."""
_MISHEARD_RUN = 0.06
"""Of stretches of one unit."""
_MISHEARD_FRAME = 0.03


def varied(speech: UnitSpeech, neighbours: np.ndarray, rng: np.random.Generator) -> UnitSpeech:
    """An utterance as it might have been said and heard too.

    ``neighbours`` (units, n) are what each unit is misheard as.
    """
    frames = len(speech.units)
    ends = _later_ends(frames, rng)

    def later(frame: int) -> int:
        return int(ends[frame - 1]) if frame > 0 else 0

    count = max(int(ends[-1]), 1)
    units = speech.units[np.searchsorted(ends, np.arange(count) + 0.5)]
    words = tuple((word, later(first), later(last)) for word, first, last in speech.words)
    heard = misheard(accented(units, neighbours, rng), neighbours, rng)
    return UnitSpeech(speech.voice, heard, later(speech.onset), later(speech.offset), words)


def _later_ends(frames: int, rng: np.random.Generator) -> np.ndarray:
    """(frames,) whole numbers: where each frame ends at the new pace."""
    syllables = -(-frames // _LOCAL_FRAMES)
    pace = rng.uniform(*_TEMPO) * np.exp(rng.normal(0, _LOCAL_SIGMA, syllables))
    return np.cumsum(np.repeat(pace, _LOCAL_FRAMES)[:frames]).round()


def accented(units: np.ndarray, neighbours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Units as somebody else would say them, who says some always like one of their
    ``neighbours`` (units, n)."""
    own = np.arange(len(neighbours), dtype=units.dtype)
    other = neighbours[own, rng.integers(0, neighbours.shape[1], len(own))]
    said: np.ndarray = np.where(rng.random(len(own)) < rng.uniform(*_ACCENT), other, own)
    return said[units]


def misheard(units: np.ndarray, neighbours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some stretches of one unit, and some frames, replaced by what they are misheard as.

    ``units`` (T,) and ``neighbours`` (units, n), which each unit is misheard as.
    """
    run = np.cumsum(np.r_[False, units[1:] != units[:-1]])
    runs = int(run[-1]) + 1
    wrong = (rng.random(runs) < _MISHEARD_RUN)[run] | (rng.random(len(units)) < _MISHEARD_FRAME)
    choice = rng.integers(0, neighbours.shape[1], runs)[run]
    return np.where(wrong, neighbours[units, choice], units)
