"""Sound files: any recording in, as a stream of 16 kHz mono; a conversation out, as it grows.

Reading and writing hold one block at a time, so a file of ten hours needs no more memory than one
of ten seconds. Knows no models. Runs in the thread of its caller.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
import soxr

from engine.errors import DuologueError
from engine.tokens import RATE_HZ

_FORMATS = "wav, flac or ogg"
_LEAST_RATE_HZ, _MOST_RATE_HZ = 4_000, 768_000
_BLOCKS_PER_SECOND = 4
_CLIPPED = 0.999
_SILENT = 10 ** (-60 / 20)
_UNKNOWN_FRAMES = 1 << 62
_WAV_MOST_BYTES = 4_000_000_000  # RIFF counts bytes in 32 bits
_BYTES_PER_SAMPLE = 4  # two channels of 16 bits
_FULL_SCALE = 1 << 15


class Recording:
    """A recording, read once from its beginning; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open a file that libsndfile reads, of any rate and any number of channels.

        Raises DuologueError where there is no such file or it holds no sound.
        """
        self.path = path
        try:
            if path.exists() and not path.is_file():
                raise DuologueError(f"{path} is not a file; give a recording ({_FORMATS}).")
            with path.open("rb") as stream:
                if not stream.read(1):
                    raise DuologueError(f"{path} is empty; give a recording ({_FORMATS}).")
        except OSError as error:
            raise DuologueError(
                f"{path} cannot be read ({error.strerror}); give a recording ({_FORMATS})."
            ) from error
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
            raise DuologueError(
                f"{path} is not a sound file that can be read; give a recording ({_FORMATS})."
            ) from error
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        if not _LEAST_RATE_HZ <= self.rate_hz <= _MOST_RATE_HZ:
            self.close()
            raise DuologueError(
                f"{path} says it has {self.rate_hz} samples a second; "
                f"give a recording with {_LEAST_RATE_HZ} to {_MOST_RATE_HZ}."
            )
        frames = self._file.frames
        if frames <= 0:
            self.close()
            raise DuologueError(f"{path} holds no sound; give a recording that is not empty.")
        self.length_samples: int | None = None
        """Length at 16 kHz; None where the file does not tell."""
        if frames < _UNKNOWN_FRAMES:
            self.length_samples = -(-frames * RATE_HZ // self.rate_hz)
        self.frames_read = 0
        """Samples per channel read so far, at the file's own rate."""
        self._frames_promised = frames if self.length_samples is not None else None
        self._clipped_frames = 0
        self._peak = 0.0
        self._damaged = False

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound, float32 mono at 16 kHz, in blocks of about a quarter of a second."""
        same = self.rate_hz == RATE_HZ
        resampler = soxr.ResampleStream(self.rate_hz, RATE_HZ, 1, dtype="float32", quality="HQ")
        while True:
            block = self._read()
            last = not len(block)
            sound = block if same else resampler.resample_chunk(block, last=last)
            if len(sound):
                yield np.clip(sound, -1.0, 1.0)
            if last:
                break
        if not self.frames_read:
            raise DuologueError(f"{self.path} is damaged at its beginning; give another recording.")

    def chunks(self, chunk_samples: int) -> Iterator[np.ndarray]:
        """The sound in chunks (chunk_samples,), the last one filled up with silence."""
        rest = np.zeros(0, np.float32)
        for block in self.blocks():
            sound = np.concatenate([rest, block])
            whole = len(sound) // chunk_samples * chunk_samples
            yield from sound[:whole].reshape(-1, chunk_samples)
            rest = sound[whole:]
        if len(rest):
            yield np.pad(rest, (0, chunk_samples - len(rest)))

    def remarks(self) -> list[str]:
        """What the user should know of the part read so far, one sentence each."""
        found = []
        if self._damaged:
            seconds = self.frames_read / self.rate_hz
            found.append(f"The recording is damaged: it breaks off after {seconds:.1f} s.")
        if self._peak < _SILENT:
            found.append("The recording is silent; check the microphone it came from.")
        elif self._clipped_frames > 0.001 * self.frames_read:
            share = self._clipped_frames / self.frames_read
            found.append(
                f"The recording is clipped ({share:.1%} of its samples); "
                "recorded at a lower level it would be understood better."
            )
        return found

    def _read(self) -> np.ndarray:
        """The next block at the file's rate, mixed down; empty at the end."""
        if self._damaged:
            return np.zeros(0, np.float32)
        try:
            frames = self._file.read(
                self.rate_hz // _BLOCKS_PER_SECOND, dtype="float32", always_2d=True
            )
        except soundfile.SoundFileError:
            frames = np.zeros((0, self.channels), np.float32)
            self._damaged = True
        if not len(frames) and self._frames_promised is not None:
            self._damaged |= self.frames_read < self._frames_promised
        frames = np.nan_to_num(frames, nan=0.0, posinf=1.0, neginf=-1.0)
        if len(frames):
            loudest = np.abs(frames).max(axis=1)
            self._peak = max(self._peak, float(loudest.max()))
            self._clipped_frames += int((loudest >= _CLIPPED).sum())
        self.frames_read += len(frames)
        mixed: np.ndarray = np.clip(frames, -1.0, 1.0).mean(axis=1, dtype=np.float32)
        return mixed


