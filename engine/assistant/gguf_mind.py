"""A text mind from a GGUF file, in a child process (`engine.assistant.chat_process`).

The child starts with the first question or `warm`, and again after it has ended by itself. An
answer that does not move on for a minute ends with the child.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from engine.assistant.chat_process import COMMAND
from engine.assistant.child import Child, Line
from engine.assistant.text_mind import ANSWER_TOKENS, Message, Piece, Tell
from engine.own_program import own_program

STALL_SECONDS = 60.0
"""Reading a long talk with a large model on an old processor takes half of it."""


class GgufMind:
    """See `engine.assistant.text_mind.TextMind`."""

    def __init__(
        self,
        path: Path,
        tell: Tell,
        context_tokens: int = 2048,
        threads: int = 1,
        gpu_layers: int = -1,
    ) -> None:
        """Nothing is loaded yet."""
        self._order = {
            "load": str(path),
            "context": context_tokens,
            "threads": threads,
            "layers": gpu_layers,
        }
        self._path = path
        self._tell = tell
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._child_number = 0
        self._turn = 0
        self._moved = time.monotonic()
        self._closed = False

    def warm(self, messages: Sequence[Message]) -> None:
        """Load the file and read the messages in advance."""
        with self._lock:
            self._started().send(warm=list(messages))

    def ask(self, turn: int, messages: Sequence[Message], temperature: float) -> None:
        """Begin an answer."""
        with self._lock:
            self._turn, self._moved = turn, time.monotonic()
            sent = self._started().send(
                ask=turn,
                messages=list(messages),
                most=ANSWER_TOKENS,
                temperature=temperature,
                seed=turn,
            )
        if not sent:
            self._give_up("The text model does not answer; it is started again.")

    def stop(self, turn: int) -> None:
        """End the answers up to this one."""
        with self._lock:
            if self._child:
                self._child.send(stop=turn)

    def check(self) -> None:
        """To be called now and then: ends an answer that hangs."""
        with self._lock:
            hangs = self._turn and time.monotonic() - self._moved > STALL_SECONDS
        if hangs:
            self._give_up("The text model took too long; it is started again.")

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._closed = True
            child, self._child = self._child, None
        if child:
            child.close()

    def _started(self) -> Child:
        if self._child is None:
            self._child_number += 1
            number = self._child_number
            command = own_program(COMMAND, "engine.assistant.chat_process")
            self._child = Child(command, lambda line: self._heard(line, number))
            self._child.send(**self._order)
        return self._child

    def _heard(self, line: Line | None, number: int) -> None:
        with self._lock:
            if number != self._child_number or self._closed:
                return
            self._moved = time.monotonic()
            turn = self._turn
        if line is None:
            self._give_up(
                "The text model has ended; it may need more memory than there is.", kill=False
            )
        elif "problem" in line and "turn" not in line:
            self._give_up(str(line["problem"]))
        elif "turn" in line:
            ends = "end" in line
            if ends:
                with self._lock:
                    self._turn = 0 if line["turn"] == turn else turn
            self._tell(
                Piece(
                    int(line["turn"]),
                    str(line.get("text", "")),
                    ends,
                    bool(line.get("end", True)),
                    str(line.get("problem", "")),
                )
            )

    def _give_up(self, problem: str, kill: bool = True) -> None:
        with self._lock:
            child, self._child = self._child, None
            self._child_number += 1
            turn, self._turn = self._turn, 0
        if child and kill:
            child.kill()
        self._tell(Piece(turn, end=True, whole=False, problem=problem))
