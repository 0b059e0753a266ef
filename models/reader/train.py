"""Train the unit reader on composed dialogues (``duologue-train reader``).

Both speakers of a dialogue are read, each alone. What they said is known word by word; where people
speak of what the script does not know, the reader is to say so with a mark. It learns first to name
each word some frames behind its end, which are known too, then, with CTC, wherever it will.

Shape suffixes: B batch, T frames, P pieces and nothing.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from engine.errors import DuologueError
from models.dialogue.composer import Composer
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import load_store, split_held_out
from models.dialogue.unit_streams import Dialogue
from models.edit_distance import edit_distance
from models.language.vocabulary import Vocabulary
from models.optimizers import Optimizers, set_learning_rates
from models.reader.network import ReaderConfig, UnitReader
from models.script.words import script_words

OUT_OF_VOCABULARY = " …"
"""The piece that stands for words of which none is known."""
FRAMES = 400
"""Of a dialogue: 16 s."""
DIALOGUES = 10
"""In a step, on a processor."""
_RATE, _WARMUP, _FINAL_SHARE = 2e-3, 100, 0.02
_NAMED_FRAMES, _PIECE_FRAMES = 4, 2
_HINDSIGHT_FRAMES = 6
"""Behind a word's end: what follows tells much of it, of the first in a sentence above all."""
_FRAME_LOSS_SHARE = 0.3
"""Of the training: names in their frames."""
_HELD_EVERY, _HELD_DIALOGUES, _HELD_SEED = 100, 40, 7
_STEP_SEEDS = 1_000_000
"""Between two seeds, so that no dialogues come twice where a training is resumed."""
_COLUMNS = ("step", "seconds", "loss", "user_errors", "agent_errors")


