"""Trains the language model on endless composed dialogues.

Plain next-token cross-entropy over both sides; the user's units weigh less, since what a user says
is mostly not to be foreseen. Resumes from the last checkpoint.
"""

from __future__ import annotations

import csv
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from engine.tokens import TokenFormat, encode
from models.dialogues import Composer
from models.encode_speech import load_store
from models.llama import Llama, LlamaConfig

UNIT_COUNT = 200
S0, S1 = UNIT_COUNT, UNIT_COUNT + 1
BOS = {160: UNIT_COUNT + 2, 200: UNIT_COUNT + 3, 240: UNIT_COUNT + 4}
VOCABULARY = 208
"""Rounded up, so that rows stay aligned."""
CHUNK_SHARES = {160: 0.6, 200: 0.2, 240: 0.2}
BOUNDARY_EMIT = True

CONTEXT = 640
BATCH = 16
PEAK_RATE = 1.5e-3
FINAL_SHARE = 0.05
USER_WEIGHT = 0.3
CHECKPOINT_SECONDS = 180
_MOST_FRAMES = 1100
"""Frames that are enough for CONTEXT tokens in nearly every dialogue."""


def token_format(chunk_ms: int) -> TokenFormat:
    """The starter's format at one chunk length."""
    return TokenFormat(
        UNIT_COUNT, S0, S1, chunk_ms // 40, bos=BOS[chunk_ms], boundary_emit=BOUNDARY_EMIT
    )


class Dialogues(IterableDataset[tuple[np.ndarray, np.ndarray]]):
    """Endless (ids, weights), each (CONTEXT + 1,); every row begins a context."""

    def __init__(self, store: Path, seed: int) -> None:
        self._store, self._seed = store, seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        worker = get_worker_info()
        seed = self._seed * 1000 + (worker.id if worker else 0)
        composer = Composer(load_store(self._store), seed)
        rng = np.random.default_rng(seed)
        sizes, shares = list(CHUNK_SHARES), list(CHUNK_SHARES.values())
        while True:
            dialogue = composer.compose(_MOST_FRAMES)
            fmt = token_format(int(rng.choice(sizes, p=shares)))
            start = int(rng.integers(0, 60))
            ids = encode(dialogue.own[start:], dialogue.user[start:], fmt)[: CONTEXT + 1]
            if len(ids) == CONTEXT + 1:
                row = np.array(ids, np.int64)
                yield row, token_weights(row)


def token_weights(ids: np.ndarray) -> np.ndarray:
    """Loss weights (T,): the user's units count ``USER_WEIGHT``, all else 1."""
    tags = np.where((ids == S0) | (ids == S1), np.arange(len(ids)), 0)
    owner = ids[np.maximum.accumulate(tags)]
    weights = np.where((owner == S1) & (ids < UNIT_COUNT), USER_WEIGHT, 1.0)
    return weights.astype(np.float32)


def dialogue_loss(net: torch.nn.Module, ids_BT: Tensor, weights_BT: Tensor) -> Tensor:
    """Weighted cross-entropy per token, nats."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(ids_BT[:, :-1])
    losses = functional.cross_entropy(
        logits.float().flatten(0, 1), ids_BT[:, 1:].flatten(), reduction="none"
    )
    weights = weights_BT[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()


def train_lm(
    store: Path,
    work: Path,
    minutes: float,
    threads: int,
    seed: int,
    config: LlamaConfig | None = None,
) -> Path:
    """Train until ``minutes`` of wall clock are spent over all runs; returns the checkpoint."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path = work / "lm.pt"
    net = Llama(config or LlamaConfig())
    matrices = [p for p in net.parameters() if p.dim() > 1]
    vectors = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        PEAK_RATE,
        betas=(0.9, 0.95),
    )
    step, spent = 0, 0.0
    if path.exists():
        saved = torch.load(path, weights_only=True)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent = saved["step"], saved["spent"]

    def save() -> None:
        state = {
            "config": asdict(net.config),
            "net": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "spent": spent,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    loader = iter(DataLoader(Dialogues(store, seed + step), BATCH, num_workers=1))
    clock = saved_at = time.monotonic()
    with Progress() as progress, (work / "lm.csv").open("a", newline="") as log:
        rows = csv.writer(log)
        bar = progress.add_task("language model", total=minutes * 60)
        while spent < minutes * 60:
            done = spent / (minutes * 60)
            rate = PEAK_RATE * max(FINAL_SHARE, (1 + math.cos(math.pi * done)) / 2)
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 100)
            ids_BT, weights_BT = next(loader)
            loss = dialogue_loss(net, ids_BT, weights_BT)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            now = time.monotonic()
            spent += now - clock
            clock = now
            if step % 25 == 0:
                rows.writerow([step, round(spent), step * BATCH * CONTEXT, f"{loss.item():.4f}"])
                log.flush()
                text = f"language model step {step} loss {loss.item():.3f}"
                progress.update(bar, completed=spent, description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
    save()
    return path
