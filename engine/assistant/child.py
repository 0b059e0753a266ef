"""A child process that speaks in lines of JSON, and cannot hold up whoever uses it.

A thread writes and a thread reads; what comes is given to a function of the owner, in the reader's
thread. The pipe to the child's input closes when this process ends, which ends the child.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from engine.thread_priority import lower_this_thread

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 32
_MOST_LINE_BYTES = 1_000_000
_END_SECONDS = 2.0

Line = dict[str, Any]


class Child:
    """A running child. Its methods return at once; for one owner's thread."""

    def __init__(self, command: Sequence[str], heard: Callable[[Line | None], None]) -> None:
        """Start it. ``heard`` gets each line of its output, and None when it has ended.

        Raises OSError if the program cannot be started.
        """
        self._command = command
        self._heard = heard
        self._over = threading.Event()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._threads = [threading.Thread(target=self._run, name="child", daemon=True)]
        self._threads[0].start()

    def send(self, **content: Any) -> bool:
        """Hand over a line; False if the child has stopped reading."""
        if self._outbox.qsize() >= _MOST_WAITING:
            return False
        self._outbox.put(json.dumps(content).encode() + b"\n")
        return True

    def kill(self) -> None:
        """End the child now; nothing of it is heard any more."""
        self._over.set()
        self._outbox.put(None)
        if self._process:
            with contextlib.suppress(OSError):
                self._process.kill()

    def close(self) -> None:
        """End the child and wait for its threads for a moment."""
        self.kill()
        for thread in self._threads:
            thread.join(_END_SECONDS)

    def _run(self) -> None:
        lower_this_thread()
        try:
            self._process = process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            _LOG.warning("a child process cannot be started: %s", error)
            self._told(None)
            return
        if self._over.is_set():
            process.kill()
        writer = threading.Thread(target=self._write, args=(process,), name="to child", daemon=True)
        self._threads.append(writer)
        writer.start()
        assert process.stdout
        with process:
            for line in iter(lambda: process.stdout.readline(_MOST_LINE_BYTES), b""):  # type: ignore[union-attr]
                try:
                    content = json.loads(line)
                except ValueError:
                    continue
                if isinstance(content, dict):
                    self._told(content)
            process.kill()  # it may have closed its output and go on
        self._outbox.put(None)
        self._told(None)

    def _told(self, content: Line | None) -> None:
        if not self._over.is_set():
            self._heard(content)

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        while (line := self._outbox.get()) is not None:
            try:
                process.stdin.write(line)
                process.stdin.flush()
            except (OSError, ValueError):
                return  # it has ended; the reader tells
