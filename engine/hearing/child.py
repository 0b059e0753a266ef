"""The process that hears: sound comes by its input, words go by its output.

A process of its own, so that its Python never holds the conversation's; of low priority, so that it
never makes a chunk late. It ends when its input does, and so with the program, however that ends.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.errors import DuologueError
from engine.hearing.words import Notice, to_line
from engine.sound.audio_file import from_pcm
from engine.thread_priority import lower_for_background
from engine.timebase import SAMPLE_RATE_HZ

_HEADER = struct.Struct("<Iqi")
"""Which stream of sound it is, the first sample's number in it, and the number of samples."""
_MOST_SAMPLES = 30 * SAMPLE_RATE_HZ
_MOST_WAITING = 60 * SAMPLE_RATE_HZ
_CORE_SHARE = 0.25
"""Most of a core for words before they are final, on a slow machine; usually it is a tenth."""

Block = tuple[int, int, bytes]
"""Stream, first sample and 16-bit sound."""


def frame(stream: int, start_sample: int, pcm: np.ndarray) -> bytes:
    """A block of sound, int16 (n,), as it goes to the process."""
    return _HEADER.pack(stream, start_sample, len(pcm)) + pcm.astype("<i2").tobytes()


class _Inbox:
    """Sound that has come and is not heard yet; bounded."""

    def __init__(self, source: BinaryIO) -> None:
        self.dropped = 0
        """Blocks that did not fit."""
        self._source = source
        self._blocks: deque[Block] = deque()
        self._samples = 0
        self._some = threading.Condition()
        threading.Thread(target=self._read, name="sound", daemon=True).start()

    def _read(self) -> None:
        while True:
            header = self._source.read(_HEADER.size)
            if len(header) < _HEADER.size:
                break
            stream, start, samples = _HEADER.unpack(header)
            if not 0 <= samples <= _MOST_SAMPLES:
                break
            pcm = self._source.read(2 * samples)
            with self._some:
                if self._samples + samples > _MOST_WAITING:
                    self.dropped += 1
                    continue
                self._samples += samples
                self._blocks.append((stream, start, pcm))
                self._some.notify()
        os._exit(0)  # the conversation is over; a transcription that runs is for nobody

    def take(self, wait: bool) -> list[Block]:
        """All blocks that are here; with ``wait`` at least one."""
        with self._some:
            while wait and not self._blocks:
                self._some.wait()
            blocks = list(self._blocks)
            self._blocks.clear()
            self._samples = 0
            return blocks


def hear(folder: Path) -> None:
    """Hear with the part in ``folder`` what comes by the standard input, until it ends."""
    lower_for_background()
    # Libraries that print must not write between the words.
    target = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    inbox = _Inbox(sys.stdin.buffer)
    try:
        _hear(folder, inbox, target)
    except DuologueError as error:
        _tell(target, to_line(Notice(problem=str(error))))
    os._exit(0)


def _hear(folder: Path, inbox: _Inbox, target: BinaryIO) -> None:
    # Slow to load: by now the end of the input is noticed.
    from engine.hearing.recogniser import Recogniser
    from engine.hearing.turns import INTERVAL_SAMPLES, Turns
    from engine.part import check_part

    check_part(folder, "hearing")
    recogniser = Recogniser(folder)
    _tell(target, to_line(Notice(ready=True)))
    turns, stream, dropped = Turns(recogniser), 0, 0
    while True:
        for number, start_sample, pcm in inbox.take(wait=not turns.is_due):
            if number != stream:
                turns, stream = Turns(recogniser), number
            turns.push(from_pcm(np.frombuffer(pcm, "<i2")), start_sample)
        begin = time.perf_counter()
        words = turns.listen() if turns.is_due else None
        took = (time.perf_counter() - begin) * SAMPLE_RATE_HZ
        if took > _CORE_SHARE * INTERVAL_SAMPLES:
            turns.interval_samples = round(took / _CORE_SHARE)
        if words:
            _tell(target, to_line(words, stream))
        if inbox.dropped + turns.dropped > dropped:
            dropped = inbox.dropped + turns.dropped
            _tell(target, to_line(Notice(dropped=dropped)))


def _tell(target: BinaryIO, line: bytes) -> None:
    try:
        target.write(line)
        target.flush()
    except OSError:
        os._exit(0)  # nobody reads


if __name__ == "__main__":
    hear(Path(sys.argv[1]))
