"""Finds the units: k-means over the phone posteriors of recorded and disturbed speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from sklearn.cluster import MiniBatchKMeans

from engine.timebase import FRAME_SAMPLES
from models.speech.augmentation import disturbed, read_noises
from models.speech.corpus import Corpus
from models.speech.room_responses import read_room_responses
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer, save_tokenizer

_OTHERS = 3


@torch.no_grad()
def file_features(net: TokenizerNet, audio: np.ndarray) -> np.ndarray:
    """(T, F) features of one sound, aligned to its frames (without the delay)."""
    tail = DELAY_FRAMES * FRAME_SAMPLES
    padded = np.pad(audio, (0, tail + -len(audio) % FRAME_SAMPLES)).astype(np.float32)
    features: np.ndarray = net.features(torch.from_numpy(padded)[None])[0, DELAY_FRAMES:].numpy()
    return features


def fit_quantizer(
    path: Path,
    folders: list[Path],
    noise: Path,
    rooms: Path,
    units: int,
    utterances: int,
    seed: int,
) -> None:
    """Find the units from random utterances of the corpora; the checkpoint gets them.

    Each cluster is a unit. Half of the frames are of disturbed speech.
    """
    net = load_tokenizer(path)
    rng = np.random.default_rng(seed)
    noises, responses = read_noises(noise), read_room_responses(rooms)
    features = []
    for folder in folders:
        corpus = Corpus(folder)
        count = min(utterances // len(folders), len(corpus.utterances))
        for index in track(rng.choice(len(corpus.utterances), count, replace=False), folder.name):
            sound = corpus.sound(corpus.utterances[index])
            chosen = rng.integers(len(corpus.utterances), size=_OTHERS)
            others = [
                np.resize(corpus.sound(corpus.utterances[other]), sound.shape) for other in chosen
            ]
            heard = disturbed(sound, others, noises, rng, responses)
            features += [file_features(net, sound), file_features(net, heard)]
    means = MiniBatchKMeans(units, batch_size=8192, n_init=3, random_state=seed)
    means.fit(np.concatenate(features))
    net.centroids = torch.from_numpy(means.cluster_centers_.astype(np.float32))
    net.unit_of_centroid = torch.arange(units)
    save_tokenizer(net, path)
