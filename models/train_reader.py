"""Train the unit reader on composed dialogues (``duologue-train reader``).

Both speakers of a dialogue are read, each alone. What they said is known word by word; where people
speak of what the script does not know, the reader is to say so with a mark. It learns first to name
each word some frames behind its end, which are known too, then, with CTC, wherever it will.

Shape suffixes: B batch, T frames, P pieces and nothing.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import DuologueError
from models.dialogues import Composer, Dialogue, hold_out
from models.known_sentences import edit_distance
from models.optimizers import Optimizers, set_rates
from models.speech_store import load_store
from models.timing import HUMAN, Timing
from models.unit_reader import ReaderConfig, UnitReader
from models.vocabulary import Vocabulary, script_words

UNREAD = " …"
"""The piece that stands for words of which none is known."""
FRAMES = 400
"""Of a dialogue: 16 s."""
_DIALOGUES = 10
"""In a step."""
_RATE, _WARMUP, _FINAL_SHARE = 2e-3, 50, 0.02
_NAMED_FRAMES, _PIECE_FRAMES = 4, 2
_HINDSIGHT_FRAMES = 6
"""Behind a word's end: what follows tells much of it, of the first in a sentence above all."""
_NAMING_SHARE = 0.3
"""Of the training: names in their frames."""
_HELD_EVERY, _HELD_DIALOGUES, _HELD_SEED = 100, 40, 7
_COLUMNS = ("step", "seconds", "loss", "user_errors", "agent_errors")


