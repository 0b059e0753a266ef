"""The FLAC can be read while it grows, and after the disk refused more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.sound.flac_file import FlacWriter
from engine.timebase import SAMPLE_RATE_HZ
from tests.engine.full_disk import file_limit

CHUNK = 2560


def noise(chunks: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3000, (chunks * CHUNK, 2)).astype(np.int16)


def read(path: Path) -> np.ndarray:
    sound, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate_hz == SAMPLE_RATE_HZ
    return np.asarray(sound)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    sound = noise(5)
    writer = FlacWriter(tmp_path / "a.flac")
    writer.write(sound[:1000])
    writer.write(sound[1000:])
    writer.close()
    writer.close()
    assert np.array_equal(read(tmp_path / "a.flac"), sound)


def test_it_can_be_read_at_every_moment(tmp_path: Path) -> None:
    """What a killed process leaves is what lies on the disk now."""
    sound = noise(20)
    writer = FlacWriter(tmp_path / "a.flac")
    for chunk in range(20):
        writer.write(sound[chunk * CHUNK : (chunk + 1) * CHUNK])
        given = (chunk + 1) * CHUNK
        if given > SAMPLE_RATE_HZ / 2:
            found = read(tmp_path / "a.flac")
            assert given - len(found) < SAMPLE_RATE_HZ / 2
            assert np.array_equal(found, sound[: len(found)])
    writer.close()


@pytest.mark.parametrize("limit", [86 + 20_000, 86 + 50_000, 150_000])
def test_a_full_disk_leaves_whole_frames(tmp_path: Path, limit: int) -> None:
    sound = noise(40)
    writer = FlacWriter(tmp_path / "a.flac")
    given = 0
    with file_limit(limit):
        while given < len(sound):
            given += CHUNK
            try:
                writer.write(sound[given - CHUNK : given])
            except DuologueError:
                break
    assert given < len(sound)
    found = read(tmp_path / "a.flac")
    assert 0 < given - len(found) < SAMPLE_RATE_HZ / 2
    assert np.array_equal(found, sound[: len(found)])


def test_a_disk_that_fills_up_at_the_end_is_told(tmp_path: Path) -> None:
    sound = noise(3)
    writer = FlacWriter(tmp_path / "a.flac")
    writer.write(sound)
    size_bytes = (tmp_path / "a.flac").stat().st_size
    with file_limit(size_bytes + 100), pytest.raises(DuologueError):
        writer.close()
    found = read(tmp_path / "a.flac")
    assert np.array_equal(found, sound[:4096])


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="cannot be written"):
        FlacWriter(tmp_path / "none" / "a.flac")


def test_no_room_for_the_header_is_told(tmp_path: Path) -> None:
    with file_limit(10), pytest.raises(DuologueError):
        FlacWriter(tmp_path / "a.flac").write(noise(4))


def test_it_takes_no_files_place(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"keep this")
    with pytest.raises(DuologueError, match="cannot be written"):
        FlacWriter(tmp_path / "a.flac")
    assert (tmp_path / "a.flac").read_bytes() == b"keep this"
