"""Encodes calls as units and writes them to a store; an interrupted run goes on where it stopped.

Each channel is a stream of its own from the call's first sample to its last, so its units are those
of the whole channel, and memory does not grow with its sound. A HuBERT, which sees all of a sound,
gets the whole channel at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from engine.errors import DuologueError, unwritable
from engine.timebase import FRAME_SAMPLES
from models.corpora.call import Call, Remark, listed
from models.corpora.speaker_splits import LEFT_OUT, SPLITS, split_calls
from models.dialogue.recorded_dialogues import (
    CorpusDescription,
    EncodedCall,
    SpokenLine,
    read_description,
    stored_calls,
    write_description,
    write_shard,
    write_splits,
)
from models.imported.hubert import Hubert
from models.imported.hubert_checkpoint import CHECKPOINT, imported_hubert, open_hubert
from models.tokenizer.encode import UnitStream
from models.tokenizer.network import TokenizerNet, load_tokenizer

CALLS_PER_SHARD = 16
"""An interruption loses less than a shard, and only if the process is killed."""
_STEP_FRAMES = 250
_LOCK = "writing.lock"
_Net = TokenizerNet | Hubert


def tokenizer_of(work: Path) -> Path:
    """The checkpoint of a work folder's tokenizer: the imported HuBERT, else the trained one."""
    return imported_hubert(work) or work / "tok" / "tokenizer.pt"


def _open(checkpoint: Path) -> _Net:
    return open_hubert(checkpoint) if checkpoint.name == CHECKPOINT else load_tokenizer(checkpoint)


def unit_count_of(work: Path) -> int:
    """How many units the work folder's tokenizer has."""
    return _open(tokenizer_of(work)).unit_count


def encode_call(net: _Net, call: Call, remark: Remark) -> np.ndarray:
    """int16 (2, frames): the units of both channels; silence fills the last frame.

    ``remark`` receives a sentence where the sound is damaged. Raises DuologueError where it cannot
    be read.
    """
    steps = _steps(call.sound(remark))
    units = _whole(net, steps) if isinstance(net, Hubert) else _streamed(net, steps)
    if not units.shape[1]:
        raise DuologueError(f"{call.id} contains no sound.")
    return units


def _streamed(net: TokenizerNet, steps: Iterable[np.ndarray]) -> np.ndarray:
    streams = UnitStream(net), UnitStream(net)
    units: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for block in steps:
        for stream, channel, found in zip(streams, block, units, strict=True):
            found.append(stream.push(channel))
    return np.stack([np.concatenate([np.zeros(0, np.int16), *found]) for found in units])


@torch.no_grad()
def _whole(net: Hubert, steps: Iterable[np.ndarray]) -> np.ndarray:
    sound = np.concatenate([np.zeros((2, 0), np.float32), *steps], 1)
    units = [net.whole_units(torch.from_numpy(channel)).numpy() for channel in sound]
    return np.stack(units).astype(np.int16)


