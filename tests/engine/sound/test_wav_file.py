"""The conversation's wav: plain where it fits, RF64 beyond, whole whatever happens."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.sound import wav_file
from engine.sound.audio_file import read_mono
from engine.sound.wav_file import StereoWriter
from engine.timebase import SAMPLE_RATE_HZ


def tone(seconds: float) -> np.ndarray:
    moments = np.arange(round(SAMPLE_RATE_HZ * seconds)) / SAMPLE_RATE_HZ
    return (0.3 * np.sin(2 * np.pi * 440 * moments)).astype(np.float32)


def test_a_stereo_wav_grows(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    user, agent = tone(0.5), np.full(8000, 2.0, np.float32)
    with StereoWriter(path, 16_000) as writer:
        writer.write(user, agent)
        writer.write(user, -agent)
    sound, rate_hz = soundfile.read(path)
    assert rate_hz == SAMPLE_RATE_HZ
    assert sound.shape == (16_000, 2)
    assert np.abs(sound[:8000, 0] - user).max() < 1e-4
    assert sound[:8000, 1].min() > 0.999  # clipped, not wrapped around
    assert sound[8000:, 1].max() < -0.999


@pytest.mark.parametrize("expected_samples", [1000, 2_000_000_000, None])
def test_what_fits_is_a_plain_wav_whatever_was_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_samples: int | None
) -> None:
    room = SimpleNamespace(free=10**12)
    monkeypatch.setattr(wav_file.shutil, "disk_usage", lambda _: room)
    path = tmp_path / "talk.wav"
    with StereoWriter(path, expected_samples) as writer:
        writer.write(tone(0.01), np.zeros(160, np.float32))
    assert soundfile.info(path).format == "WAV"
    with wave.open(str(path)) as simple:  # Python's reader knows the plain format alone
        assert simple.getparams()[:4] == (2, 2, SAMPLE_RATE_HZ, 160)
    assert len(path.read_bytes()) == 160 * 4 + (44 if expected_samples == 1000 else 80)


def test_what_is_longer_than_riff_counts_is_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wav_file, "_MOST_RIFF_BYTES", 50_000)
    path = tmp_path / "talk.wav"
    with StereoWriter(path) as writer:
        for _ in range(20):
            writer.write(tone(0.1), tone(0.1))
    assert soundfile.info(path).format == "RF64"
    sound, _ = soundfile.read(path)
    assert sound.shape == (2 * SAMPLE_RATE_HZ, 2)
    assert np.abs(sound[:, 0] - np.tile(tone(0.1), 20)).max() < 1e-4


def test_a_killed_writer_leaves_all_but_the_last_second(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    writer = StereoWriter(path)
    for _ in range(37):
        writer.write(tone(0.1), tone(0.1))
    left = tmp_path / "left.wav"
    left.write_bytes(path.read_bytes())
    assert soundfile.info(left).frames >= 2.7 * SAMPLE_RATE_HZ
    assert len(read_mono(left)) == 3.7 * SAMPLE_RATE_HZ  # ours finds the rest, too
    with writer:
        pass


def test_a_disk_without_room_is_noticed_before(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(DuologueError, match="MB free"):
        StereoWriter(tmp_path / "talk.wav", free)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match="cannot be written"):
        StereoWriter(tmp_path / "missing" / "talk.wav", 100)


def test_a_disk_that_fills_up_leaves_a_whole_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "talk.wav"
    block = np.zeros(16_000, np.float32)

    def write_ten_seconds() -> None:
        with StereoWriter(path, 16_000 * 10) as writer:
            for _ in range(10):
                writer.write(block, block)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(DuologueError, match="cannot be written"):
            write_ten_seconds()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert soundfile.info(path).frames >= 3 * 16_000
