"""Finds when real people say each phone, by forced alignment with a tokenizer in training.

The labels of an utterance that fits badly stay unknown.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from engine.timebase import FRAME_SAMPLES
from models.speech.corpus import Corpus
from models.speech.forced_alignment import align, transcript_phones
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer

_WORST_MEAN_COST = 2.5
"""Nats above which a fit is refused."""


@torch.no_grad()
def phone_costs(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(steps of 20 ms, classes): the cost of each phone in each step of a sound, nats."""
    sound = np.pad(audio, (0, DELAY_FRAMES * FRAME_SAMPLES))
    logits = net.phone_logits(torch.from_numpy(sound)[None])[0, DELAY_FRAMES:]
    costs: np.ndarray = -logits.log_softmax(-1).flatten(0, 1).numpy()
    return costs


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