def _steps(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same sound in blocks of whole frames."""
    step = _STEP_FRAMES * FRAME_SAMPLES
    waiting, count = [np.zeros((2, 0), np.float32)], 0
    for block in blocks:
        waiting.append(block)
        count += block.shape[1]
        if count >= step:
            joined = np.concatenate(waiting, 1)
            whole = count // step * step
            yield from np.split(joined[:, :whole], whole // step, axis=1)
            waiting, count = [joined[:, whole:]], count - whole
    rest = np.concatenate(waiting, 1)
    if rest.shape[1]:
        yield np.pad(rest, ((0, 0), (0, -rest.shape[1] % FRAME_SAMPLES)))


_Result = tuple[EncodedCall | None, list[str]]
"""A call, if it can be used, and sentences about it."""


def _encoded(net: _Net, call: Call) -> _Result:
    told: list[str] = []
    try:
        units = encode_call(net, call, told.append)
    except DuologueError as error:
        return None, [f"{error} {call.id} is left out."]
    lines: tuple[SpokenLine, ...] = ()
    try:
        lines = call.lines()
    except DuologueError as error:
        told.append(f"{error} {call.id} is used without its transcript.")
    return EncodedCall(call.id, call.speakers, units, lines), told


_worker_net: _Net


def _begin_worker(checkpoint: Path) -> None:
    global _worker_net
    torch.set_num_threads(1)
    _worker_net = _open(checkpoint)


def _work(call: Call) -> _Result:
    return _encoded(_worker_net, call)


def _results(checkpoint: Path, calls: list[Call], jobs: int) -> Iterator[_Result]:
    if jobs == 1:
        net = _open(checkpoint)
        for call in calls:
            yield _encoded(net, call)
        return
    # Not forked: a process with torch's threads cannot be.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, spawned, _begin_worker, (checkpoint,)) as pool:
        try:
            # Not map, which would send all at once: a shard's worth waits at the most.
            waiting = iter(calls)
            running = [pool.submit(_work, call) for call in islice(waiting, 2 * jobs)]
            while running:
                yield running.pop(0).result()
                running += [pool.submit(_work, call) for call in islice(waiting, 1)]
        except BrokenProcessPool as error:
            raise DuologueError(
                "A process that encoded calls was ended, probably for want of memory; run it again "
                "with fewer --jobs. What was encoded is kept."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def tokenizer_hash(checkpoint: Path) -> str:
    """SHA-256 of a tokenizer's checkpoint. Raises DuologueError where there is none."""
    try:
        return hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    except OSError as error:
        raise DuologueError(
            f"There is no tokenizer {checkpoint}; make one with duologue-train tokenizer and "
            "units, take a bundle's with duologue-train unpack, or a HuBERT with import-hubert."
        ) from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make the folder and keep other runs from it; the system ends the lock with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("wb")
    except OSError as error:
        raise unwritable(folder, error) from error
    with lock as stream:
        try:
            if fcntl:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DuologueError(
                f"Another run is writing to {folder}; wait for its end, or give another folder "
                "with --out."
            ) from error
        except OSError:
            pass  # some volumes have no locks
        yield


def write_calls(
    folder: Path,
    kind: str,
    licence: str,
    calls: list[Call],
    checkpoint: Path,
    jobs: int,
    say: Remark,
) -> None:
    """Encode the calls that the store in ``folder`` does not have yet, and add them.

    ``say`` receives a sentence about every call that cannot be used; another run tries it again.
    Raises DuologueError where the tokenizer has no units, the store was made with another tokenizer
    or of another corpus, or another run writes to it.
    """
    digest = tokenizer_hash(checkpoint)
    description = CorpusDescription(kind, licence, digest, _open(checkpoint).unit_count)
    if not description.unit_count:
        raise DuologueError(f"{checkpoint} has no units yet; run duologue-train units.")
    known = read_description(folder)
    if known and (known.kind, known.tokenizer) != (kind, digest):
        raise DuologueError(
            f"{folder} holds dialogues of another corpus or tokenizer ({known.kind}); give another "
            "folder with --out."
        )
    # Two runs would overwrite each other's splits and shards.
    with _alone(folder):
        write_description(folder, description)
        _add(folder, calls, checkpoint, jobs, say)


def _add(folder: Path, calls: list[Call], checkpoint: Path, jobs: int, say: Remark) -> None:
    stored, found = stored_calls(folder), {call.id for call in calls}
    # Calls of earlier runs on other folders (discs, parts) stay in the store and in its splits.
    splits = split_calls([*calls, *(call for call in stored if call.id not in found)])
    write_splits(folder, splits)
    shares = ", ".join(f"{len(splits[split])} calls for {split}" for split in SPLITS[:3])
    say(f"{shares}; {len(stored)} are in {folder} already." if stored else f"{shares}.")
    if splits[LEFT_OUT]:
        say(f"Left out, since they join two splits: {listed(splits[LEFT_OUT])}.")
    done = {call.id for call in stored} | set(splits[LEFT_OUT])
    todo = [call for call in calls if call.id not in done]
    shard: list[EncodedCall] = []
    try:
        for encoded, told in track(_results(checkpoint, todo, jobs), "calls", total=len(todo)):
            for sentence in told:
                say(sentence)
            if encoded:
                shard.append(encoded)
            if len(shard) == CALLS_PER_SHARD:
                write_shard(folder, shard)
                shard = []
    finally:
        if shard:
            write_shard(folder, shard)
