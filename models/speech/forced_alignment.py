"""Forced alignment: finds when each phone of a text is said in a sound.

flite turns the text into phones. Viterbi finds the cheapest times for them, given the cost of each
phone at each time. A pause may follow every phone, at a cost. Knows no network.
"""

from __future__ import annotations

import numpy as np

from models.speech.phones import PAUSE
from models.speech.voices import speak_flite

_PAUSE_COST = 4.0
"""Nats for a pause where the transcript has none."""


def transcript_phones(text: str) -> list[int]:
    """The phones of a text without pauses (kal16 is flite's fastest voice)."""
    return [phone for _, _, phone in speak_flite(text, "kal16").segments if phone != PAUSE]


def align(cost_SP: np.ndarray, phones: list[int]) -> tuple[np.ndarray, float]:
    """Align ``phones`` with costs (steps, classes) in nats; returns labels (steps,) and mean cost.

    States alternate pause, phone, pause, ...; a pause may be skipped, a phone may not.
    """
    states = np.full(2 * len(phones) + 1, PAUSE)
    states[1::2] = phones
    is_pause = np.arange(len(states)) % 2 == 0
    enter = np.where(is_pause, _PAUSE_COST, 0.0)
    enter[[0, -1]] = 0
    best = np.full(len(states), np.inf)
    best[:2] = cost_SP[0, states[:2]]
    moves = np.zeros((len(cost_SP), len(states)), np.int8)
    for step in range(1, len(cost_SP)):
        stay = best
        one = np.concatenate([[np.inf], best[:-1]]) + enter
        two = np.concatenate([[np.inf, np.inf], best[:-2]])
        two[is_pause] = np.inf
        choices = np.stack([stay, one, two])
        moves[step] = choices.argmin(0)
        best = choices.min(0) + cost_SP[step, states]
    state = len(states) - 1 if best[-1] <= best[-2] else len(states) - 2
    total = best[state]
    labels = np.empty(len(cost_SP), np.uint8)
    for step in range(len(cost_SP) - 1, -1, -1):
        labels[step] = states[state]
        state -= int(moves[step, state])
    return labels, float(total / len(cost_SP))
