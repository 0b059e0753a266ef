"""Whisper on CTranslate2: a stretch of sound in, what it says out.

One thread, no network, no state between calls. Knows no turns, and believes the model; what is to
be believed is decided in `belief`.

Shape letters: N samples, M bands, H hops of 10 ms.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np

from engine.errors import DuologueError
from engine.hearing.log_mel import log_mel
from engine.hearing.vocabulary import Vocabulary, read_vocabulary
from engine.timebase import SAMPLE_RATE_HZ

MODEL_NAME, VOCABULARY_NAME = "model.bin", "vocabulary.txt"
MOST_SAMPLES = 30 * SAMPLE_RATE_HZ
"""Whisper's window; it has no positions for more."""
_LEAST_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Shorter windows cost less, but the model, which has seen half minutes only, then never ends: of
the same sentences it had 13 % of the words wrong in windows of 10 and of 30 s, and in a window of
the sentence and a second 260 % (docs/hearing.md)."""
_SILENCE_SAMPLES = SAMPLE_RATE_HZ
_PIECES_PER_SECOND, _SPARE_PIECES = 10, 12
"""The fastest speakers need seven pieces a second. The bound is for runs that would not end."""
_MOST_PIECES = 224
"""Half of the model's context, which is what it was trained to write."""
_CAREFUL_BEAMS = 5
_FEWEST_REPEATED = 3


@dataclass(frozen=True)
class Recognised:
    """What the model writes for a sound, and how sure it is."""

    text: str
    piece_probability: float
    """Geometric mean over the pieces; 0 to 1."""
    no_speech_probability: float
    piece_count: int
    complete: bool
    """False: it was still writing when it had to stop."""


class Recogniser:
    """A loaded model."""

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the files of a part that was checked (`engine.part`).

        Raises DuologueError where they are no working model.
        """
        self._vocabulary: Vocabulary = read_vocabulary(folder / VOCABULARY_NAME)
        try:
            # "default" keeps the numbers of the file, and takes others where a processor has none.
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="default", inter_threads=1, intra_threads=1
            )
        except (RuntimeError, ValueError) as error:
            raise DuologueError(
                f"{folder} holds no working model for hearing ({error}); install that part again."
            ) from error
        self._prompt = [self._vocabulary.start, self._vocabulary.no_times]

    def recognise(self, sound_N: np.ndarray, careful: bool) -> Recognised:
        """What is said in float32 sound of at most 30 s.

        ``careful``: follow several hypotheses, for a quarter more time. Where the model loses its
        way in a short window, it hears the sound once more in a whole one.
        """
        found = self._recognise(sound_N, _LEAST_SAMPLES, careful)
        if not found.complete or repeats_itself(found.text):
            found = self._recognise(sound_N, MOST_SAMPLES, careful)
        return found

    def _recognise(self, sound_N: np.ndarray, least_samples: int, careful: bool) -> Recognised:
        # Held here: the model reads this array where it lies.
        bands_1MH = np.ascontiguousarray(log_mel(_in_window(sound_N, least_samples))[None])
        seconds = len(sound_N) / SAMPLE_RATE_HZ
        most_pieces = min(_SPARE_PIECES + round(_PIECES_PER_SECOND * seconds), _MOST_PIECES)
        found = self._model.generate(
            ctranslate2.StorageView.from_array(bands_1MH),
            [self._prompt],
            beam_size=_CAREFUL_BEAMS if careful else 1,
            max_length=2 * most_pieces,  # of which it writes no more than half
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        pieces = found.sequences_ids[0]
        return Recognised(
            text=self._vocabulary.text(pieces).strip(),
            piece_probability=math.exp(min(found.scores[0], 0.0)),
            no_speech_probability=found.no_speech_prob,
            piece_count=len(pieces),
            complete=len(pieces) < most_pieces,
        )


def repeats_itself(text: str) -> bool:
    """Whether the end of a text says the same few words twice, which is what the model does where
    it does not notice that a sound has ended."""
    words = re.findall("[a-z0-9']+", text.lower())
    longest = len(words) // 2
    return any(
        words[-count:] == words[-2 * count : -count]
        for count in range(_FEWEST_REPEATED, longest + 1)
    )


def _in_window(sound_N: np.ndarray, least_samples: int) -> np.ndarray:
    """The sound with silence after it, as long as the model wants it."""
    if len(sound_N) > MOST_SAMPLES:
        raise ValueError(f"{len(sound_N)} samples are more than {MOST_SAMPLES}")
    wanted = min(max(least_samples, len(sound_N) + _SILENCE_SAMPLES), MOST_SAMPLES)
    return np.pad(sound_N, (0, max(wanted - len(sound_N), 0)))
