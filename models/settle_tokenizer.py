"""Teaches a finished tokenizer to give the same units through rooms, noise and microphones.

The tokenizer is its own teacher: what it gives for a recording as it is, it shall give for the same
recording disturbed. So the units keep their meaning, and a vocoder and a language model that know
them stay right. No transcripts are needed, so all recordings of people serve. Batch norms stand
still, as at run time.

Shape letters as in ``models.tokenizer``: B batch, N samples, T frames, H phone heads, P phones.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from scipy.signal import fftconvolve
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from models.augment import disturb, read_noises
from models.corpus import Corpus
from models.rooms import draw_room
from models.tokenizer import DELAY_FRAMES, TokenizerNet, load_tokenizer, save_tokenizer
from models.train_tokenizer import WINDOW_SAMPLES

BATCH = 12
PEAK_RATE, LAST_RATE = 2.5e-4, 1e-5
WARM_STEPS = 60
ROOMS, FIRST_ROOM = 160, 2_000_000
"""Simulated rooms; no evaluation draws rooms from these seeds."""
_ROOM_SHARE, _CLEAN_SHARE = 0.55, 0.15
_UNIT_WEIGHT = 0.5
_SHARPNESS = 8.0
"""Of the units' probabilities, in nats per squared distance to a centroid."""
_CHECKPOINT_SECONDS = 180
_LOG_STEPS = 10
_HELD_BATCHES, _HELD_STEPS, _HELD_SEED = 4, 100, 99


def write_rooms(path: Path) -> None:
    """Simulate the rooms' responses from a speaker to a microphone, in time with the speech."""
    responses = []
    for seed in track(range(FIRST_ROOM, FIRST_ROOM + ROOMS), "rooms"):
        response = draw_room(seed, 0).user_response
        responses.append(response[int(np.argmax(np.abs(response))) :])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, *responses)


class Pairs(IterableDataset[tuple[np.ndarray, np.ndarray]]):
    """Endless windows as recorded and as disturbed, float32 (N,) each."""

    def __init__(self, folders: list[Path], noise: Path, rooms: Path, seed: int) -> None:
        self._folders, self._noise, self._rooms, self._seed = folders, noise, rooms, seed

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(self._seed)
        corpora = [Corpus(folder) for folder in self._folders]
        shares = np.sqrt([len(corpus.audio) for corpus in corpora])
        noises = read_noises(self._noise)
        with np.load(self._rooms) as arrays:
            rooms = [arrays[name] for name in arrays.files]
        while True:
            corpus = corpora[rng.choice(len(corpora), p=shares / shares.sum())]
            first = int(rng.integers(0, len(corpus.audio) - WINDOW_SAMPLES))
            window = corpus.audio[first : first + WINDOW_SAMPLES].astype(np.float32) / 32768
            disturbed = window
            if rng.random() < _ROOM_SHARE:
                room = rooms[rng.integers(len(rooms))]
                disturbed = fftconvolve(window, room)[:WINDOW_SAMPLES].astype(np.float32)
            if rng.random() < _CLEAN_SHARE:
                disturbed = disturbed * np.float32(10 ** rng.uniform(-1.5, 0.15))
            else:
                disturbed = disturb(disturbed, noises, rng)
            yield window, np.clip(disturbed, -1, 1).astype(np.float32)


def settling_loss(
    net: TokenizerNet, teacher: TokenizerNet, clean_BN: Tensor, disturbed_BN: Tensor
) -> tuple[Tensor, float]:
    """Distance of phone posteriors and units from the teacher's; share of units that differ."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        wanted_BTHP = teacher.phone_logits(clean_BN)
    with torch.autocast("cpu", torch.bfloat16):
        got_BTHP = net.phone_logits(disturbed_BN)
    # The first frames hear nothing of what they describe.
    wanted = wanted_BTHP[:, DELAY_FRAMES:].float()
    got = got_BTHP[:, DELAY_FRAMES:].float()
    phones = functional.kl_div(
        got.log_softmax(-1), wanted.log_softmax(-1), reduction="none", log_target=True
    ).sum(-1)
    units = _nearness(wanted, net.centroids).argmax(-1)
    near = _nearness(got, net.centroids)
    named = functional.cross_entropy(_SHARPNESS * near.flatten(0, 1), units.flatten())
    differ = float((near.argmax(-1) != units).float().mean())
    return phones.mean() + _UNIT_WEIGHT * named, differ


def _nearness(logits_BTHP: Tensor, centroids: Tensor) -> Tensor:
    """(B, T, K): minus the squared distance of the features to each centroid."""
    features = (logits_BTHP.softmax(-1) + 1e-8).sqrt().flatten(2)
    lengths = features.square().sum(-1, keepdim=True) + centroids.square().sum(-1)
    return 2 * features @ centroids.T - lengths


def settle_tokenizer(
    teacher: TokenizerNet,
    folders: list[Path],
    noise: Path,
    rooms: Path,
    work: Path,
    minutes: float,
    threads: int,
    seed: int,
) -> Path:
    """Train for ``minutes`` (wall clock); returns the checkpoint.

    The log (``settle.csv``) has the loss and the share of units that differ, in training and on
    windows that are always the same.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path = work / "settled.pt"
    teacher.eval().requires_grad_(False)
    save_tokenizer(teacher, path)
    net = load_tokenizer(path)
    optimizer = torch.optim.AdamW(net.parameters(), PEAK_RATE, betas=(0.9, 0.98))
    held = iter(DataLoader(Pairs(folders, noise, rooms, _HELD_SEED), BATCH))
    held_pairs = [next(held) for _ in range(_HELD_BATCHES)]
    pairs = iter(DataLoader(Pairs(folders, noise, rooms, seed), BATCH, num_workers=1))
    started = saved = time.monotonic()
    step = 0
    with (work / "settle.csv").open("w", newline="") as log:
        rows = csv.writer(log)
        rows.writerow(
            ["step", "seconds", "loss", "units_differ", "held_out_loss", "held_out_units_differ"]
        )
        while (share := (time.monotonic() - started) / (60 * minutes)) < 1:
            rate = LAST_RATE + (PEAK_RATE - LAST_RATE) * (1 + math.cos(math.pi * share)) / 2
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / WARM_STEPS)
            loss, differ = settling_loss(net, teacher, *next(pairs))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % _LOG_STEPS == 0:
                told = ["", ""]
                if step % _HELD_STEPS == 0:
                    told = [f"{value:.4f}" for value in held_loss(net, teacher, held_pairs)]
                seconds = round(time.monotonic() - started)
                rows.writerow([step, seconds, f"{loss.item():.4f}", f"{differ:.4f}", *told])
                log.flush()
            if time.monotonic() - saved > _CHECKPOINT_SECONDS:
                save_tokenizer(net, path)
                saved = time.monotonic()
    save_tokenizer(net, path)
    return path


@torch.no_grad()
def held_loss(
    net: TokenizerNet, teacher: TokenizerNet, pairs: list[tuple[Tensor, Tensor]]
) -> tuple[float, float]:
    """Mean loss over pairs, and the mean share of units that differ."""
    results = [settling_loss(net, teacher, *pair) for pair in pairs]
    losses, differ = zip(*results, strict=True)
    return float(torch.stack(losses).mean()), float(np.mean(differ))
