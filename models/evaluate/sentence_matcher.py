"""Which sentence did the agent say? Told from its units, by those of its own TTS voice.

Units differ much with the place in a frame at which a sentence begins, so each has several forms.
The agent knows thousands of sentences: one is spoken and turned into units when it is first asked
for, in one form, and in all of them only where that is among the nearest. Knows no words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from engine.syncllm.bundle import Bundle
from engine.syncllm.unit_encoder import Tokenizer
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ
from models import script
from models.edit_distance import edit_distances
from models.script import coffee
from models.speech.rooms import white_noise
from models.speech.voices import AGENT_VOICE, speak_flite

UNKNOWN_DISTANCE = 0.5
"""Unit edit distance (share of the longer one) above which no known sentence was said."""
_PHASES = range(0, FRAME_SAMPLES, FRAME_SAMPLES // 8)
"""Where in a frame a sentence may begin, samples; the first is that of the first form."""
_FINALISTS = 8
"""The nearest in the first form, of which all forms are compared."""
_QUIET_S = 60
"""Quiet in which the units of silence are found: one of them is rare."""
_QUIET_DB = -70
_MARGIN_FRAMES = 6


@cache
def plain_sentences() -> tuple[str, ...]:
    """What the agent says that is no coffee order: few enough to compare with all of them."""
    return tuple(text for text in script.agent_sentences() if coffee.parse_order(text) is None)


class SentenceMatcher:
    """The agent's sentences as units."""

    def __init__(self, bundle: Bundle) -> None:
        self._tokenizer = Tokenizer(bundle.tokenizer)
        self._first: dict[str, list[int]] = {}
        self._forms: dict[str, list[list[int]]] = {}
        quiet = white_noise(_QUIET_S * SAMPLE_RATE_HZ, np.random.default_rng(0), _QUIET_DB)
        self._silence = set(self._tokenizer.units(quiet).tolist())

    def original(self, sentence: str) -> np.ndarray:
        """float32 (n,): the sentence in the agent's TTS voice, in a very quiet room; n is whole
        frames."""
        sound = speak_flite(sentence, AGENT_VOICE.partition(":")[2]).audio
        margin = np.zeros(_MARGIN_FRAMES * FRAME_SAMPLES, np.float32)
        audio = np.concatenate([margin, sound, margin])
        audio = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
        noise = white_noise(len(audio), np.random.default_rng(1), _QUIET_DB)
        heard: np.ndarray = audio + noise
        return heard

    def speech_units(self, frames: np.ndarray) -> list[int]:
        """Units of speech, each once."""
        units: list[int] = []
        for unit in np.asarray(frames).tolist():
            if unit not in self._silence and (not units or units[-1] != unit):
                units.append(unit)
        return units

    def nearest(
        self, frames: np.ndarray, candidates: Sequence[str], sure: Iterable[str] = ()
    ) -> tuple[str | None, float]:
        """The candidate that the frames are most like, and the distance (0 to 1).

        None where that is above ``UNKNOWN_DISTANCE``. All forms of those in ``sure``, candidates
        too, are compared in any case.
        """
        said = self.speech_units(frames)
        if not said:
            return None, 1.0
        sure = tuple(sure)
        texts = list(dict.fromkeys([*sure, *candidates]))
        rough = _distances(said, [self._form(text) for text in texts])
        finalists = dict.fromkeys([*sure, *(texts[i] for i in np.argsort(rough)[:_FINALISTS])])
        distances = {
            text: float(_distances(said, self._all_forms(text)).min()) for text in finalists
        }
        best = min(distances, key=distances.__getitem__)
        near = distances[best] <= UNKNOWN_DISTANCE
        return (best if near else None), distances[best]

    def nearest_prefix(
        self, frames: np.ndarray, candidates: Iterable[str]
    ) -> tuple[str | None, float]:
        """The candidate of which the frames are most like the beginning, or the whole, and the
        distance as a share of what was said; None and 1 where that is silence."""
        said = self.speech_units(frames)
        if not said:
            return None, 1.0
        distances = {
            text: int(edit_distances(said, self._all_forms(text), prefixes=True).min())
            for text in candidates
        }
        best = min(distances, key=distances.__getitem__)
        return best, distances[best] / len(said)

    def _form(self, sentence: str) -> list[int]:
        if sentence not in self._first:
            frames = self._tokenizer.units(self.original(sentence))
            self._first[sentence] = self.speech_units(frames)
        return self._first[sentence]

    def _all_forms(self, sentence: str) -> list[list[int]]:
        if sentence not in self._forms:
            audio = self.original(sentence)
            shifted = [self._tokenizer.units(np.roll(audio, phase)) for phase in _PHASES]
            self._forms[sentence] = [self.speech_units(frames) for frames in shifted]
        return self._forms[sentence]


def _distances(said: Sequence[int], others: Sequence[Sequence[int]]) -> np.ndarray:
    """Edit distances as shares of the longer sequence; ``said`` is not empty."""
    lengths = np.array([max(len(said), len(other)) for other in others])
    return edit_distances(said, others) / lengths
