"""Trains the tokenizer on phones, then finds its units by k-means.

Synthetic voices bring phone times. Real people join once the half-trained network has aligned
their transcripts (``models.align``). Everything resumes from the last checkpoint.
"""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress, track
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from engine.tokens import FRAME_SAMPLES
from models.augment import change_tempo, disturb, read_noises
from models.corpus import LABEL_SAMPLES, UNKNOWN, Corpus
from models.phones import PAUSE, PHONES
from models.tokenizer import (
    DELAY_FRAMES,
    HEADS_PER_FRAME,
    TokenizerNet,
    load_tokenizer,
    save_tokenizer,
)

WINDOW_SECONDS = 4
WINDOW_SAMPLES = WINDOW_SECONDS * 16_000
BATCH = 16
PEAK_RATE = 1.5e-3
CHECKPOINT_SECONDS = 180


class Windows(IterableDataset[tuple[np.ndarray, np.ndarray]]):
    """Endless disturbed windows (N,) with the labels (2T,) of their frames, delay included."""

    def __init__(self, folders: list[Path], noise: Path, seed: int) -> None:
        self._folders, self._noise, self._seed = folders, noise, seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        rng = np.random.default_rng(self._seed)
        corpora = [Corpus(folder) for folder in self._folders]
        shares = np.sqrt([len(corpus.labels) for corpus in corpora])
        noises = read_noises(self._noise)
        while True:
            corpus = corpora[rng.choice(len(corpora), p=shares / shares.sum())]
            steps = int(WINDOW_SAMPLES / LABEL_SAMPLES * rng.uniform(0.85, 1.2))
            first = int(rng.integers(0, len(corpus.labels) - steps))
            labels = corpus.labels[first : first + steps]
            cut = slice(first * LABEL_SAMPLES, (first + steps) * LABEL_SAMPLES)
            window = corpus.audio[cut].astype(np.float32) / 32768
            window, labels = change_tempo(window, labels, WINDOW_SAMPLES)
            late = HEADS_PER_FRAME * DELAY_FRAMES
            labels = np.concatenate([np.full(late, UNKNOWN, np.uint8), labels[:-late]])
            if rng.random() < 0.04:
                window, labels = np.zeros_like(window), np.full_like(labels, PAUSE)
            yield disturb(window, noises, rng), labels.astype(np.int64)


def phone_loss(net: TokenizerNet, audio_BN: Tensor, labels_BH: Tensor) -> tuple[Tensor, float]:
    """Cross-entropy over known half frames, and the share of them named right."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = net.phone_logits(audio_BN)
    flat = logits.float().reshape(-1, len(PHONES))
    target = labels_BH.reshape(-1)
    loss = functional.cross_entropy(flat, target, ignore_index=UNKNOWN)
    known = target != UNKNOWN
    return loss, (flat.argmax(-1) == target)[known].float().mean().item()


def train_tokenizer(
    folders: list[Path], noise: Path, work: Path, minutes: float, threads: int, seed: int
) -> Path:
    """Train for ``minutes`` more (wall clock) and return the checkpoint's path.

    The learning rate falls along a cosine over this call, so a second call with more corpora
    is a warm restart.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path = work / "tokenizer.pt"
    net = load_tokenizer(path) if path.exists() else TokenizerNet()
    net.train()
    peak = PEAK_RATE if not path.exists() else PEAK_RATE * 0.6
    optimizer = torch.optim.AdamW(net.parameters(), peak, betas=(0.9, 0.98), weight_decay=0.01)
    loader = iter(DataLoader(Windows(folders, noise, seed), BATCH, num_workers=1))
    started = saved = time.monotonic()
    step = 0
    with Progress() as progress, (work / "tokenizer.csv").open("a", newline="") as log:
        rows = csv.writer(log)
        bar = progress.add_task("tokenizer", total=minutes * 60)
        while (elapsed := time.monotonic() - started) < minutes * 60:
            done = elapsed / (minutes * 60)
            for group in optimizer.param_groups:
                group["lr"] = peak * min(1, (step + 1) / 100) * (1 + math.cos(math.pi * done)) / 2
            audio_BN, labels_BH = next(loader)
            loss, accuracy = phone_loss(net, audio_BN, labels_BH)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 25 == 0:
                rows.writerow([step, round(elapsed), f"{loss.item():.4f}", f"{accuracy:.4f}"])
                log.flush()
                text = f"tokenizer step {step} loss {loss.item():.3f} phones {accuracy:.1%}"
                progress.update(bar, completed=elapsed, description=text)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                save_tokenizer(net, path)
                saved = time.monotonic()
    save_tokenizer(net, path)
    return path


@torch.no_grad()
def file_features(net: TokenizerNet, audio: np.ndarray) -> Tensor:
    """(T, 2P) features of one sound, aligned to its frames (the delay taken out)."""
    tail = DELAY_FRAMES * FRAME_SAMPLES
    padded = np.pad(audio, (0, tail + -len(audio) % FRAME_SAMPLES)).astype(np.float32)
    return net.features(torch.from_numpy(padded)[None])[0, DELAY_FRAMES:]


def find_units(path: Path, folders: list[Path], units: int, utterances: int, seed: int) -> None:
    """k-means over the features of random utterances; the centroids go into the checkpoint.

    Where the checkpoint has centroids already they are where k-means starts, so that units keep
    their meaning and a vocoder trained for them is soon right again.
    """
    net = load_tokenizer(path)
    rng = np.random.default_rng(seed)
    rows = []
    for folder in folders:
        corpus = Corpus(folder)
        chosen = rng.choice(len(corpus.utterances), utterances // len(folders), replace=False)
        for index in track(chosen, f"features of {folder.name}"):
            sound = corpus.sound(corpus.utterances[index])
            noisy = sound + rng.normal(size=len(sound)) * 10 ** (rng.uniform(-80, -45) / 20)
            rows.append(file_features(net, noisy.astype(np.float32)).numpy())
    frames = np.concatenate(rows)
    before = net.centroids.numpy()
    start, tries = (before, 1) if len(before) == units else ("k-means++", 3)
    means = MiniBatchKMeans(units, init=start, batch_size=8192, n_init=tries, random_state=seed)
    means.fit(frames)
    net.centroids = torch.from_numpy(means.cluster_centers_.astype(np.float32))
    save_tokenizer(net, path)
