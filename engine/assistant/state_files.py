"""Keeps what the actions know in the user's folder: one file of reminders, and two of plain text.

Each file is written whole or not at all. A damaged file of reminders is kept under another name,
and one that cannot be read is never overwritten. Notes and shopping list are the user's own text
files, read anew before each action, because the user may edit them. One thread at a time.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from engine.assistant.reminder_words import MOST_NAME_LETTERS
from engine.assistant.reminders import MOST_REMINDERS
from engine.assistant.request import Reminder, State
from engine.atomic_write import write_atomically
from engine.errors import DuologueError, unwritable

REMINDERS_NAME = "reminders.json"
NOTES_NAME = "notes.txt"
SHOPPING_NAME = "shopping list.txt"
FILE_NAMES = (REMINDERS_NAME, NOTES_NAME, SHOPPING_NAME)
VERSION: Literal[1] = 1
_MOST_BYTES = 1_000_000
_LATEST_S = 2.0**36
"""Some 2,000 years from 1970."""


class _Kept(BaseModel):
    number: Annotated[int, Field(ge=1, le=1 << 53)]
    kind: Literal["timer", "alarm", "reminder"]
    due_s: Annotated[float, Field(ge=0, le=_LATEST_S, allow_inf_nan=False)]
    name: Annotated[str, Field(max_length=2 * MOST_NAME_LETTERS)] = ""
    length_s: Annotated[float, Field(ge=0, le=_LATEST_S, allow_inf_nan=False)] = 0.0


class _File(BaseModel):
    version: Literal[1]
    next_number: Annotated[int, Field(ge=1, le=1 << 53)]
    reminders: Annotated[list[_Kept], Field(max_length=MOST_REMINDERS)]


class StateFiles:
    """The three files in one folder."""

    def __init__(self, folder: Path) -> None:
        """``folder`` need not exist; it is made with the first change."""
        self.folder = folder
        self._reminders_kept_out = False

    def load(self) -> tuple[State, str | None]:
        """The state, and one sentence for the user if a file could not be used. Never raises."""
        state, notice = self._reminders()
        try:
            return self.refreshed(state), notice
        except DuologueError as error:
            return state, notice or str(error)

    def refreshed(self, state: State) -> State:
        """The state with the lines that the text files have now; DuologueError if unreadable."""
        notes = _lines(self.folder / NOTES_NAME)
        shopping = _lines(self.folder / SHOPPING_NAME)
        if notes == state.notes and shopping == state.shopping:
            return state
        return replace(state, notes=notes, shopping=shopping)

    def save(self, before: State, after: State) -> None:
        """Write the files whose part of the state has changed; DuologueError if that fails."""
        if after.reminders != before.reminders:
            self._save_reminders(after)
        if after.notes != before.notes:
            self._write(NOTES_NAME, "".join(f"{line}\n" for line in after.notes))
        if after.shopping != before.shopping:
            self._write(SHOPPING_NAME, "".join(f"{line}\n" for line in after.shopping))

    def _write(self, name: str, text: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        write_atomically(self.folder / name, text)

    def _save_reminders(self, state: State) -> None:
        if self._reminders_kept_out:
            raise DuologueError(
                f"{self.folder / REMINDERS_NAME} could not be read, so it is not replaced; check "
                "its permissions and start again."
            )
        kept = [_Kept(**asdict(one)) for one in state.reminders]
        content = _File(version=VERSION, next_number=state.next_number, reminders=kept)
        self._write(REMINDERS_NAME, content.model_dump_json(indent=1) + "\n")

    def _reminders(self) -> tuple[State, str | None]:
        path = self.folder / REMINDERS_NAME
        try:
            content = _File.model_validate_json(_read(path))
        except FileNotFoundError:
            return State(), None
        except OSError as error:
            self._reminders_kept_out = True
            return State(), (
                f"The reminders in {path} cannot be read ({error.strerror}); check its permissions "
                "and start again."
            )
        except (ValidationError, ValueError):
            return State(), self._set_aside(path)
        reminders = tuple(Reminder(**one.model_dump()) for one in content.reminders)
        highest = max((one.number for one in reminders), default=0)
        return State(reminders, next_number=max(content.next_number, highest + 1)), None

    def _set_aside(self, path: Path) -> str:
        names = (path.with_name(f"reminders.broken-{count}.json") for count in itertools.count(1))
        aside = next(name for name in names if not os.path.lexists(name))
        try:
            path.rename(aside)
        except OSError as error:
            self._reminders_kept_out = True
            return (
                f"The reminders in {path} are damaged and cannot be renamed ({error.strerror}); "
                "rename the file and start again."
            )
        return f"The file of reminders was damaged; it is kept as {aside}. Set them again."


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("too long")
    return content


def _lines(path: Path) -> tuple[str, ...]:
    try:
        text = _read(path).decode("utf-8-sig", "replace")
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise DuologueError(f"{path} is longer than a megabyte; make it shorter.") from error
    except OSError as error:
        raise DuologueError(
            f"{path} cannot be read ({error.strerror}); check its permissions."
        ) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())
