"""Finds the units: k-means over phone posteriors, then clusters that noise confuses are merged.

k-means alone puts centroids so close together that a little noise moves a frame from one to the
next. So the same speech is encoded as recorded and augmented. The two clusters that exchange most
frames for their size are merged until the wanted number of units is left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor

from engine.timebase import FRAME_SAMPLES
from models.speech.augmentation import augment, read_noises
from models.speech.corpus import Corpus
from models.speech.room_responses import read_room_responses
from models.tokenizer.network import DELAY_FRAMES, TokenizerNet, load_tokenizer, save_tokenizer

CLUSTERS_PER_UNIT = 3


@torch.no_grad()
def file_features(net: TokenizerNet, audio: np.ndarray) -> Tensor:
    """(T, 2P) features of one sound, aligned to its frames (without the delay)."""
    tail = DELAY_FRAMES * FRAME_SAMPLES
    padded = np.pad(audio, (0, tail + -len(audio) % FRAME_SAMPLES)).astype(np.float32)
    return net.features(torch.from_numpy(padded)[None])[0, DELAY_FRAMES:]


def fit_quantizer(
    path: Path,
    folders: list[Path],
    noise: Path,
    rooms: Path,
    units: int,
    utterances: int,
    seed: int,
) -> None:
    """Find centroids and units from random utterances of the corpora; the checkpoint gets them."""
    net = load_tokenizer(path)
    rng = np.random.default_rng(seed)
    noises, responses = read_noises(noise), read_room_responses(rooms)
    recorded, augmented = [], []
    for folder in folders:
        corpus = Corpus(folder)
        count = min(utterances // len(folders), len(corpus.utterances))
        for index in track(rng.choice(len(corpus.utterances), count, replace=False), folder.name):
            sound = corpus.sound(corpus.utterances[index])
            recorded.append(file_features(net, sound).numpy())
            augmented.append(file_features(net, augment(sound, noises, rng, responses)).numpy())
    features, others = np.concatenate(recorded), np.concatenate(augmented)
    clusters = CLUSTERS_PER_UNIT * units
    means = MiniBatchKMeans(clusters, batch_size=8192, n_init=3, random_state=seed)
    means.fit(np.concatenate([features, others]))
    confused = np.zeros((clusters, clusters))
    np.add.at(confused, (means.predict(features), means.predict(others)), 1)
    net.centroids = torch.from_numpy(means.cluster_centers_.astype(np.float32))
    net.unit_of_centroid = torch.from_numpy(merge_confused_clusters(confused, units))
    save_tokenizer(net, path)


def merge_confused_clusters(confused: np.ndarray, units: int) -> np.ndarray:
    """The unit (C,) of each cluster.

    ``confused`` (C, C) counts how often noise moves a frame from one cluster to another.
    """
    shared = confused + confused.T
    size = shared.sum(1) + 1e-9
    group = np.arange(len(shared))
    left = list(group)
    while len(left) > units:
        likeness = shared[np.ix_(left, left)] / np.sqrt(np.outer(size[left], size[left]))
        np.fill_diagonal(likeness, -1)
        first, second = np.unravel_index(likeness.argmax(), likeness.shape)
        kept, gone = left[int(first)], left[int(second)]
        shared[kept] += shared[gone]
        shared[:, kept] += shared[:, gone]
        size[kept] += size[gone]
        group[group == gone] = kept
        left.remove(gone)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)
