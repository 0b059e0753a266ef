"""The process that thinks: a talk comes by its input, an answer goes piece by piece by its output.

A process of its own, so that its Python never holds the conversation's and its memory is freed with
it; of low priority, so that it never makes a chunk late. One JSON object a line:

    in   {"load": path, "context": n, "threads": n, "layers": n}      once
         {"ask": turn, "messages": [...], "most": tokens, "temperature": t, "seed": n}
         {"warm": messages}    read in advance what every talk begins with
         {"stop": turn}        end this answer within one token
    out  {"ready": name} or {"problem": sentence}
         {"turn": turn, "text": piece}, at last {"turn": turn, "end": whole, ...}

It ends when its input does, and so with the program, however that ends.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import DuologueError
from engine.thread_priority import lower_for_background

COMMAND = "think"
"""The hidden command of an installed program that runs `think`."""
_MOST_LINE_BYTES = 1_000_000
_MOST_WAITING = 16


class _Inbox:
    """Reads commands on a thread, so that a stop comes in the middle of an answer."""

    def __init__(self, source: BinaryIO) -> None:
        self.commands: queue.Queue[dict[str, Any]] = queue.Queue(_MOST_WAITING)
        self._source = source
        self._stopped_before = 0
        self._turn = 0
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def begin(self, turn: int) -> None:
        self._turn = turn

    def is_stopped(self) -> bool:
        """Whether the running answer is wanted no more."""
        return self._turn <= self._stopped_before

    def _read(self) -> None:
        for line in iter(lambda: self._source.readline(_MOST_LINE_BYTES), b""):
            try:
                command = json.loads(line)
            except ValueError:
                break
            if "stop" in command:
                self._stopped_before = max(self._stopped_before, int(command["stop"]))
            else:
                self.commands.put(command)
        os._exit(0)  # nobody is left to answer


def think() -> None:
    """Load the model that the input names, and answer until the input ends."""
    lower_for_background()
    # A library that prints must not write between the lines.
    target = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    inbox = _Inbox(sys.stdin.buffer)

    def tell(**content: Any) -> None:
        try:
            target.write(json.dumps(content).encode() + b"\n")
            target.flush()
        except OSError:
            os._exit(0)  # nobody reads

    try:
        _think(inbox, tell)
    except DuologueError as error:
        tell(problem=str(error))
    os._exit(0)


def _think(inbox: _Inbox, tell: Any) -> None:
    from engine.assistant.chat_model import ChatModel  # slow to load; the input is read by now

    order = inbox.commands.get()
    model = ChatModel(
        Path(order["load"]), order["context"], order["threads"], order["layers"], inbox.is_stopped
    )
    tell(ready=Path(order["load"]).name, context=model.context_tokens, template=model.has_template)
    while True:
        order = inbox.commands.get()
        if "warm" in order:
            _warm(model, inbox, order)
            continue
        inbox.begin(order["ask"])
        try:
            _answer(model, order, tell)
        except DuologueError as error:
            tell(turn=order["ask"], end=False, problem=str(error))


def _warm(model: Any, inbox: _Inbox, order: dict[str, Any]) -> None:
    """Feed what the next talk will begin with."""
    inbox.begin(1 << 60)
    try:
        model.feed(model.prompt(order["warm"], 1))
    except DuologueError:
        return  # the question will tell


def _answer(model: Any, order: dict[str, Any], tell: Any) -> None:
    turn, count = order["ask"], 0
    tokens = model.prompt(order["messages"], order["most"])
    if model.feed(tokens):
        for piece in model.answer(order["most"], order["temperature"], order["seed"]):
            count += 1
            tell(turn=turn, text=piece)
        tell(turn=turn, end=model.ended, read=len(tokens), wrote=count)
    else:
        tell(turn=turn, end=False, read=len(tokens), wrote=0)


if __name__ == "__main__":
    think()