def read_mono(path: Path, most_seconds: float | None = None) -> np.ndarray:
    """A recording, or its first ``most_seconds``, as float32 (n,) at 16 kHz."""
    most = None if most_seconds is None else round(most_seconds * RATE_HZ)
    blocks: list[np.ndarray] = []
    with Recording(path) as recording:
        for block in recording.blocks():
            blocks.append(block)
            if most is not None and sum(map(len, blocks)) >= most:
                break
    return np.concatenate(blocks)[:most]


def to_pcm(audio: np.ndarray) -> np.ndarray:
    """int16 (n,) of float32 (n,); louder sound than [-1, 1] is clipped."""
    pcm: np.ndarray = np.clip(np.rint(audio * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    return pcm.astype(np.int16)


def from_pcm(pcm: np.ndarray) -> np.ndarray:
    """float32 (n,) of int16 (n,)."""
    return pcm.astype(np.float32) / np.float32(_FULL_SCALE)


class StereoWriter:
    """A 16 kHz stereo wav that grows: user left, agent right; a context manager."""

    def __init__(self, path: Path, expected_samples: int | None = None) -> None:
        """Create the file; beyond 4 GB (18 hours), or without a length, it is an RF64 wav.

        Raises DuologueError where it cannot be written or the disk has no room for it.
        """
        self.path = path
        expected_bytes = (expected_samples or 0) * _BYTES_PER_SAMPLE
        try:
            free_bytes = shutil.disk_usage(path.parent).free
            path.open("wb").close()
        except OSError as error:
            raise unwritable(path, error) from error
        if expected_bytes > free_bytes:
            raise DuologueError(
                f"{path.parent} has {free_bytes / 1e6:.0f} MB free where the conversation needs "
                f"{expected_bytes / 1e6:.0f} MB; choose another folder."
            )
        large = expected_samples is None or expected_bytes > _WAV_MOST_BYTES
        try:
            self._file = soundfile.SoundFile(
                path, "w", RATE_HZ, 2, "PCM_16", format="RF64" if large else "WAV"
            )
        except soundfile.SoundFileError as error:
            raise unwritable(path) from error

    def __enter__(self) -> StereoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except soundfile.SoundFileError as failure:
            if error is None:
                raise unwritable(self.path) from failure

    def write(self, user: np.ndarray, agent: np.ndarray) -> None:
        """Append both tracks' sound of one interval, float32 (n,) each."""
        before = self._file.tell()
        try:
            self._file.write(to_pcm(np.stack([user, agent], axis=1)))
            written = self._file.tell() - before
        except (soundfile.SoundFileError, AssertionError) as error:
            raise unwritable(self.path) from error
        if written != len(user):
            raise unwritable(self.path)


def unwritable(path: Path, error: OSError | None = None) -> DuologueError:
    """The error for an output that cannot be written."""
    reason = (error.strerror if error else None) or "the disk is full or the file was locked"
    return DuologueError(f"{path} cannot be written ({reason}); choose another folder.")
