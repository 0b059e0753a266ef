"""Recordings of every kind come in as 16 kHz mono; the conversation goes out as it grows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import DuologueError
from engine.sound.audio_file import AudioReader, read_mono
from engine.timebase import SAMPLE_RATE_HZ

TONE_HZ = 440


def tone(rate_hz: int, seconds: float = 2.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(rate_hz * seconds)) / rate_hz)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_any_rate_and_format_becomes_16_khz(tmp_path: Path, rate_hz: int, suffix: str) -> None:
    if suffix == "ogg" and rate_hz > 48_000:
        pytest.skip("Vorbis is not written at such rates")
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(rate_hz), rate_hz)
    sound = read_mono(path)
    assert sound.dtype == np.float32
    assert abs(len(sound) - 2 * SAMPLE_RATE_HZ) <= 2
    expected = tone(SAMPLE_RATE_HZ)[: len(sound)]
    middle = slice(SAMPLE_RATE_HZ // 4, len(expected) - SAMPLE_RATE_HZ // 4)
    tolerance = 0.03 if suffix == "ogg" else 0.003
    assert np.abs(sound[middle] - expected[middle]).max() < tolerance


def test_chunks_are_the_whole_sound_and_the_last_is_filled_up(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(SAMPLE_RATE_HZ, 1.05), SAMPLE_RATE_HZ)
    with AudioReader(path) as recording:
        assert recording.length_samples == 16_800
        chunks = list(recording.chunks(2560))
    assert {len(chunk) for chunk in chunks} == {2560}
    whole = np.concatenate(chunks)
    assert len(whole) == 7 * 2560
    assert np.abs(whole[:16_800] - tone(SAMPLE_RATE_HZ, 1.05)).max() < 1e-4
    assert not whole[16_800:].any()


def test_reading_stops_after_the_seconds_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(8_000, 5), 8_000)
    assert len(read_mono(path, max_seconds=1.5)) == 24_000


def test_values_that_are_not_numbers_become_silence(tmp_path: Path) -> None:
    path = tmp_path / "holes.wav"
    sound = tone(SAMPLE_RATE_HZ)
    sound[::100], sound[50] = np.nan, np.inf
    soundfile.write(path, sound, SAMPLE_RATE_HZ, subtype="FLOAT")
    read = read_mono(path)
    assert np.isfinite(read).all()
    assert read[100] == 0
    assert np.abs(read).max() <= 1


@pytest.mark.parametrize(
    ("sound", "remark"),
    [
        (np.zeros(SAMPLE_RATE_HZ), "silent"),
        (np.clip(tone(SAMPLE_RATE_HZ) * 10, -1, 1), "clipped"),
        (tone(SAMPLE_RATE_HZ), None),
    ],
    ids=["silent", "clipped", "fine"],
)
def test_remarks(tmp_path: Path, sound: np.ndarray, remark: str | None) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, SAMPLE_RATE_HZ)
    with AudioReader(path) as recording:
        list(recording.blocks())
        remarks = recording.remarks()
    assert [remark in entry for entry in remarks] == ([True] if remark else [])


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(
        path, np.random.default_rng(0).normal(0, 0.1, 4 * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with AudioReader(path) as recording:
        sound = np.concatenate(list(recording.blocks()))
        assert SAMPLE_RATE_HZ < len(sound) < 3 * SAMPLE_RATE_HZ
        assert "of its 4.0 s" in recording.remarks()[0]


def _no_bytes(path: Path) -> None:
    path.touch()


def _no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0), SAMPLE_RATE_HZ, format="WAV")


def _text(path: Path) -> None:
    path.write_text("not a sound\n" * 100)


def _odd_rate(path: Path) -> None:
    soundfile.write(path, np.zeros(100), 10, format="WAV")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (_no_bytes, "is empty"),
        (_no_samples, "contains no sound"),
        (_text, "not a readable sound file"),
        (_odd_rate, "10 samples per second"),
        (Path.mkdir, "is not a file"),
        (lambda path: None, "cannot be read"),
    ],
    ids=["no bytes", "no samples", "text", "odd rate", "folder", "missing"],
)
@pytest.mark.parametrize("suffix", ["wav", "raw"])
def test_what_is_no_recording_is_named(tmp_path: Path, make, complaint: str, suffix: str) -> None:
    if suffix == "raw" and make in (_no_samples, _odd_rate):
        pytest.skip("needs a header")
    path = tmp_path / f"sound.{suffix}"
    make(path)
    with pytest.raises(DuologueError, match=complaint) as caught:
        AudioReader(path)
    assert str(path) in str(caught.value)
