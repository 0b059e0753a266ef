"""Trains the language model on endless composed dialogues.

Next-token cross-entropy over both sides; the user's units weigh less, since what a user says is
mostly not to be foreseen. Beside it a head that is thrown away afterwards names the sentence that
the user has just said: which one it was decides the answer, yet touches few of the tokens, so that
the tokens alone teach it slowly. Every row of training data has a number and depends on it and the
seed alone, so a resumed training sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import csv
import itertools
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from engine.tokens import TokenFormat, encode
from models import script
from models.dialogues import Composer, Dialogue, hold_out
from models.encode_speech import SpeechStore, load_store
from models.llama import PRESETS, Llama

UNIT_COUNT = 200
S0, S1 = UNIT_COUNT, UNIT_COUNT + 1
BOS = {160: UNIT_COUNT + 2, 200: UNIT_COUNT + 3, 240: UNIT_COUNT + 4}
VOCABULARY = 208
"""Rounded up, so that rows stay aligned."""
CHUNK_SHARES = {160: 0.6, 200: 0.2, 240: 0.2}
BOUNDARY_EMIT = True

CONTEXT = 640
BATCH = 8
PEAK_RATE = 1.5e-3
MATRIX_PEAK_RATE = 4e-3
"""Muon's, whose steps are a fifth as long at the same rate."""
FINAL_SHARE = 0.05
USER_WEIGHT = 0.3
SENTENCE_WEIGHT = 0.5
_SENTENCE_FRAMES = 25
"""For so long after its end the user's sentence is to be named."""
_SENTENCES = {text: number for number, text in enumerate(script.user_sentences())}
_NO_SENTENCE = -1
CHECKPOINT_SECONDS = 180
LOG_STEPS = 25
HELD_OUT_STEPS = 100
_HELD_OUT_SEED = 7
_COLUMNS = (
    "step", "seconds", "tokens", "loss", "held_out_loss", "held_out_named", "tokens_per_second",
)  # fmt: skip
Row = tuple[np.ndarray, np.ndarray, np.ndarray]
"""ids, weights and sentences, each (CONTEXT + 1,)."""
_MOST_FRAMES = 1100
"""Frames that are enough for CONTEXT tokens in nearly every dialogue."""


def token_format(chunk_ms: int) -> TokenFormat:
    """The starter's format at one chunk length."""
    return TokenFormat(
        UNIT_COUNT, S0, S1, chunk_ms // 40, bos=BOS[chunk_ms], boundary_emit=BOUNDARY_EMIT
    )


def training_rows(store: SpeechStore, seed: int, first_row: int = 0) -> Iterator[Row]:
    """Endless rows from row ``first_row`` on; every row begins a context."""
    sizes, shares = list(CHUNK_SHARES), list(CHUNK_SHARES.values())
    for number in itertools.count(first_row):
        rng = np.random.default_rng([seed, number])
        composer = Composer(store, int(rng.integers(1 << 62)))
        ids: list[int] = []
        while len(ids) <= CONTEXT:
            dialogue = composer.compose(_MOST_FRAMES)
            fmt = token_format(int(rng.choice(sizes, p=shares)))
            start = int(rng.integers(0, 60))
            ids = encode(dialogue.own[start:], dialogue.user[start:], fmt)
        row = np.array(ids[: CONTEXT + 1], np.int64)
        yield row, token_weights(row), sentences_said(row, dialogue, start, fmt.chunk_frames)


class Dialogues(IterableDataset[Row]):
    """The training rows of a store's file, for one worker process."""

    def __init__(self, store: Path, seed: int, first_row: int = 0) -> None:
        self._store, self._seed, self._first_row = store, seed, first_row

    def __iter__(self) -> Iterator[Row]:
        training, _ = hold_out(load_store(self._store))
        return training_rows(training, self._seed, self._first_row)


def held_out_batch(store: Path) -> list[Tensor]:
    """Rows (BATCH, CONTEXT + 1) of utterances that no training heard."""
    _, held_out = hold_out(load_store(store))
    rows = list(itertools.islice(training_rows(held_out, _HELD_OUT_SEED), BATCH))
    return [torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)]


def sentences_said(
    ids: np.ndarray, dialogue: Dialogue, start: int, chunk_frames: int
) -> np.ndarray:
    """The number of the sentence that the user has just said, at each token (T,), or -1."""
    chunk = np.cumsum(ids == S0) - 1
    frame = chunk * chunk_frames + start
    said = np.full(len(ids), _NO_SENTENCE, np.int64)
    for event in dialogue.events:
        if event.side == 1 and event.text in _SENTENCES:
            told = (frame >= event.offset) & (frame < event.offset + _SENTENCE_FRAMES)
            said[told] = _SENTENCES[event.text]
    return said


def token_weights(ids: np.ndarray) -> np.ndarray:
    """Loss weights (T,): the user's units count ``USER_WEIGHT``, all else 1."""
    tags = np.where((ids == S0) | (ids == S1), np.arange(len(ids)), 0)
    owner = ids[np.maximum.accumulate(tags)]
    weights = np.where((owner == S1) & (ids < UNIT_COUNT), USER_WEIGHT, 1.0)
    return weights.astype(np.float32)


