"""Plays sound outside a conversation: a recording, both tracks mixed, or a short sound of ours.

PortAudio's thread asks for sound; this object's own thread reads ahead from the file into a short
queue. A short sound is mixed into a recording that is played already, since only one stream at a
time may be open (`app.sound_check.CARD_LOCK`). Knows no Qt.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from app.sound_check import CARD_LOCK
from engine.card.devices import Wanted, choose, list_devices, refresh
from engine.card.streams import open_stream, runs
from engine.errors import DuologueError
from engine.sound.audio_file import to_pcm
from engine.timebase import SAMPLE_RATE_HZ

_QUEUED_BLOCKS = 40
_READ_SAMPLES = SAMPLE_RATE_HZ // 4
"""So much is read at once; what is mixed in waits at most so long, and for the queue."""
_LATENCY_MS = 100
_WAIT_SECONDS = 0.1
_CARD_SECONDS = 2.0


_playing: Player | None = None
"""Who plays now."""


def mixed(sound: np.ndarray) -> bool:
    """Play float32 (n,) at 16 kHz over the recording that is played now; False if none is."""
    player = _playing
    return player is not None and player.mix(sound)


class Player:
    """One playback of one file or sound; it starts when it is created."""

    def __init__(self, sound: Path | np.ndarray, speaker: Wanted, start_sample: int = 0) -> None:
        """``sound``: a file, or float32 (n,) at 16 kHz, which starts at its beginning."""
        self._sound, self._speaker = sound, speaker
        self._position = start_sample
        self._over_it: deque[np.ndarray] = deque()
        """What is mixed in."""
        self._mixes = threading.Lock()
        self._takes_more = False
        self._stopping, self._over = threading.Event(), threading.Event()
        self.error = ""
        """A sentence on why playback failed; empty if it did not."""
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """The sample that is heard now, at 16 kHz, accurate to 100 ms."""
        return self._position

    @property
    def playing(self) -> bool:
        """Whether playback is running."""
        return not self._over.is_set()

    def stop(self) -> None:
        """Stop playing; returns at once."""
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False if it has not come after ``seconds``."""
        return self._over.wait(seconds)

    def mix(self, sound: np.ndarray) -> bool:
        """Play float32 (n,) at 16 kHz over this from now on; False if this is over already."""
        with self._mixes:
            if self._takes_more:
                self._over_it.append(sound)
            return self._takes_more

    def _run(self) -> None:
        global _playing
        try:
            while not CARD_LOCK.acquire(timeout=_CARD_SECONDS):
                holder = _playing
                if holder is None or isinstance(holder._sound, Path):
                    raise DuologueError("The conversation is using the sound card; stop it first.")
            try:
                _playing, self._takes_more = self, True
                self._play()
            finally:
                _playing = None
                with self._mixes:
                    self._takes_more = False
                CARD_LOCK.release()
        except DuologueError as error:
            self.error = str(error)
        except (OSError, RuntimeError) as error:
            self.error = f"The conversation cannot be played ({error})."
        finally:
            self._over.set()

    def _play(self) -> None:
        refresh()
        device = choose(list_devices().speakers, self._speaker, "speaker")
        blocks: queue.Queue[np.ndarray] = queue.Queue(_QUEUED_BLOCKS)
        rate_hz = device.rate_hz or SAMPLE_RATE_HZ

        def give(out: np.ndarray, _frames: int, _time: Any, _status: Any) -> None:
            try:
                block = blocks.get_nowait()
            except queue.Empty:
                out.fill(0)
                return
            out[:] = 0
            out[: len(block)] = block[:, None]
            self._position += round(len(block) * SAMPLE_RATE_HZ / rate_hz)

        stream, _ = open_stream(lambda _rate_hz: give, (rate_hz,), _LATENCY_MS, speaker=device)
        try:
            for block in self._blocks(rate_hz):
                while not self._stopping.is_set():
                    if not runs(stream):
                        raise DuologueError(f"The speaker {device.name} is gone; plug it in again.")
                    try:
                        blocks.put(block, timeout=_WAIT_SECONDS)
                        break
                    except queue.Full:
                        continue
                if self._stopping.is_set():
                    return
            while not blocks.empty() and runs(stream) and not self._stopping.wait(_WAIT_SECONDS):
                pass
            self._stopping.wait(_LATENCY_MS / 1000)  # the card still plays its buffer
        finally:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    def _blocks(self, rate_hz: int) -> Iterator[np.ndarray]:
        """Blocks of 10 ms, int16 (n,), at the card's rate."""
        frames = rate_hz // 100
        resampler = soxr.ResampleStream(SAMPLE_RATE_HZ, rate_hz, 1, dtype="float32")
        left = np.zeros(0, np.float32)
        for mono in self._with_more():
            left = np.concatenate([left, resampler.resample_chunk(np.clip(mono, -1, 1))])
            while len(left) >= frames:
                yield to_pcm(left[:frames])
                left = left[frames:]
        left = np.concatenate([left, resampler.resample_chunk(np.zeros(0, np.float32), True)])
        for start in range(0, len(left), frames):
            yield to_pcm(left[start : start + frames])

    def _with_more(self) -> Iterator[np.ndarray]:
        """The sound and what is mixed in, which may be longer, float32 (n,) at 16 kHz."""
        more = np.zeros(0, np.float32)
        for mono in self._own_sound():
            while self._over_it:
                more = np.concatenate([more, self._over_it.popleft()])
            now, more = more[: len(mono)], more[len(mono) :]
            mono[: len(now)] += now
            yield mono
        with self._mixes:
            self._takes_more = False
        yield np.concatenate([more, *self._over_it])

    def _own_sound(self) -> Iterator[np.ndarray]:
        """Blocks of the file, both speakers added, or of the sound; float32 (n,) at 16 kHz."""
        if isinstance(self._sound, np.ndarray):
            for start in range(0, len(self._sound), _READ_SAMPLES):
                yield self._sound[start : start + _READ_SAMPLES].copy()
            return
        with soundfile.SoundFile(self._sound) as file:
            file.seek(min(self._position, file.frames))
            for block in file.blocks(_READ_SAMPLES, dtype="float32", always_2d=True):
                yield block.sum(axis=1)
