"""A small network that tells phones from units: how much meaning have the units kept?

One hidden layer sees the units within some frames. It is trained on some speakers and tried on the
others, in turn, so that no speaker's phones are told by what was learnt from the same speaker.
Numpy and scipy only; knows no sound and no bundle.

Legend: T frames, X inputs (a unit at a place in the window), H hidden, C phone classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

AROUND = 6
"""Frames before and after the one whose phone is told."""
_HIDDEN = 160
_FOLDS = 4
_EPOCHS, _LEAST_STEPS = 12, 300
_BATCH = 256
_RATE, _DECAY = 3e-3, 1e-4
_MOMENTS = 0.9, 0.999
_DROPPED = 0.2


@dataclass(frozen=True, eq=False)
class LabelledUnits:
    """One utterance of one speaker."""

    speaker: str
    condition: str
    units_T: np.ndarray
    """int64: the unit of each frame."""
    phones_T: np.ndarray
    """int64: the phone class of each frame; negative where unknown."""


@dataclass(frozen=True)
class Told:
    """How many frames of an utterance had their phone told."""

    condition: str
    right: int
    frames: int


def told_phones(
    utterances: Sequence[LabelledUnits], unit_count: int, silence: int, seed: int = 0
) -> list[Told]:
    """For each utterance, the frames whose phone is told by networks that were trained on other
    speakers, in all conditions; frames of ``silence`` and unknown ones do not count.

    With one speaker alone the utterances take the speakers' place. Empty with one utterance.
    """
    fold_of = _folds(utterances)
    told: dict[int, Told] = {}
    for fold in sorted(set(fold_of)):
        inside = [index for index, number in enumerate(fold_of) if number == fold]
        others = [utterances[i] for i, number in enumerate(fold_of) if number != fold]
        if not others:
            return []
        probe = _Probe(unit_count, np.random.default_rng(seed + fold))
        probe.train(others)
        for index in inside:
            one = utterances[index]
            counted = (one.phones_T >= 0) & (one.phones_T != silence)
            right = (probe.guess(one.units_T) == one.phones_T) & counted
            told[index] = Told(one.condition, int(right.sum()), int(counted.sum()))
    return [told[index] for index in sorted(told)]


def _folds(utterances: Sequence[LabelledUnits]) -> list[int]:
    speakers = sorted({one.speaker for one in utterances})
    if len(speakers) > 1:
        return [speakers.index(one.speaker) % _FOLDS for one in utterances]
    return [index % _FOLDS for index in range(len(utterances))]


def windows(units_T: np.ndarray, unit_count: int) -> csr_matrix:
    """(T, X): one for each unit at its place in the window; nothing beyond the ends."""
    frames, places = len(units_T), 2 * AROUND + 1
    columns = np.arange(frames)[:, None] + np.arange(-AROUND, AROUND + 1)
    there = (columns >= 0) & (columns < frames)
    numbers = units_T[np.clip(columns, 0, frames - 1)] + unit_count * np.arange(places)
    rows = np.broadcast_to(np.arange(frames)[:, None], there.shape)
    ones = np.ones(int(there.sum()), np.float32)
    shape = frames, places * unit_count
    return csr_matrix((ones, (rows[there], numbers[there])), shape)


class _Probe:
    """The network; Adam trains it on the cross entropy."""

    def __init__(self, unit_count: int, rng: np.random.Generator) -> None:
        self._unit_count = unit_count
        self._rng = rng
        self._weights: list[np.ndarray] = []

    def train(self, utterances: Sequence[LabelledUnits]) -> None:
        """Learn from all frames whose phone is known."""
        from scipy.sparse import vstack

        inputs_TX = vstack([windows(one.units_T, self._unit_count) for one in utterances], "csr")
        phones_T = np.concatenate([one.phones_T for one in utterances])
        known = np.flatnonzero(phones_T >= 0)
        classes = int(phones_T.max()) + 1
        inputs = inputs_TX.shape[1]
        self._weights = [
            self._rng.normal(0, (2 * AROUND + 1) ** -0.5, (inputs, _HIDDEN)).astype(np.float32),
            np.zeros(_HIDDEN, np.float32),
            self._rng.normal(0, _HIDDEN**-0.5, (_HIDDEN, classes)).astype(np.float32),
            np.zeros(classes, np.float32),
        ]
        moments = [(np.zeros_like(weight), np.zeros_like(weight)) for weight in self._weights]
        steps = max(_EPOCHS * len(known) // _BATCH, _LEAST_STEPS)
        for step in range(steps):
            batch = self._rng.choice(known, min(_BATCH, len(known)), replace=False)
            slopes = self._slopes(inputs_TX[batch], phones_T[batch])
            self._adam(slopes, moments, step, _RATE * (1 - step / steps))

    def _slopes(self, inputs_TX: csr_matrix, phones_T: np.ndarray) -> list[np.ndarray]:
        first, bias, second, last_bias = self._weights
        hidden_TH = np.asarray(inputs_TX @ first) + bias
        kept_TH = (self._rng.random(hidden_TH.shape, np.float32) >= _DROPPED) / (1 - _DROPPED)
        kept_TH = kept_TH.astype(np.float32) * (hidden_TH > 0)
        hidden_TH *= kept_TH
        error_TC = _softmax(hidden_TH @ second + last_bias)
        error_TC[np.arange(len(phones_T)), phones_T] -= 1
        error_TC /= len(phones_T)
        below_TH = (error_TC @ second.T) * kept_TH
        return [
            np.asarray(inputs_TX.T @ below_TH), below_TH.sum(0), hidden_TH.T @ error_TC,
            error_TC.sum(0),
        ]  # fmt: skip

    def _adam(
        self,
        slopes: Sequence[np.ndarray],
        moments: Sequence[tuple[np.ndarray, np.ndarray]],
        step: int,
        rate: float,
    ) -> None:
        slow, slower = _MOMENTS
        correction = (1 - slower ** (step + 1)) ** 0.5 / (1 - slow ** (step + 1))
        for weight, slope, (mean, square) in zip(self._weights, slopes, moments, strict=True):
            mean += (1 - slow) * (slope - mean)
            square += (1 - slower) * (slope * slope - square)
            weight -= rate * (correction * mean / (np.sqrt(square) + 1e-8) + _DECAY * weight)

    def guess(self, units_T: np.ndarray) -> np.ndarray:
        """int64 (T,): the likeliest phone of each frame."""
        first, bias, second, last_bias = self._weights
        hidden_TH = np.asarray(windows(units_T, self._unit_count) @ first) + bias
        guesses: np.ndarray = (np.maximum(hidden_TH, 0) @ second + last_bias).argmax(1)
        return guesses


def _softmax(logits_TC: np.ndarray) -> np.ndarray:
    shares: np.ndarray = np.exp(logits_TC - logits_TC.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return shares