def reader_pieces(vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the reader's numbers are in letters."""
    return (*vocabulary.pieces, OUT_OF_VOCABULARY)


@dataclass(frozen=True, eq=False)
class ReaderBatch:
    """Units to read and what they say."""

    units_BT: Tensor
    """int64; rows of the user and of the agent take turns."""
    pieces: list[list[int]]
    """Of each row, in order."""
    labels_BT: Tensor
    """int64: the piece that has just been said."""


class ReaderBatches(IterableDataset[ReaderBatch]):
    """Endless lessons; of several processes each composes its own."""

    def __init__(self, store: Path, seed: int, dialogues: int, timing: Timing) -> None:
        self._store, self._seed, self._dialogues, self._timing = store, seed, dialogues, timing

    def __iter__(self) -> Iterator[ReaderBatch]:
        training, _ = split_held_out(load_store(self._store))
        vocabulary = Vocabulary(training.unit_count, script_words())
        worker = get_worker_info()
        number = worker.id if worker else 0
        composer = Composer(training, self._seed + number, self._timing)
        while True:
            yield compose_batch(composer, vocabulary, self._dialogues)


def word_targets(
    dialogue: Dialogue, side: int, vocabulary: Vocabulary
) -> list[tuple[int, list[int]]]:
    """(frame behind the word, numbers of its pieces) of all that one speaker said to its end, with
    time enough for hindsight."""
    words: list[tuple[int, list[int]]] = []
    for said in sorted(dialogue.events, key=lambda said: said.onset):
        if said.side == side and not said.words:
            words.append((said.offset, [len(vocabulary.pieces)]))
        elif said.side == side:
            words += [(offset, vocabulary.text_pieces(word)) for word, _, offset in said.words]
    last = len(dialogue.own) - _HINDSIGHT_FRAMES
    return [(offset, pieces) for offset, pieces in words if offset <= last]


def frame_labels(words: Sequence[tuple[int, Sequence[int]]], frames: int, blank: int) -> np.ndarray:
    """int64 (frames,): each word's last piece some frames behind its end, the others before."""
    labels = np.full(frames, blank, np.int64)
    for offset, pieces in words:
        for before, piece in enumerate(reversed(pieces)):
            first = max(offset + _HINDSIGHT_FRAMES - _PIECE_FRAMES * before, 0)
            labels[first : first + (_PIECE_FRAMES if before else _NAMED_FRAMES)] = piece
    return labels


def greedy_decode(logits_TP: np.ndarray) -> list[int]:
    """The likeliest pieces: each once for as long as it stands."""
    best = logits_TP.argmax(-1)
    blank = logits_TP.shape[-1] - 1
    begins = np.concatenate([[True], best[1:] != best[:-1]])
    return [int(piece) for piece in best[begins & (best != blank)]]


def train_reader(
    store: Path,
    folder: Path,
    minutes: float,
    threads: int,
    seed: int,
    timing: Timing = HUMAN,
    dialogues: int = DIALOGUES,
    workers: int = 0,
) -> Path:
    """Train for so long in all, on a GPU where there is one; returns the checkpoint, beside which
    lies the log (``reader.csv``).

    A training that has a checkpoint goes on from there, with other dialogues; with more minutes it
    is further from its end again, so its rate rises, and words may be named once more. Of
    ``dialogues`` a step is made; ``workers`` processes compose them. Raises DuologueError where the
    checkpoint is of other units, words or sizes.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    training, held_out = split_held_out(load_store(store))
    vocabulary = Vocabulary(training.unit_count, script_words())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = UnitReader(ReaderConfig(training.unit_count, len(reader_pieces(vocabulary)))).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    optimizers: Optimizers = [(optimizer, _RATE)]
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, log = folder / "reader.pt", folder / "reader.csv"
    step, spent_s = 0, 0.0
    if checkpoint.exists():
        step, spent_s = _resume(checkpoint, net, optimizer, vocabulary)
    else:
        log.write_text(",".join(_COLUMNS) + "\n", encoding="utf8")
    stream = ReaderBatches(store, _STEP_SEEDS * seed + step, dialogues, timing)
    batches = iter(DataLoader(stream, None, num_workers=workers))
    held = compose_batch(Composer(held_out, _HELD_SEED, timing), vocabulary, _HELD_DIALOGUES)
    begin_s = time.monotonic() - spent_s
    while (done := (time.monotonic() - begin_s) / (60 * minutes)) < 1:
        set_learning_rates(optimizers, done, step, _WARMUP, _FINAL_SHARE)
        batch = next(batches)
        loss = (frame_loss if done < _FRAME_LOSS_SHARE else ctc_loss)(net, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % _HELD_EVERY == 0:
            seconds = time.monotonic() - begin_s
            errors = [round(each, 4) for each in piece_error_rates(net, held)]
            row = step, round(seconds), round(loss.item(), 4), *errors
            with log.open("a", encoding="utf8", newline="") as table:
                csv.writer(table).writerow(row)
            print(*row, flush=True)
            _save(checkpoint, net, optimizer, vocabulary, step, seconds)
    _save(checkpoint, net, optimizer, vocabulary, step, time.monotonic() - begin_s)
    return checkpoint


def frame_loss(net: UnitReader, batch: ReaderBatch) -> Tensor:
    """Nats for each frame's label."""
    logits_BTP = _logits(net, batch)
    labels_BT = batch.labels_BT.to(logits_BTP.device)
    return functional.cross_entropy(logits_BTP.transpose(1, 2), labels_BT)


def ctc_loss(net: UnitReader, batch: ReaderBatch) -> Tensor:
    """Nats for each piece, wherever it is told."""
    rows, frames = batch.units_BT.shape
    return functional.ctc_loss(
        _logits(net, batch).transpose(0, 1).log_softmax(-1),
        torch.tensor([piece for row in batch.pieces for piece in row]),
        torch.full((rows,), frames),
        torch.tensor([len(row) for row in batch.pieces]),
        blank=net.config.pieces,
        zero_infinity=True,
    )


def _logits(net: UnitReader, batch: ReaderBatch) -> Tensor:
    device = next(net.parameters()).device
    state_LBH = net.begin(len(batch.units_BT)).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        logits_BTP, _ = net(batch.units_BT.to(device), state_LBH)
    return logits_BTP.float()


@torch.no_grad()
def piece_error_rates(net: UnitReader, batch: ReaderBatch) -> tuple[float, float]:
    """Share of the user's and of the agent's pieces that are read wrongly."""
    net.eval()
    logits_BTP = _logits(net, batch).cpu()
    net.train()
    wrong = [
        edit_distance(said, greedy_decode(logits_TP.numpy()))
        for said, logits_TP in zip(batch.pieces, logits_BTP, strict=True)
    ]
    user, agent = (
        sum(wrong[side::2]) / max(sum(map(len, batch.pieces[side::2])), 1) for side in (0, 1)
    )
    return user, agent


def compose_batch(composer: Composer, vocabulary: Vocabulary, dialogues: int) -> ReaderBatch:
    """Both speakers of so many dialogues."""
    units, pieces, labels = [], [], []
    for _ in range(dialogues):
        dialogue = composer.compose(FRAMES)
        for side, stream in ((1, dialogue.user), (0, dialogue.own)):
            words = word_targets(dialogue, side, vocabulary)
            units.append(stream.astype(np.int64))
            pieces.append([piece for _, numbers in words for piece in numbers])
            labels.append(frame_labels(words, FRAMES, len(reader_pieces(vocabulary))))
    return ReaderBatch(
        torch.from_numpy(np.stack(units)), pieces, torch.from_numpy(np.stack(labels))
    )


def _save(
    path: Path,
    net: UnitReader,
    optimizer: torch.optim.Optimizer,
    vocabulary: Vocabulary,
    step: int,
    seconds: float,
) -> None:
    saved = {
        "units": net.config.units,
        "words": list(vocabulary.words),
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    part = path.with_suffix(".part")
    torch.save(saved, part)
    part.replace(path)


def _resume(
    path: Path, net: UnitReader, optimizer: torch.optim.Optimizer, vocabulary: Vocabulary
) -> tuple[int, float]:
    """Steps and seconds that a checkpoint has behind it, whose state is taken over."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    own = vocabulary.unit_count, vocabulary.words, _shapes(net.state_dict())
    if (saved["units"], tuple(saved["words"]), _shapes(saved["net"])) != own:
        raise DuologueError(
            f"{path} is of other units, words or sizes; move it away to begin anew."
        )
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"], saved["seconds"]


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in state.items()}


def load_reader(path: Path) -> tuple[UnitReader, Vocabulary]:
    """A trained reader, and the words that its numbers stand for."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    vocabulary = Vocabulary(saved["units"], tuple(saved["words"]))
    net = UnitReader(ReaderConfig(vocabulary.unit_count, len(reader_pieces(vocabulary))))
    net.load_state_dict(saved["net"])
    return net.eval(), vocabulary
