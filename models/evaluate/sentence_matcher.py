"""Recognises the agent's sentence from its units: the nearest sentence in its own TTS voice.

Units depend much on where in a frame a sentence begins, so a sentence has several forms, one for
each phase. The agent has thousands of sentences, so their units are computed at first use: the
first form of every candidate, all forms of the nearest few only. Knows no words.
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
"""Unit edit distance (as a share of the longer sequence) above which no known sentence was said."""
_PHASES = range(0, FRAME_SAMPLES, FRAME_SAMPLES // 8)
"""Samples by which the forms are shifted; the first form has the first."""
_FINALISTS = 8
"""Number of nearest sentences whose forms are all compared."""
_QUIET_S = 60
"""Length of the quiet that gives the units of silence; one of them is rare."""
_QUIET_DB = -70
_MARGIN_FRAMES = 6


@cache
def plain_sentences() -> tuple[str, ...]:
    """All sentences of the agent but coffee orders: few enough to compare with each."""
    return tuple(text for text in script.agent_sentences() if coffee.parse_order(text) is None)


class SentenceMatcher:
    """Compares units with those of the agent's sentences."""

    def __init__(self, bundle: Bundle) -> None:
        self._tokenizer = Tokenizer(bundle.tokenizer)
        self._first: dict[str, list[int]] = {}
        self._forms: dict[str, list[list[int]]] = {}
        quiet = white_noise(_QUIET_S * SAMPLE_RATE_HZ, np.random.default_rng(0), _QUIET_DB)
        self._silence = set(self._tokenizer.units(quiet).tolist())

    def original(self, sentence: str) -> np.ndarray:
        """float32 (n,), whole frames: the sentence in the agent's TTS voice, with faint noise."""
        sound = speak_flite(sentence, AGENT_VOICE.partition(":")[2]).audio
        margin = np.zeros(_MARGIN_FRAMES * FRAME_SAMPLES, np.float32)
        audio = np.concatenate([margin, sound, margin])
        audio = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES]
        audio *= 0.6 / max(float(np.abs(audio).max()), 1e-3)
        noise = white_noise(len(audio), np.random.default_rng(1), _QUIET_DB)
        heard: np.ndarray = audio + noise
        return heard

    def speech_units(self, frames: np.ndarray) -> list[int]:
        """The units without silence, repeated ones once."""
        units: list[int] = []
        for unit in np.asarray(frames).tolist():
            if unit not in self._silence and (not units or units[-1] != unit):
                units.append(unit)
        return units

    def nearest(
        self, frames: np.ndarray, candidates: Sequence[str], sure: Iterable[str] = ()
    ) -> tuple[str | None, float]:
        """The candidate nearest to the frames, and its distance (0 to 1).

        None where the distance is above ``UNKNOWN_DISTANCE``. Sentences in ``sure`` are candidates,
        too, and all their forms are always compared.
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
        """The candidate whose beginning, or whole, is nearest to the frames, and the distance as a
        share of the speech in them; None and 1 where there is only silence."""
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
    """Edit distances as shares of the longer sequence; ``said`` must not be empty."""
    lengths = np.array([max(len(said), len(other)) for other in others])
    return edit_distances(said, others) / lengths
