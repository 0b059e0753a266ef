"""Finds when real people say each phone: forced alignment with the half-trained tokenizer.

flite turns a transcript into phones; Viterbi lays them over the network's posteriors, with a pause
allowed after every phone at a price. An utterance that fits badly keeps its labels unknown.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from engine.tokens import FRAME_SAMPLES
from models.corpus import Corpus
from models.phones import PAUSE
from models.tokenizer import DELAY_FRAMES, TokenizerNet, load_tokenizer
from models.voices import speak_flite

# In nats: a pause where the transcript has none, and the mean cost above which a fit is refused.
_PAUSE_PRICE = 4.0
_WORST_MEAN_COST = 2.5


def transcript_phones(text: str) -> list[int]:
    """The phones of a text without its pauses (kal16 is flite's quickest voice)."""
    return [phone for _, _, phone in speak_flite(text, "kal16").segments if phone != PAUSE]


@torch.no_grad()
def phone_costs(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(steps of 20 ms, classes) what it costs to take each step of a sound for a phone, nats."""
    sound = np.pad(audio, (0, DELAY_FRAMES * FRAME_SAMPLES))
    logits = net.phone_logits(torch.from_numpy(sound)[None])[0, DELAY_FRAMES:]
    costs: np.ndarray = -logits.log_softmax(-1).flatten(0, 1).numpy()
    return costs


def align(cost_SP: np.ndarray, phones: list[int]) -> tuple[np.ndarray, float]:
    """Lay ``phones`` over costs (steps, classes) in nats; returns labels (steps,) and mean cost.

    States alternate pause, phone, pause, ...: a pause may be skipped, a phone may not.
    """
    states = np.full(2 * len(phones) + 1, PAUSE)
    states[1::2] = phones
    is_pause = np.arange(len(states)) % 2 == 0
    enter = np.where(is_pause, _PAUSE_PRICE, 0.0)
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


def align_corpus(folder: Path, checkpoint: Path, jobs: int) -> tuple[int, int]:
    """Label a corpus of real people in place; returns (utterances labelled, refused)."""
    corpus = Corpus(folder)
    net = load_tokenizer(checkpoint)
    texts = [utterance.text for utterance in corpus.utterances]
    fitted = refused = 0
    with ProcessPoolExecutor(jobs) as pool:
        transcripts = pool.map(transcript_phones, texts, chunksize=32)
        pairs = zip(corpus.utterances, transcripts, strict=True)
        for utterance, phones in track(pairs, "aligning", total=len(texts)):
            cost = phone_costs(net, corpus.sound(utterance))
            if not phones or len(cost) < len(phones):
                refused += 1
                continue
            labels, mean_cost = align(cost, phones)
            if mean_cost > _WORST_MEAN_COST:
                refused += 1
                continue
            corpus.labels[corpus.label_slice(utterance)] = labels
            fitted += 1
    corpus.labels.flush()
    return fitted, refused
