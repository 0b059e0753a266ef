"""Hears the user's words beside a conversation, in a process of its own.

`push` and `poll` never wait, and no failure leaves this module: where the part is missing, damaged
or has crashed, there is one sentence, and the conversation goes on without words. Two threads
belong to it; they wait for the process nearly all the time.
"""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from pathlib import Path

import numpy as np

from engine.hearing.child import frame
from engine.hearing.words import HeardWords, from_line
from engine.own_program import own_program
from engine.sound.audio_file import to_pcm
from engine.thread_priority import lower_this_thread
from engine.timebase import SAMPLE_RATE_HZ

COMMAND = "hear-words"
"""The hidden command of an installed program."""
_MOST_WAITING = 30 * SAMPLE_RATE_HZ
_MOST_WORDS = 256
_END_SECONDS = 1.0
_STOPPED = (
    "The part that hears your words has stopped, so the conversation goes on without them; start "
    "another conversation to try again."
)


class Listener:
    """Turns the user's sound into words."""

    def __init__(self, part: Path) -> None:
        """Start the process; ``part`` is the folder of the installed part."""
        self.problem = ""
        """Why no words come any more: one sentence, or empty. Set by a thread of this object."""
        self.ready = False
        """Whether the model is loaded; sound that came before is heard, too."""
        self._part = part
        self._lock = threading.Condition()
        self._sound: deque[tuple[int, int, np.ndarray]] = deque()
        self._waiting_samples = 0
        self._words: deque[HeardWords] = deque()
        self._stream = self._position = 0
        self._dropped_here = self._dropped_there = 0
        self._over = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="hearing", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How often sound or words were lost because the machine was too slow."""
        return self._dropped_here + self._dropped_there

    def push(self, sound_N: np.ndarray) -> None:
        """Give the next sound of the user, float32 at 16 kHz, of any length; never waits."""
        pcm = to_pcm(np.nan_to_num(sound_N, posinf=0, neginf=0))
        with self._lock:
            start = self._position
            self._position += len(pcm)
            if self._over or self.problem:
                return
            if self._waiting_samples + len(pcm) > _MOST_WAITING:
                self._dropped_here += 1
                return
            self._waiting_samples += len(pcm)
            self._sound.append((self._stream, start, pcm))
            self._lock.notify()

    def poll(self) -> list[HeardWords]:
        """The words that came since the last call, in their order; never waits."""
        with self._lock:
            words = list(self._words)
            self._words.clear()
            return words

    def reset(self) -> None:
        """Begin again at sample 0; words of the sound before come no more."""
        with self._lock:
            self._stream += 1
            self._position = self._waiting_samples = 0
            self._sound.clear()
            self._words.clear()

    def close(self) -> None:
        """End the process and the threads; may be called again."""
        with self._lock:
            self._over = True
            self._lock.notify()
            child = self._child
        if child:
            child.kill()  # it has nothing to save
        self._thread.join(_END_SECONDS)

    # --- this object's threads ----------------------------------------------------------------

    def _run(self) -> None:
        # The child inherits the priority; the caller may be the engine's thread, with a high one.
        lower_this_thread()
        try:
            child = subprocess.Popen(
                [*own_program(COMMAND, "engine.hearing.child"), str(self._part)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            self._fail(_STOPPED)
            return
        with self._lock:
            self._child = child
        reading = threading.Thread(target=self._read, args=(child,), name="words", daemon=True)
        reading.start()
        self._write(child)
        child.kill()
        reading.join(_END_SECONDS)
        child.wait()

    def _write(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin
        try:
            while block := self._next_block():
                child.stdin.write(frame(*block))
                child.stdin.flush()
        except OSError:  # it has ended; its output says why
            pass

    def _next_block(self) -> tuple[int, int, np.ndarray] | None:
        with self._lock:
            while not self._sound:
                if self._over or self.problem:
                    return None
                self._lock.wait()
            stream, start, pcm = self._sound.popleft()
            self._waiting_samples -= len(pcm)
            return None if self._over else (stream, start, pcm)

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout
        problem = _STOPPED
        for line in child.stdout:
            try:
                said, stream = from_line(line)
            except ValueError:
                break
            if isinstance(said, HeardWords):
                self._keep(said, stream)
            elif said.problem:
                problem = said.problem
            elif said.ready:
                self.ready = True
            else:
                self._dropped_there = said.dropped
        self._fail(problem)

    def _keep(self, words: HeardWords, stream: int) -> None:
        with self._lock:
            if stream != self._stream:
                return
            if len(self._words) == _MOST_WORDS:
                self._words.popleft()
                self._dropped_here += 1
            self._words.append(words)

    def _fail(self, problem: str) -> None:
        with self._lock:
            if not self._over:
                self.problem = problem
            self._sound.clear()
            self._lock.notify()
