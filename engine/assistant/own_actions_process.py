"""The process in which the user's own actions run; see `engine.assistant.own_actions`.

A failing file is told in one sentence, and the rest goes on. The program ends this process when a
file hangs. One JSON object a line:

    in   {"folder": path, "skip": [names], "installed": bool}          once
         {"call": number, "file": name, "slots": {name: text}}
    out  {"loading": name}, then {"loaded": name, "words": [...], "question": text}
         or {"failed": name, "problem": sentence}; at last {"ready": true}
         {"called": number, "said": text} or {"called": number, "problem": sentence}
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from engine.assistant.own_action import described
from engine.errors import DuologueError
from engine.thread_priority import lower_for_background

COMMAND = "own-actions"
"""The hidden command of an installed program that runs `run_own_actions`."""
GROUP = "duologue.actions"
"""Entry points of installed packages, in installs from source."""
MOST_FILES = 100
_MOST_SAID_LETTERS = 2000


def run_own_actions() -> None:
    """Load the files that the input names and run what it calls, until it ends."""
    lower_for_background()
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a file prints must not stand between the lines, and it must not read our input.
    os.dup2(sys.stderr.fileno(), 1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    lines = _lines(source)

    def tell(**content: Any) -> None:
        target.write(json.dumps(content).encode() + b"\n")
        target.flush()

    try:
        order = next(lines)
        answers = dict(_loaded(Path(order["folder"]), set(order["skip"]), order["installed"], tell))
        tell(ready=True)
        for call in lines:
            tell(
                called=call["call"],
                **_result(call["file"], answers.get(call["file"]), call["slots"]),
            )
    except (OSError, StopIteration):
        pass  # the program has ended
    os._exit(0)


def _lines(source: Any) -> Iterator[dict[str, Any]]:
    """Orders as they come. The process ends with its input, whatever a file is doing."""

    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            waiting.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, name="orders", daemon=True).start()
    while True:
        yield waiting.get()


def _loaded(
    folder: Path, skip: set[str], installed: bool, tell: Callable[..., None]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, load in [*_files(folder), *(_installed() if installed else ())][:MOST_FILES]:
        if name in skip:
            continue
        tell(loading=name)
        try:
            module = load()
            action = described(
                name, getattr(module, "WORDS", None), getattr(module, "ASK_FIRST", "")
            )
            answer = getattr(module, "answer", None)
            if not callable(answer):
                raise DuologueError(f"The action {name} has no function answer.")
            _check_slots(name, action.words, answer)
        except DuologueError as error:
            tell(failed=name, problem=str(error))
        except BaseException as error:
            # A user's file may raise anything, SystemExit as well.
            tell(failed=name, problem=f"The action {name} cannot be loaded ({_short(error)}).")
        else:
            tell(loaded=name, words=list(action.words), question=action.question)
            yield name, answer


def _files(folder: Path) -> list[tuple[str, Callable[[], Any]]]:
    try:
        paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith(("_", ".")))
    except OSError:
        return []
    if paths:
        sys.path.insert(0, str(folder))  # a file may import a "_helper.py" beside it
    return [(path.name, partial(_module, path)) for path in paths]


def _module(path: Path) -> Any:
    name = f"duologue_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DuologueError(f"The action {path.name} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _installed() -> list[tuple[str, Callable[[], Any]]]:
    return [
        (f"{point.dist.name if point.dist else 'package'}: {point.name}", point.load)
        for point in entry_points(group=GROUP)
    ]


def _check_slots(name: str, words: tuple[str, ...], answer: Callable[..., Any]) -> None:

    for one in words:
        slots = dict.fromkeys(re.findall(r"\{(\w+)\}", one), "")
        try:
            inspect.signature(answer).bind(**slots)
        except TypeError as error:
            raise DuologueError(
                f'answer of the action {name} does not fit "{one}" ({error}).'
            ) from error


def _result(name: str, answer: Callable[..., Any] | None, slots: dict[str, str]) -> dict[str, str]:
    if answer is None:
        return {"problem": f"The action {name} is not there any more."}
    try:
        said = answer(**slots)
    except BaseException as error:
        return {"problem": f"The action {name} failed ({_short(error)})."}
    if said is not None and not isinstance(said, str):
        return {"problem": f"The action {name} returned no text."}
    return {"said": (said or "")[:_MOST_SAID_LETTERS]}


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())[:120]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


if __name__ == "__main__":
    run_own_actions()