def reader_pieces(vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the reader's numbers are in letters."""
    return (*vocabulary.pieces, UNREAD)


@dataclass(frozen=True, eq=False)
class Lessons:
    """Units to read and what they say."""

    units_BT: Tensor
    """int64; rows of the user and of the agent take turns."""
    pieces: list[list[int]]
    """Of each row, in order."""
    labels_BT: Tensor
    """int64: the piece that has just been said."""


def told(dialogue: Dialogue, side: int, vocabulary: Vocabulary) -> list[tuple[int, list[int]]]:
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


def frame_labels(
    words: Sequence[tuple[int, Sequence[int]]], frames: int, nothing: int
) -> np.ndarray:
    """int64 (frames,): each word's last piece some frames behind its end, the others before."""
    labels = np.full(frames, nothing, np.int64)
    for offset, pieces in words:
        for before, piece in enumerate(reversed(pieces)):
            first = max(offset + _HINDSIGHT_FRAMES - _PIECE_FRAMES * before, 0)
            labels[first : first + (_PIECE_FRAMES if before else _NAMED_FRAMES)] = piece
    return labels


def read(logits_TP: np.ndarray) -> list[int]:
    """The likeliest pieces: each once for as long as it stands."""
    likeliest = logits_TP.argmax(-1)
    nothing = logits_TP.shape[-1] - 1
    begins = np.concatenate([[True], likeliest[1:] != likeliest[:-1]])
    return [int(piece) for piece in likeliest[begins & (likeliest != nothing)]]


def train_reader(
    store: Path,
    folder: Path,
    minutes: float,
    threads: int,
    seed: int,
    timing: Timing = HUMAN,
) -> Path:
    """Train for so long in all; returns the checkpoint, beside which lies the log (``reader.csv``).

    A training that has a checkpoint goes on from there, with other dialogues; with more minutes it
    is further from its end again, so its rate rises, and words may be named once more. Raises
    DuologueError where the checkpoint is of other units or words.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    training, held_out = hold_out(load_store(store))
    vocabulary = Vocabulary(training.unit_count, script_words())
    net = UnitReader(ReaderConfig(training.unit_count, len(reader_pieces(vocabulary))))
    optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    optimizers: Optimizers = [(optimizer, _RATE)]
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint, log = folder / "reader.pt", folder / "reader.csv"
    step, spent_s = 0, 0.0
    if checkpoint.exists():
        step, spent_s = _resume(checkpoint, net, optimizer, vocabulary)
    else:
        log.write_text(",".join(_COLUMNS) + "\n", encoding="utf8")
    composer = Composer(training, seed + step, timing)
    held = compose_lessons(Composer(held_out, _HELD_SEED, timing), vocabulary, _HELD_DIALOGUES)
    begin_s = time.monotonic() - spent_s
    while (done := (time.monotonic() - begin_s) / (60 * minutes)) < 1:
        set_rates(optimizers, done, step, _WARMUP, _FINAL_SHARE)
        lessons = compose_lessons(composer, vocabulary, _DIALOGUES)
        loss = (naming_loss if done < _NAMING_SHARE else ctc_loss)(net, lessons)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % _HELD_EVERY == 0:
            seconds = time.monotonic() - begin_s
            errors = [round(each, 4) for each in word_errors(net, held)]
            row = step, round(seconds), round(loss.item(), 4), *errors
            with log.open("a", encoding="utf8", newline="") as stream:
                csv.writer(stream).writerow(row)
            print(*row, flush=True)
            _save(checkpoint, net, optimizer, vocabulary, step, seconds)
    _save(checkpoint, net, optimizer, vocabulary, step, time.monotonic() - begin_s)
    return checkpoint


def naming_loss(net: UnitReader, lessons: Lessons) -> Tensor:
    """Nats for each frame's label."""
    return functional.cross_entropy(_logits(net, lessons).transpose(1, 2), lessons.labels_BT)


def ctc_loss(net: UnitReader, lessons: Lessons) -> Tensor:
    """Nats for each piece, wherever it is told."""
    rows, frames = lessons.units_BT.shape
    return functional.ctc_loss(
        _logits(net, lessons).transpose(0, 1).log_softmax(-1),
        torch.tensor([piece for row in lessons.pieces for piece in row]),
        torch.full((rows,), frames),
        torch.tensor([len(row) for row in lessons.pieces]),
        blank=net.config.pieces,
        zero_infinity=True,
    )


def _logits(net: UnitReader, lessons: Lessons) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        logits_BTP, _ = net(lessons.units_BT, net.begin(len(lessons.units_BT)))
    return logits_BTP.float()


@torch.no_grad()
def word_errors(net: UnitReader, lessons: Lessons) -> tuple[float, float]:
    """Share of the user's and of the agent's pieces that are read wrongly."""
    logits_BTP = _logits(net, lessons)
    wrong = [
        edit_distance(said, read(logits_TP.numpy()))
        for said, logits_TP in zip(lessons.pieces, logits_BTP, strict=True)
    ]
    user, agent = (
        sum(wrong[side::2]) / max(sum(map(len, lessons.pieces[side::2])), 1) for side in (0, 1)
    )
    return user, agent


def compose_lessons(composer: Composer, vocabulary: Vocabulary, dialogues: int) -> Lessons:
    """Both speakers of so many dialogues."""
    units, pieces, labels = [], [], []
    for _ in range(dialogues):
        dialogue = composer.compose(FRAMES)
        for side, stream in ((1, dialogue.user), (0, dialogue.own)):
            words = told(dialogue, side, vocabulary)
            units.append(stream.astype(np.int64))
            pieces.append([piece for _, numbers in words for piece in numbers])
            labels.append(frame_labels(words, FRAMES, len(reader_pieces(vocabulary))))
    return Lessons(torch.from_numpy(np.stack(units)), pieces, torch.from_numpy(np.stack(labels)))


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
    if (saved["units"], tuple(saved["words"])) != (vocabulary.unit_count, vocabulary.words):
        raise DuologueError(f"{path} is of other units or words; move it away to begin anew.")
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"], saved["seconds"]


def load_reader(path: Path) -> tuple[UnitReader, Vocabulary]:
    """A trained reader, and the words that its numbers stand for."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    vocabulary = Vocabulary(saved["units"], tuple(saved["words"]))
    net = UnitReader(ReaderConfig(vocabulary.unit_count, len(reader_pieces(vocabulary))))
    net.load_state_dict(saved["net"])
    return net, vocabulary
