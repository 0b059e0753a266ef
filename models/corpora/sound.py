"""Reads the two channels of a recording at 16 kHz: NIST SPHERE by desphere, all else as the program
reads any recording.

SPHERE is decoded whole, because desphere does so; other files are held block by block.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.errors import DuologueError
from engine.sound.audio_file import AudioReader
from engine.timebase import SAMPLE_RATE_HZ
from models.corpora.call import Remark

SOUND_SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".sph"}
_SPHERE = b"NIST_1A"
_LEAST_RATE_HZ = 4_000
_BLOCK_SECONDS = 10


def two_channel_blocks(path: Path, remark: Remark) -> Iterator[np.ndarray]:
    """Blocks of both channels, float32 (2, n) at 16 kHz.

    ``remark`` receives a sentence where a file is damaged: what comes before the damage is read.
    Raises DuologueError where it cannot be read or does not have exactly two channels.
    """
    try:
        with path.open("rb") as stream:
            sphere = stream.read(len(_SPHERE)) == _SPHERE
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}).") from error
    yield from _sphere_blocks(path) if sphere else _recording_blocks(path, remark)


def _check_channels(path: Path, channels: int) -> None:
    if channels != 2:
        has = "one channel" if channels == 1 else f"{channels} channels"
        raise DuologueError(f"{path} has {has}; a dialogue needs a recording of exactly two.")


def _recording_blocks(path: Path, remark: Remark) -> Iterator[np.ndarray]:
    with AudioReader(path, channel=1) as first:
        _check_channels(path, first.channels)
        with AudioReader(path, channel=2) as second:
            for blocks in zip(first.blocks(), second.blocks(), strict=True):
                yield np.stack(blocks)
        for sentence in first.length_remarks():
            remark(f"{path}: {sentence}")


def _sphere_blocks(path: Path) -> Iterator[np.ndarray]:
    try:
        import desphere
    except ImportError as error:
        raise DuologueError(
            f"{path} is a NIST SPHERE file; install the extra train, which reads them."
        ) from error
    wav = io.BytesIO()
    try:
        header, data = desphere.read_sphere(path)
        _check_channels(path, header.channel_count)
        if header.sample_rate < _LEAST_RATE_HZ:
            raise DuologueError(f"{path} has {header.sample_rate} samples per second; too few.")
        desphere.transcode(header, data, wav)
    except desphere.DesphereError as error:
        raise DuologueError(f"{path} cannot be decoded: {error}.") from error
    except OSError as error:
        raise DuologueError(f"{path} cannot be read ({error.strerror}).") from error
    wav.seek(0)
    with soundfile.SoundFile(wav) as recording:
        rate_hz = recording.samplerate
        resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 2, dtype="float32", quality="HQ")
        last = False
        while not last:
            frames = recording.read(_BLOCK_SECONDS * rate_hz, dtype="float32", always_2d=True)
            last = not len(frames)
            sound = (
                frames if rate_hz == SAMPLE_RATE_HZ else resampler.resample_chunk(frames, last=last)
            )
            if len(sound):
                yield np.clip(sound.T, -1.0, 1.0)
