"""The files of the actions: kept whole, damaged ones kept aside, the user's own edits kept."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.assistant.request import Reminder, State
from engine.assistant.state_files import NOTES_NAME, REMINDERS_NAME, SHOPPING_NAME, StateFiles
from engine.errors import DuologueError

TIMER = Reminder(3, "timer", 1_800_000_000.5, "pasta", 300.0)


def test_what_is_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "Notes"
    state = State((TIMER,), ("a note", "Käse"), ("milk",), next_number=4)
    StateFiles(folder).save(State(), state)
    assert StateFiles(folder).load() == (state, None)
    assert (folder / NOTES_NAME).read_text("utf8") == "a note\nKäse\n"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        (REMINDERS_NAME, NOTES_NAME, SHOPPING_NAME)
    )


def test_only_what_has_changed_is_written(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    state = State(notes=("one",))
    files.save(State(), state)
    assert [path.name for path in tmp_path.iterdir()] == [NOTES_NAME]
    files.save(state, replace(state, latest=7))
    assert [path.name for path in tmp_path.iterdir()] == [NOTES_NAME]


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    StateFiles(tmp_path).save(State(), State((TIMER,), next_number=2))
    assert StateFiles(tmp_path).load()[0].next_number == 4


def test_the_user_may_edit_the_text_files(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    (tmp_path / SHOPPING_NAME).write_bytes(b"\xef\xbb\xbfmilk\r\n\r\n  tea \n\xff\n")
    state = files.refreshed(State())
    assert state.shopping == ("milk", "tea", "\N{REPLACEMENT CHARACTER}")
    assert files.refreshed(state) is state


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"version": 1}', b'{"version": 2, "next_number": 1, "reminders": []}',
        b'{"version": 1, "next_number": 1, "reminders": [{"number": 1, "kind": "bomb", "due_s": 1}]}',
        b'{"version": 1, "next_number": 1, "reminders": [{"number": 1, "kind": "timer", "due_s": 1e300}]}',
        b'{"version": 1, "next_number": 1, "reminders": [{"number": 1, "kind": "timer", "due_s": NaN}]}',
        b"[" * 100_000, b" " * 2_000_000, bytes(range(256)),
    ],
)  # fmt: skip
def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / REMINDERS_NAME).write_bytes(content)
    (tmp_path / "reminders.broken-1.json").write_text("an older one")
    files = StateFiles(tmp_path)
    state, notice = files.load()
    assert state == State() and notice and "kept as" in notice and notice.count(". ") == 1
    assert (tmp_path / "reminders.broken-2.json").read_bytes() == content
    files.save(state, replace(state, reminders=(TIMER,)))
    assert StateFiles(tmp_path).load()[0].reminders == (TIMER,)


def test_a_file_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / REMINDERS_NAME).mkdir()
    files = StateFiles(tmp_path)
    state, notice = files.load()
    assert notice and "cannot be read" in notice
    with pytest.raises(DuologueError, match="not replaced"):
        files.save(state, replace(state, reminders=(TIMER,)))
    assert (tmp_path / REMINDERS_NAME).is_dir()
    (tmp_path / NOTES_NAME).mkdir()
    with pytest.raises(DuologueError, match="cannot be read"):
        files.refreshed(state)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs permissions that hold"
)
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DuologueError, match="cannot be written"):
        StateFiles(tmp_path / "Notes").save(State(), State(notes=("a",)))


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DuologueError, match="cannot be written"):
        StateFiles(tmp_path / "file").save(State(), State(notes=("a",)))
