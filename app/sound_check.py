"""Tests the microphone and the speaker before a conversation: a level meter and a chime.

A separate thread owns the card; the caller takes levels from a short queue. Knows no Qt.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

import numpy as np

from engine.card.devices import Wanted, dead_microphone
from engine.card.playout import Playout
from engine.card.portaudio_card import PortAudioCard
from engine.card.sound_card import BLOCK_SECONDS
from engine.errors import DuologueError
from engine.sound.level import levels_db
from engine.talk.live_conversation import DEAD_SECONDS
from engine.timebase import SAMPLE_RATE_HZ

_READ_SECONDS = 0.05
_LEVEL_BLOCKS = 5
_CHIME_HZ, _CHIME_SECONDS, _CHIME_AMPLITUDE = (523.25, 783.99), 0.35, 0.2

CARD_LOCK = threading.Lock()
"""Held while the sound card is open. Opening it again lists all devices again, which ends
every other stream of this process."""


def card_is_free(seconds: float) -> bool:
    """Whether the sound card is closed, or is within ``seconds``."""
    free = CARD_LOCK.acquire(timeout=seconds)
    if free:
        CARD_LOCK.release()
    return free


MakeCard = Callable[[Wanted, Wanted], PortAudioCard]


class SoundCheck:
    """Listens and plays until it is stopped, with one choice of devices."""

    def __init__(
        self, microphone: Wanted, speaker: Wanted, make_card: MakeCard = PortAudioCard
    ) -> None:
        self._card = make_card(microphone, speaker)
        self._playout = Playout()
        self._messages: queue.Queue[float | str] = queue.Queue(20)
        self._stopping = threading.Event()
        self._chime = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound check", daemon=True)
        self._thread.start()

    def next(self) -> float | str | None:
        """A level in dB, or a sentence about a problem; None if there is nothing new."""
        with contextlib.suppress(queue.Empty):
            return self._messages.get_nowait()
        return None

    def chime(self) -> None:
        """Play two soft tones."""
        self._chime.set()

    @property
    def running(self) -> bool:
        """Whether the check is running."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ask the thread to close the card and end."""
        self._stopping.set()

    def _run(self) -> None:
        with CARD_LOCK:
            self._hold_card()

    def _hold_card(self) -> None:
        try:
            info = self._card.open(self._playout.take)
            blocks: list[np.ndarray] = []
            heard_seconds, dead, sounded = 0.0, False, False
            while not self._stopping.is_set():
                if self._chime.is_set():
                    self._chime.clear()
                    self._playout.put(self._playout.position, chime())
                block = self._card.read(_READ_SECONDS)
                if block is None:
                    continue
                blocks.append(block.near)
                if len(blocks) < _LEVEL_BLOCKS:
                    continue
                near = np.concatenate(blocks)
                blocks.clear()
                sounded |= bool(near.any())
                heard_seconds += _LEVEL_BLOCKS * BLOCK_SECONDS
                # Zeros after sound come from a noise gate, not from a dead microphone.
                if not sounded and not dead and heard_seconds >= DEAD_SECONDS:
                    dead = True
                    self._post(dead_microphone(info.microphone))
                elif sounded and dead:
                    dead = False
                    self._post(f"The microphone {info.microphone} gives sound.")
                self._post(float(levels_db(near).max()))
        except DuologueError as error:
            self._post(str(error))
        finally:
            self._card.end()

    def _post(self, news: float | str) -> None:
        if isinstance(news, str):
            # A sentence must arrive even if the queue is full of levels.
            while self._messages.full():
                with contextlib.suppress(queue.Empty):
                    self._messages.get_nowait()
        with contextlib.suppress(queue.Full):
            self._messages.put_nowait(news)


def chime() -> np.ndarray:
    """Two soft tones, float32 (n,) at 16 kHz."""
    count = round(_CHIME_SECONDS * SAMPLE_RATE_HZ)
    seconds = np.arange(count) / SAMPLE_RATE_HZ
    shape = np.sin(np.pi * seconds / _CHIME_SECONDS) ** 2 * _CHIME_AMPLITUDE
    tones = [shape * np.sin(2 * np.pi * hz * seconds) for hz in _CHIME_HZ]
    return np.concatenate(tones).astype(np.float32)
