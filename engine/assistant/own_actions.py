"""The user's own actions, seen from the program: which there are, and their answers.

They run in a child process, one at a time, so that a file that hangs or crashes holds nothing up:
the child is ended and started again. A thread of this object watches the time limits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.assistant.child import Child, Line
from engine.assistant.own_action import OwnAction, OwnCall, described
from engine.assistant.own_actions_process import COMMAND
from engine.errors import DuologueError
from engine.own_program import own_program

START_SECONDS = 60.0
"""For the process, before its first file: of low priority, it waits on a busy machine."""
LOAD_SECONDS = 10.0
"""For one file."""
CALL_SECONDS = 10.0
_MOST_RESTARTS = 10


@dataclass(frozen=True)
class OwnAnswer:
    """What came of a call."""

    turn: int
    file: str
    said: str
    problem: str = ""


class OwnActions:
    """The actions of one folder. Its methods return at once."""

    def __init__(
        self,
        folder: Path,
        tell: Callable[[OwnAnswer], None],
        load_seconds: float = LOAD_SECONDS,
        call_seconds: float = CALL_SECONDS,
        installed: bool = True,
    ) -> None:
        """Load the folder's files. ``tell`` gets the answers, on a thread of this object.

        ``installed``: also the entry points of installed packages.
        """
        self.actions: tuple[OwnAction, ...] = ()
        """Those that are loaded; replaced as a whole."""
        self.problems: tuple[str, ...] = ()
        """A sentence for each file that cannot be used."""
        self.ready = threading.Event()
        """All files are loaded or given up."""
        self._folder, self._tell, self._installed = folder, tell, installed
        self._load_seconds, self._call_seconds = load_seconds, call_seconds
        self._lock = threading.Lock()
        self._skip: set[str] = set()
        self._loading = ""
        self._restarts = 0
        self._call: OwnCall | None = None
        self._turn = 0
        self._limit_s: float | None = None
        self._number = 0
        self._over = threading.Event()
        self._child: Child | None = None
        if not folder.is_dir():
            self.problems = (
                f"The folder of own actions {folder} is not there; choose another one.",
            )
            self.ready.set()
            return
        with self._lock:
            self._start()
        threading.Thread(target=self._watch, name="own actions", daemon=True).start()

    def call(self, turn: int, call: OwnCall) -> None:
        """Run an action; its answer is told."""
        with self._lock:
            busy = self._call is not None
            if not busy and not self._over.is_set():
                self._call, self._turn = call, turn
                if self._child is None:
                    self._start()
                elif self.ready.is_set():
                    self._send_call()
        if busy:
            self._tell(
                OwnAnswer(
                    turn,
                    call.action.file,
                    "",
                    f"The action {call.action.file} has to wait; ask again.",
                )
            )

    def close(self) -> None:
        """End the child."""
        self._over.set()
        with self._lock:
            child, self._child = self._child, None
            self._number += 1
        if child:
            child.close()

    def _start(self) -> None:
        self._number += 1
        number = self._number
        self.ready.clear()
        self.actions = ()
        command = own_program(COMMAND, "engine.assistant.own_actions_process")
        self._child = Child(command, lambda line: self._heard(line, number))
        self._child.send(
            folder=str(self._folder), skip=sorted(self._skip), installed=self._installed
        )
        self._limit_s = time.monotonic() + START_SECONDS

    def _send_call(self) -> None:
        assert self._call and self._child
        self._limit_s = time.monotonic() + self._call_seconds
        self._child.send(call=self._turn, file=self._call.action.file, slots=self._call.slots)

    def _heard(self, line: Line | None, number: int) -> None:
        answer: OwnAnswer | None = None
        with self._lock:
            if number != self._number:
                return
            if line is None:
                answer = self._gone("ended the process in which it ran")
            else:
                answer = self._understood(line)
        if answer:
            self._tell(answer)

    def _understood(self, line: dict[str, Any]) -> OwnAnswer | None:
        if "loading" in line:
            self._loading = str(line["loading"])
            self._limit_s = time.monotonic() + self._load_seconds
        elif "loaded" in line:
            try:
                action = described(str(line["loaded"]), line["words"], line["question"])
                self.actions = (*self.actions, action)
            except DuologueError as error:
                self._add_problem(str(error))
        elif "failed" in line:
            self._add_problem(str(line["problem"]))
        elif "ready" in line:
            self._loading, self._limit_s = "", None
            self.ready.set()
            if self._call:
                self._send_call()
        elif "called" in line and line["called"] == self._turn:
            file = self._call.action.file if self._call else ""
            self._call, self._limit_s = None, None
            return OwnAnswer(
                self._turn, file, str(line.get("said", "")), str(line.get("problem", ""))
            )
        return None

    def _add_problem(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems = (*self.problems, problem)

    def _gone(self, why: str) -> OwnAnswer | None:
        """The child has ended or is to be ended: give up the file that ran, go on with the rest."""
        child, self._child = self._child, None
        self._number += 1
        self._limit_s = None
        if child:
            child.kill()
        answer = None
        if self._loading:
            self._skip.add(self._loading)
            self._add_problem(f"The action {self._loading} {why}; it is left out.")
            self._loading = ""
        elif self._call and self.ready.is_set():
            file = self._call.action.file
            answer = OwnAnswer(self._turn, file, "", f"The action {file} {why}.")
            self._call = None
        self._restarts += 1
        if self._over.is_set() or self._restarts > _MOST_RESTARTS:
            self.ready.set()
            return answer
        self._start()
        return answer

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            answer = None
            with self._lock:
                if self._limit_s is not None and time.monotonic() > self._limit_s:
                    answer = self._gone("took too long and was ended")
            if answer:
                self._tell(answer)
