"""A file is there whole, or as it was before."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.atomic_write import sync, write_atomically, writing_whole
from engine.errors import DuologueError


def test_the_new_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write_atomically(path, "old\n")
    write_atomically(path, "new and ünique\n")
    assert path.read_bytes() == "new and ünique\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.txt"
    write_atomically(path, "old\n")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DuologueError, match="No space left on device"):
        write_atomically(path, "new\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_volume_that_cannot_tell_what_the_disk_has_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr("os.fsync", failing(code))
    write_atomically(tmp_path / "words.txt", "new\n")
    assert (tmp_path / "words.txt").read_text() == "new\n"


def test_a_disk_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        sync(0)


def failing(code: int) -> Callable[[int], None]:
    def fsync(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    return fsync


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_stays_one(tmp_path: Path, dangling: bool) -> None:
    kept = tmp_path / "kept" / "words.txt"
    kept.parent.mkdir()
    if not dangling:
        kept.write_text("old\n")
    link = tmp_path / "words.txt"
    link.symlink_to(Path("kept") / "words.txt")
    write_atomically(link, "new\n")
    assert link.is_symlink()
    assert kept.read_text() == "new\n"
    assert list(kept.parent.iterdir()) == [kept]


def test_who_may_read_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write_atomically(path, "old\n")
    usual = path.stat().st_mode
    path.chmod(0o600)
    write_atomically(path, "new\n")
    assert path.stat().st_mode & 0o777 == 0o600
    write_atomically(tmp_path / "other.txt", "")
    assert (tmp_path / "other.txt").stat().st_mode == usual


def test_a_file_of_a_similar_name_stays(tmp_path: Path) -> None:
    """As words.part would have been: the user's own."""
    others = [tmp_path / name for name in ("words.part", "words.txt.part", "words")]
    for other in others:
        other.write_text("keep this")
    write_atomically(tmp_path / "words.txt", "new\n")
    assert all(other.read_text() == "keep this" for other in others)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders there")
def test_a_pipe_is_written_itself(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, "new\n")
    assert os.read(reader, 10) == b"new\n"
    os.close(reader)
    assert pipe.is_fifo()


def test_what_goes_wrong_inside_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write_atomically(path, "old\n")

    def break_off() -> None:
        with writing_whole(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no names for open files there")
def test_a_pipe_without_a_path_of_its_own_is_written_itself() -> None:
    """As /dev/stdout is in `duologue bench --json /dev/stdout | less`."""
    reader, writer = os.pipe()
    write_atomically(Path(f"/dev/fd/{writer}"), "new\n")
    os.close(writer)
    assert os.read(reader, 10) == b"new\n"
    os.close(reader)
