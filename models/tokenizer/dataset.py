"""The tokenizer's training data: windows of speech, each as recorded and disturbed, with phone
labels.

Shape letters: N samples of a window, H its phone labels (one per 20 ms).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from torch.utils.data import IterableDataset

from models.speech.augmentation import change_speed, disturbed, read_noises
from models.speech.corpus import LABEL_SAMPLES, UNKNOWN, Corpus
from models.speech.phones import PAUSE
from models.speech.room_responses import read_room_responses
from models.tokenizer.posterior_units import DELAY_FRAMES, HEADS_PER_FRAME

WINDOW_SAMPLES = 4 * 16_000
_SILENT_SHARE = 0.03
_OTHERS = 3
"""Windows of other speech, from which leak and babble are made."""
Window = tuple[np.ndarray, np.ndarray, np.ndarray]
"""(recorded (N,), disturbed (N,), labels (H,)); a label describes the sound DELAY_FRAMES before."""


class SpeechWindows(IterableDataset[Window]):
    """Endless random windows of several corpora, each with its share of the windows."""

    def __init__(self, shares: Mapping[Path, float], noise: Path, rooms: Path, seed: int) -> None:
        self._shares, self._noise, self._rooms, self._seed = shares, noise, rooms, seed

    def __iter__(self) -> Iterator[Window]:
        rng = np.random.default_rng(self._seed)
        corpora = [Corpus(folder) for folder in self._shares]
        shares = np.array(list(self._shares.values()))
        shares = shares / shares.sum()
        noises = read_noises(self._noise)
        rooms = read_room_responses(self._rooms)

        def draw(steps: int) -> tuple[np.ndarray, np.ndarray]:
            corpus = corpora[rng.choice(len(corpora), p=shares)]
            first = int(rng.integers(0, len(corpus.labels) - steps))
            cut = slice(first * LABEL_SAMPLES, (first + steps) * LABEL_SAMPLES)
            sound = corpus.audio[cut].astype(np.float32) / 32768
            return sound, np.array(corpus.labels[first : first + steps])

        whole = WINDOW_SAMPLES // LABEL_SAMPLES
        while True:
            sound, labels = draw(int(whole * rng.uniform(0.85, 1.2)))
            sound, labels = change_speed(sound, labels, WINDOW_SAMPLES)
            if rng.random() < _SILENT_SHARE:
                sound, labels = np.zeros_like(sound), np.full_like(labels, PAUSE)
            late = HEADS_PER_FRAME * DELAY_FRAMES
            labels = np.concatenate([np.full(late, UNKNOWN, np.uint8), labels[:-late]])
            others = [draw(whole)[0] for _ in range(_OTHERS)]
            heard = disturbed(sound, others, noises, rng, rooms)
            yield _recorded(sound, rng), heard, labels.astype(np.int64)


def _recorded(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound at a random level, with the faint noise of a good microphone."""
    floor_db = rng.uniform(-90, -60)
    floor = rng.standard_normal(len(sound), np.float32) * 10 ** (floor_db / 20)
    recorded: np.ndarray = (sound * rng.uniform(0.05, 1.3) + floor).astype(np.float32)
    return recorded