class Listener(nn.Module):
    """The network and the head that names sentences, half way up."""

    def __init__(self, net: Llama) -> None:
        super().__init__()
        self.net = net
        self.layer = len(net.layers) * 5 // 8
        self.norm = nn.RMSNorm(net.config.width, net.config.norm_epsilon)
        self.head = nn.Linear(net.config.width, len(_SENTENCES))

    def forward(self, ids_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, V) of the next token and (B, T, sentences)."""
        hidden = self.net.hidden(ids_BT)
        return self.net.logits(hidden[-1]), self.head(self.norm(hidden[self.layer]))


def dialogue_loss(
    listener: Callable[[Tensor], tuple[Tensor, Tensor]],
    ids_BT: Tensor,
    weights_BT: Tensor,
    said_BT: Tensor,
) -> tuple[Tensor, Tensor, float]:
    """Weighted cross-entropy per token and that of the sentences, nats; share of tokens at which
    the sentence is named right."""
    with torch.autocast("cpu", torch.bfloat16):
        logits, sentences = listener(ids_BT[:, :-1])
    losses = functional.cross_entropy(
        logits.float().flatten(0, 1), ids_BT[:, 1:].flatten(), reduction="none"
    )
    weights = weights_BT[:, 1:].flatten()
    said = said_BT[:, :-1].flatten()
    named = sentences.float().flatten(0, 1)
    told = said != _NO_SENTENCE
    # A sum over the tokens divided by their number: no token, no loss.
    naming = functional.cross_entropy(named, said, ignore_index=_NO_SENTENCE, reduction="sum")
    count = told.sum().clamp(min=1)
    right = float(((named.argmax(-1) == said) & told).sum() / count)
    return (losses * weights).sum() / weights.sum(), naming / count, right


def train_lm(
    store: Path,
    work: Path,
    minutes: float | None,
    threads: int,
    seed: int,
    preset: str = "starter",
    steps: int | None = None,
    compiled: bool = True,
) -> Path:
    """Train until the budget is spent over all runs: ``minutes`` of wall clock, or ``steps``.

    Returns the checkpoint, which a later call resumes from. ``compiled`` has effect where a C++
    compiler is found.
    """
    if (minutes is None) == (steps is None):
        raise ValueError("give either minutes or steps")
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    path = work / "lm.pt"
    net = Llama(PRESETS[preset])
    listener = Listener(net)
    matrices = [p for p in net.layers.parameters() if p.dim() > 1]
    muon = torch.optim.Muon(
        matrices, MATRIX_PEAK_RATE, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"
    )
    theirs = {id(p) for p in matrices}
    others = [p for p in listener.parameters() if id(p) not in theirs]
    adam = torch.optim.AdamW(others, PEAK_RATE, betas=(0.9, 0.95), weight_decay=0.01)
    optimizers = (muon, adam)
    peaks = (MATRIX_PEAK_RATE, PEAK_RATE)
    step, spent = 0, 0.0
    if path.exists():
        saved = torch.load(path, weights_only=True)
        if saved["config"] != asdict(net.config):
            raise ValueError(f"{path} holds a network of another size than {preset}")
        net.load_state_dict(saved["net"])
        listener.load_state_dict(saved["listener"])
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        step, spent = saved["step"], saved["spent"]

    def save() -> None:
        state = {
            "config": asdict(net.config),
            "net": net.state_dict(),
            "listener": listener.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            "step": step,
            "spent": spent,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def done() -> float:
        return step / steps if steps is not None else spent / (60 * (minutes or 0))

    # A quarter faster on one thread, a seventh on two (docs/training-log.md). The held-out loss
    # runs eagerly, since another mode would compile everything once more.
    fast = torch.compile(listener) if compiled and shutil.which("g++") else listener
    rows = DataLoader(Dialogues(store, seed, step * BATCH), BATCH, num_workers=1)
    loader = iter(rows)
    held_out = held_out_batch(store)
    heard: tuple[str, str] = ("", "")
    clock = saved_at = time.monotonic()
    logged_step, logged_at = step, clock
    log_path = work / "lm.csv"
    with Progress() as progress, log_path.open("a", newline="") as log:
        table = csv.writer(log)
        if not log_path.stat().st_size:
            table.writerow(_COLUMNS)
        bar = progress.add_task("language model", total=1.0)
        while done() < 1:
            share = max(FINAL_SHARE, (1 + math.cos(math.pi * done())) / 2)
            for optimizer, peak in zip(optimizers, peaks, strict=True):
                for group in optimizer.param_groups:
                    group["lr"] = peak * share * min(1, (step + 1) / 100)
            loss, naming, _ = dialogue_loss(fast, *next(loader))
            listener.zero_grad(set_to_none=True)
            (loss + SENTENCE_WEIGHT * naming).backward()
            torch.nn.utils.clip_grad_norm_(listener.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            step += 1
            if step % HELD_OUT_STEPS == 0:
                with torch.no_grad():
                    unheard, _, right = dialogue_loss(listener, *held_out)
                heard = f"{unheard.item():.4f}", f"{right:.4f}"
            now = time.monotonic()
            spent += now - clock
            clock = now
            if step % LOG_STEPS == 0:
                tokens = BATCH * CONTEXT
                pace = round((step - logged_step) * tokens / (now - logged_at))
                logged_step, logged_at = step, now
                told = heard if step % HELD_OUT_STEPS == 0 else ("", "")
                table.writerow(
                    [step, round(spent), step * tokens, f"{loss.item():.4f}", *told, pace]
                )
                log.flush()
                text = f"language model step {step} loss {loss.item():.3f}"
                if heard[0]:
                    text += f" held out {heard[0]}, {float(heard[1]):.0%} named"
                progress.update(bar, completed=done(), description=text)
            if now - saved_at > CHECKPOINT_SECONDS:
                save()
                saved_at = now
    save()
    return path
