"""Trains the unit reader on composed dialogues (``duologue-train reader``).

Both speakers of a dialogue are read, each alone. Units of the agent's own have numbers after the
tokenizer's. The dialogue's words and their times are known;
for speech that is not in the script, the target is a mark. The training has two phases: first each
word is to be named in given frames just after its end, then CTC lets the network choose the frame.

Shape suffixes: B batch, T frames, P pieces and the blank.
"""

from __future__ import annotations

import csv
import itertools
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
from engine.syncllm.bundle import load_bundle
from engine.timebase import FRAME_MS
from models.dialogue.composer import Composer
from models.dialogue.timing import HUMAN, Timing
from models.dialogue.unit_store import UnitStore, load_store, own_unit_shares, split_held_out
from models.dialogue.unit_streams import Dialogue
from models.edit_distance import edit_distance
from models.language.vocabulary import CHUNKS_MS, Vocabulary
from models.optimizers import Optimizers, set_learning_rates
from models.reader.network import ReaderConfig, UnitReader
from models.reader.restore import reader_from_onnx
from models.script.words import script_words
from models.tokenizer.changed_table import rows_of_new_units
from models.vocoder.segments import reexpanded

OUT_OF_VOCABULARY = " …"
"""The piece that stands for speech without a known word."""
FRAMES = 400
"""Length of a dialogue: 16 s."""
DIALOGUES = 10
"""In a step, on a CPU."""
_RATE, _WARMUP, _FINAL_SHARE = 2e-3, 100, 0.02
_FURTHER_RATE = 7e-4
"""Of a training that begins with a bundle's reader; it has no first phase."""
_NAMED_FRAMES, _PIECE_FRAMES = 4, 2
_HINDSIGHT_FRAMES = 6
"""From a word's end to its label: what follows helps to recognise it, most of all the first word of
a sentence."""
_FRAME_LOSS_SHARE = 0.3
"""Of the training: the first phase, with labels in given frames."""
_HELD_EVERY, _HELD_DIALOGUES, _HELD_SEED = 100, 40, 7
_STEP_SEEDS = 1_000_000
"""Distance of two seeds, so that a resumed training has no dialogue twice."""
_COLUMNS = ("step", "seconds", "loss", "user_errors", "agent_errors")


def reader_pieces(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The text of each of the reader's numbers."""
    return (*vocabulary.pieces, OUT_OF_VOCABULARY)


@dataclass(frozen=True, eq=False)
class ReaderBatch:
    """Units to read, with their targets."""

    units_BT: Tensor
    """int64; streams of the user and of the agent alternate."""
    pieces: list[list[int]]
    """For each stream the pieces in order: the target of CTC."""
    labels_BT: Tensor
    """int64: for each frame the piece, or the blank: the target of the first phase."""


class ReaderBatches(IterableDataset[ReaderBatch]):
    """Endless batches; each worker process composes its own."""

    def __init__(self, store: Path, seed: int, dialogues: int, timing: Timing) -> None:
        self._store, self._seed, self._dialogues, self._timing = store, seed, dialogues, timing

    def __iter__(self) -> Iterator[ReaderBatch]:
        training, _ = split_held_out(load_store(self._store))
        vocabulary = _vocabulary(training)
        worker = get_worker_info()
        number = worker.id if worker else 0
        composer = Composer(training, self._seed + number, self._timing)
        for seed in itertools.count(self._seed + number):
            yield compose_batch(composer, vocabulary, self._dialogues, seed)


def _vocabulary(store: UnitStore) -> Vocabulary:
    return Vocabulary(store.unit_count, script_words(), store.own_unit_count)


def _unit_count(vocabulary: Vocabulary) -> int:
    """Units of both speakers."""
    return vocabulary.unit_count + vocabulary.own_unit_count


def word_targets(
    dialogue: Dialogue, side: int, vocabulary: Vocabulary
) -> list[tuple[int, list[int]]]:
    """(frame after the word, numbers of its pieces) of each word of one speaker.

    Words that end too late for their label are left out.
    """
    words: list[tuple[int, list[int]]] = []
    for said in sorted(dialogue.events, key=lambda said: said.onset):
        if said.side == side and not said.words:
            words.append((said.offset, [len(vocabulary.pieces)]))
        elif said.side == side:
            words += [(offset, vocabulary.text_pieces(word)) for word, _, offset in said.words]
    last = len(dialogue.own) - _HINDSIGHT_FRAMES
    return [(offset, pieces) for offset, pieces in words if offset <= last]


def frame_labels(words: Sequence[tuple[int, Sequence[int]]], frames: int, blank: int) -> np.ndarray:
    """int64 (frames,): each word's last piece some frames after its end, the others before that."""
    labels = np.full(frames, blank, np.int64)
    for offset, pieces in words:
        for before, piece in enumerate(reversed(pieces)):
            first = max(offset + _HINDSIGHT_FRAMES - _PIECE_FRAMES * before, 0)
            labels[first : first + (_PIECE_FRAMES if before else _NAMED_FRAMES)] = piece
    return labels


def greedy_decode(logits_TP: np.ndarray) -> list[int]:
    """The likeliest pieces in order; a piece over several frames counts once."""
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
    bundle: Path | None = None,
    coincidence: np.ndarray | None = None,
) -> Path:
    """Train for ``minutes`` in all, on a GPU where there is one; returns the checkpoint.

    Begins with the ``bundle``'s reader; without a bundle, with random weights. Units of the agent's
    own that this reader does not know begin as the mean of those that describe the same sound; with
    ``coincidence`` (units, the bundle's units), for another tokenizer, so do the user's.
    The log lies beside it (``reader.csv``). A training resumes from its checkpoint, with new
    dialogues. Given more minutes, it has spent a smaller share of its budget: the learning rate
    rises again, and it may return to the first phase. A step has ``dialogues`` dialogues;
    ``workers`` processes compose them. Raises DuologueError where the checkpoint has other units,
    words or sizes, or the bundle has no reader for them.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    training, held_out = split_held_out(load_store(store))
    vocabulary = _vocabulary(training)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = UnitReader(ReaderConfig(_unit_count(vocabulary), len(reader_pieces(vocabulary))))
    if bundle:
        net.load_state_dict(_bundle_weights(bundle, vocabulary, training, coincidence))
    net.to(device)
    optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    optimizers: Optimizers = [(optimizer, _FURTHER_RATE if bundle else _RATE)]
    first_phase = 0 if bundle else _FRAME_LOSS_SHARE
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
        loss = (frame_loss if done < first_phase else ctc_loss)(net, batch)
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
    """The first phase's loss: nats per frame."""
    logits_BTP = _logits(net, batch)
    labels_BT = batch.labels_BT.to(logits_BTP.device)
    return functional.cross_entropy(logits_BTP.transpose(1, 2), labels_BT)


