"""A file is there whole, or as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DuologueError
from engine.whole_file import part_of, write_whole


def test_the_new_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write_whole(path, "old\n")
    write_whole(path, "new and ünique\n")
    assert path.read_bytes() == "new and ünique\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.txt"
    write_whole(path, "old\n")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DuologueError, match="No space left on device"):
        write_whole(path, "new\n")
    assert path.read_text() == "old\n"
    assert not part_of(path).exists()