def ctc_loss(net: UnitReader, batch: ReaderBatch) -> Tensor:
    """The second phase's loss: nats per piece, in whichever frame it is given."""
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
    """Piece error rate of the user's and of the agent's streams."""
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


def _told(units_T: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """The agent's units as a conversation has them: they have passed through the token format."""
    frames = int(draw.choice([ms // FRAME_MS for ms in CHUNKS_MS]))
    return reexpanded(units_T, frames, int(draw.integers(frames)))


def compose_batch(
    composer: Composer, vocabulary: Vocabulary, dialogues: int, seed: int = 0
) -> ReaderBatch:
    """Compose dialogues and take both speakers of each; ``seed`` draws the chunks of the agent's
    own units."""
    units, pieces, labels = [], [], []
    draw = np.random.default_rng(seed)
    for _ in range(dialogues):
        dialogue = composer.compose(FRAMES)
        for side, stream in ((1, dialogue.user), (0, dialogue.own)):
            words = word_targets(dialogue, side, vocabulary)
            heard = stream.astype(np.int64)
            if side == 0 and vocabulary.own_unit_count:
                heard = _told(heard, draw) + vocabulary.unit_count
            units.append(heard)
            pieces.append([piece for _, numbers in words for piece in numbers])
            labels.append(frame_labels(words, FRAMES, len(reader_pieces(vocabulary))))
    return ReaderBatch(
        torch.from_numpy(np.stack(units)), pieces, torch.from_numpy(np.stack(labels))
    )


def _bundle_weights(
    bundle: Path, vocabulary: Vocabulary, store: UnitStore, coincidence: np.ndarray | None
) -> dict[str, Tensor]:
    """The weights of a bundle's reader, with rows for units that it does not know.

    Raises DuologueError where it has no reader of these units and words.
    """
    shipped = load_bundle(bundle)
    if not shipped.reader or tuple(shipped.pieces) != reader_pieces(vocabulary):
        raise DuologueError(f"{bundle} has no reader of the script's words; train without it.")
    state = reader_from_onnx(shipped.reader).state_dict()
    rows = state["enter.weight"]
    if coincidence is not None:
        rows = state["enter.weight"] = rows_of_new_units(rows, coincidence)
    if len(rows) == vocabulary.unit_count and vocabulary.own_unit_count:
        shares = torch.from_numpy(own_unit_shares(store)).float()
        state["enter.weight"] = torch.cat([rows, shares @ rows])
    if len(state["enter.weight"]) != _unit_count(vocabulary):
        raise DuologueError(f"{bundle} has a reader of other units; train without it.")
    return state


def _save(
    path: Path,
    net: UnitReader,
    optimizer: torch.optim.Optimizer,
    vocabulary: Vocabulary,
    step: int,
    seconds: float,
) -> None:
    saved = {
        "units": vocabulary.unit_count,
        "own_units": vocabulary.own_unit_count,
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
    """Load a checkpoint into ``net`` and ``optimizer``; returns its steps and seconds."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    units = saved["units"], saved.get("own_units", 0)
    own = (vocabulary.unit_count, vocabulary.own_unit_count), vocabulary.words
    if (units, tuple(saved["words"])) != own or _shapes(saved["net"]) != _shapes(net.state_dict()):
        raise DuologueError(
            f"{path} is of other units, words or sizes; move it away to start a new training."
        )
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"], saved["seconds"]


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in state.items()}


def load_reader(path: Path) -> tuple[UnitReader, Vocabulary]:
    """Load a trained reader and its vocabulary."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    vocabulary = Vocabulary(saved["units"], tuple(saved["words"]), saved.get("own_units", 0))
    net = UnitReader(ReaderConfig(_unit_count(vocabulary), len(reader_pieces(vocabulary))))
    net.load_state_dict(saved["net"])
    return net.eval(), vocabulary
