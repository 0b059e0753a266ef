"""Reads sound files: any recording becomes a stream of mono sound at 16 kHz.

It reads the whole file, even where the header states a wrong length; remarks tell the user what was
left out. It uses one channel of several, because mixing them would let another person speak as the
user. It holds one block at a time, so ten hours need no more memory than ten seconds. It knows no
models and runs in its caller's thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from engine.errors import DuologueError
from engine.sound.pieced_file import PiecedFile, Span
from engine.sound.sound_links import Link, find_links, first_mp3_frame, is_tag
from engine.timebase import SAMPLE_RATE_HZ

_LOG = logging.getLogger(__name__)
_FORMATS = "wav, flac, ogg or mp3"
_MIN_RATE_HZ, _MAX_RATE_HZ = 4_000, 768_000
_BLOCKS_PER_SECOND = 4
_MOST_VALUES = 1 << 18  # of a block, all channels together
_CLIPPED = 0.999
_SILENT = 10 ** (-60 / 20)
_UNKNOWN_FRAMES = 1 << 40  # a lifetime at any rate; libsndfile reports 2^63 - 1 for "unknown"
# Speech never compresses that well, so such a length is wrong. With no known length, free disk
# space is not checked beforehand.
_MOST_FRAMES_PER_BYTE = 100
_LEAST_UNUSED_BYTES = 1000
# A channel counts as silent if it is 30 dB below the loudest over the first part of the recording.
_SILENT_BESIDE, _PROBED_SECONDS = 1e-3, 300.0
_OWN_SHARE = 0.05
"""Share of a channel's power that the used channel does not explain. The noise of two microphones
gives less."""
_OWN_STEM, _OWN_EVENTS_NAME = "conversation", "events.jsonl"
"""Our own recordings: user left, agent right."""
_FULL_SCALE = 1 << 15


class AudioReader:
    """Reads one channel of a recording, once, from its beginning; a context manager."""

    def __init__(self, path: Path, channel: int | None = None) -> None:
        """Open a file that libsndfile can read, with any rate and any number of channels.

        ``channel`` counts from 1; None takes the first channel that is not silent. Raises
        DuologueError if there is no such file, no sound in it, or no such channel.
        """
        self.path = path
        try:
            if path.exists() and not path.is_file():
                raise DuologueError(f"{path} is not a file; give a recording ({_FORMATS}).")
            self._stream = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error
        self._parts: list[_Part] = []
        try:
            self._open_parts()
            self._check(channel)
        except BaseException:
            self.close()
            raise
        first = self._parts[0]
        self.rate_hz = first.rate_hz
        self.channels = first.channels
        self.length_samples = self._length_samples()
        """Length at 16 kHz; None if the file does not state it or states an impossible one."""
        self._own = path.stem == _OWN_STEM and (path.parent / _OWN_EVENTS_NAME).is_file()
        try:
            self.channel = channel or (1 if self._own else self._heard_channel())
            """The channel that is read, counted from 1."""
        except BaseException:
            self.close()
            raise
        self._left_out = LeftOut()
        self._clipped_frames = self._frames = 0
        self._peak = 0.0

    def _unreadable(self, error: OSError) -> DuologueError:
        return DuologueError(
            f"{self.path} cannot be read ({error.strerror}); give a recording ({_FORMATS})."
        )

    def _open_parts(self) -> None:
        try:
            self._bytes = self._stream.seek(0, os.SEEK_END)
            if not self._bytes:
                raise DuologueError(f"{self.path} is empty; give a recording ({_FORMATS}).")
            links = find_links(self._stream, self._bytes)
        except OSError as error:
            raise self._unreadable(error) from error
        for link in links:
            part = _part(self._stream, link)
            if part:
                self._parts.append(part)
            elif self._parts:  # what comes before it can still be used
                self._parts[-1].damaged = True
                break
        if not self._parts and (start := first_mp3_frame(self._stream)) is not None:
            span = Span(start, self._bytes - start)
            self._parts = [*filter(None, [_part(self._stream, Link((span,), counted=False))])]
        if not self._parts:
            raise DuologueError(
                f"{self.path} is not a readable sound file; give a recording ({_FORMATS})."
            )

    def _check(self, channel: int | None) -> None:
        for part in self._parts:
            if not _MIN_RATE_HZ <= part.rate_hz <= _MAX_RATE_HZ:
                raise DuologueError(
                    f"{self.path} has {part.rate_hz} samples per second; "
                    f"give a recording with {_MIN_RATE_HZ} to {_MAX_RATE_HZ}."
                )
        if all(part.promised_frames == 0 for part in self._parts):
            raise DuologueError(
                f"{self.path} contains no sound; give a recording that is not empty."
            )
        most = max(part.channels for part in self._parts)
        if channel is not None and not 1 <= channel <= most:
            has = "one channel" if most == 1 else f"{most} channels"
            raise DuologueError(f"{self.path} has {has}, not a channel {channel}; choose another.")

    def _length_samples(self) -> int | None:
        frames = [part.promised_frames for part in self._parts]
        if None in frames or sum(filter(None, frames)) > _MOST_FRAMES_PER_BYTE * self._bytes:
            return None
        return sum(
            -(-(part.promised_frames or 0) * SAMPLE_RATE_HZ // part.rate_hz) for part in self._parts
        )

    def _heard_channel(self) -> int:
        """The first channel that is not silent beside the loudest one, counted from 1."""
        if self.channels == 1:
            return 1
        with AudioReader(self.path, channel=1) as probe:
            powers = np.zeros(self.channels)
            seconds = 0.0
            for part in probe._parts:
                while seconds < _PROBED_SECONDS and len(frames := part.read()):
                    count = min(frames.shape[1], self.channels)
                    powers[:count] += np.square(frames[:, :count], dtype=np.float64).sum(axis=0)
                    seconds += len(frames) / part.rate_hz
        return int(np.flatnonzero(powers >= _SILENT_BESIDE * powers.max())[0]) + 1

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        for part in self._parts:
            part.close()
        self._stream.close()

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound as float32 (n,) at 16 kHz, in blocks of about 250 ms.

        Raises DuologueError if no sample could be read.
        """
        for part in self._parts:
            same = part.rate_hz == SAMPLE_RATE_HZ
            resampler = soxr.ResampleStream(
                part.rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ"
            )
            last = False
            while not last:
                block = self._of_channel(part.read())
                last = not len(block)
                sound = block if same else resampler.resample_chunk(block, last=last)
                if len(sound):
                    yield np.clip(sound, -1.0, 1.0)
        if not self._frames:
            raise DuologueError(f"{self.path} is damaged at its beginning; give another recording.")

    def chunks(self, chunk_samples: int) -> Iterator[np.ndarray]:
        """The sound as float32 (chunk_samples,) each; silence fills the last one."""
        rest = np.zeros(0, np.float32)
        for block in self.blocks():
            sound = np.concatenate([rest, block])
            whole = len(sound) // chunk_samples * chunk_samples
            yield from sound[:whole].reshape(-1, chunk_samples)
            rest = sound[whole:]
        if len(rest):
            yield np.pad(rest, (0, chunk_samples - len(rest)))

    def remarks(self) -> list[str]:
        """What the user should know about the part read so far, one sentence each."""
        found = [*self.length_remarks(), *self._on_channels()]
        if self._peak < _SILENT:
            found.append("The recording is silent; check the microphone it came from.")
        elif self._clipped_frames > 0.001 * self._frames:
            share = self._clipped_frames / self._frames
            found.append(
                f"The recording is clipped ({share:.1%} of its samples); "
                "record at a lower level to be understood better."
            )
        return found

    def length_remarks(self) -> list[str]:
        """The remarks on a wrong header, damage, or bytes that were not used."""
        read = sum(part.seconds_read for part in self._parts)
        if any(part.damaged or part.misses_frames for part in self._parts):
            promised = [part.promised_seconds for part in self._parts]
            told = sum(filter(None, promised))
            if None in promised or told <= read:
                return [f"The recording is damaged: it ends early, after {read:.1f} s."]
            return [
                f"The recording is damaged: only {read:.1f} s of its {told:.1f} s could be read."
            ]
        unused = sum(part.unused_bytes for part in self._parts)
        if unused:
            return [
                f"The last {unused / 1000:.0f} kB of the file do not belong to its sound and are "
                "not used; if they are another recording, save it as a separate file."
            ]
        if any(part.header_behind for part in self._parts):
            return [
                "The recording was not closed properly: its header describes only a part of it; "
                f"all {read:.1f} s were read."
            ]
        return []

    def _on_channels(self) -> list[str]:
        others = self._left_out.channels
        if not others:
            return []
        if self._own and self.channel == 1:
            return ["Only the left channel, the user's, is heard; the right one is the agent's."]
        listed = " and ".join(map(str, others)) if len(others) < 3 else f"the {len(others)} others"
        return [
            f"The recording has {self.channels} channels: number {self.channel} is heard as the "
            f"user, but not {listed} (choose with --channel)."
        ]

    def _of_channel(self, frames: np.ndarray) -> np.ndarray:
        """The user's channel, float32 (n,), of (n, channels); NaN becomes silence."""
        frames = np.nan_to_num(frames, nan=0.0, posinf=1.0, neginf=-1.0)
        at = min(self.channel, frames.shape[1]) - 1
        sound: np.ndarray = np.ascontiguousarray(frames[:, at])
        if len(sound):
            self._left_out.push(frames, at)
            loudness = np.abs(sound)
            self._peak = max(self._peak, float(loudness.max()))
            self._clipped_frames += int((loudness >= _CLIPPED).sum())
        self._frames += len(sound)
        return np.clip(sound, -1.0, 1.0)


class LeftOut:
    """Finds channels that are not used but hold sound that the used one does not have."""

    def __init__(self) -> None:
        self._found: set[int] = set()

    @property
    def channels(self) -> list[int]:
        """These channels, counted from 1."""
        return sorted(self._found)

    def push(self, frames: np.ndarray, heard: int) -> None:
        """Examine a block, float32 (n, channels); ``heard`` is the used channel, from 0."""
        if frames.shape[1] == 1:
            return
        sound = frames[:, heard].astype(np.float64)
        power = float(sound @ sound)
        for other in range(frames.shape[1]):
            if other == heard or other + 1 in self._found:
                continue
            beside = frames[:, other].astype(np.float64)
            # A scaled or inverted copy of the used channel is no loss.
            common = float(sound @ beside) ** 2 / power if power else 0.0
            own_power = float(beside @ beside)
            least = len(frames) * _SILENT**2
            if own_power - common > max(least, _OWN_SHARE * own_power):
                self._found.add(other + 1)


class _ForwardFile(soundfile.SoundFile):
    """A sound file that is only read forward.

    soundfile seeks after each block and reads no more than the header states. At the end of a FLAC
    without a length that seek fails, and the last block would be lost.
    """

    def seekable(self) -> bool:
        return False


class _Part:
    """Reads one of the recordings that a file holds in a row."""

    def __init__(self, stream: BinaryIO, link: Link) -> None:
        self._bytes = PiecedFile(stream, link.pieces)
        self._file = _ForwardFile(self._bytes)
        if self._file.format == "MP3" and not link.counted:
            self._file.close()
            self._bytes = PiecedFile(stream, link.pieces, endless=True)
            self._file = _ForwardFile(self._bytes)
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.header_behind = link.header_behind
        frames: int = self._file.frames
        self.promised_frames: int | None = None
        """Length that the header states; None if it states none."""
        if frames < _UNKNOWN_FRAMES:
            self.promised_frames = round(frames * link.promised_share)
        self.damaged = link.truncated
        self.misses_frames = False
        """Whether it ended earlier than its header states."""
        self.unused_bytes = 0
        """Bytes after its end."""
        self._frames_read = 0
        # With many channels, few frames at once: no header may make us allocate much memory.
        self._block_frames = max(
            min(self.rate_hz // _BLOCKS_PER_SECOND, _MOST_VALUES // self.channels), 1
        )
        self._ended = False

    @property
    def seconds_read(self) -> float:
        return self._frames_read / self.rate_hz

    @property
    def promised_seconds(self) -> float | None:
        return None if self.promised_frames is None else self.promised_frames / self.rate_hz

    def read(self) -> np.ndarray:
        """The next frames, float32 (n, channels); n is 0 at the end."""
        frames = np.full((self._block_frames, self.channels), np.nan, np.float32)
        if self._ended:
            return frames[:0]
        try:
            count = len(self._file.read(out=frames))
        except soundfile.SoundFileError:
            # libsndfile wrote what came before the damage, but does not return its count.
            there = np.flatnonzero(~np.isnan(frames).all(axis=1))
            count = int(there[-1]) + 1 if len(there) else 0
            self.damaged = True
        self._frames_read += count
        if not count:
            self._end()
        return frames[:count]

    def _end(self) -> None:
        self._ended = True
        promised = self.promised_frames
        self.misses_frames = promised is not None and self._frames_read < promised
        self.damaged |= self._bytes.failure is not None
        if self._file.format in ("MP3", "FLAC"):
            unused = self._bytes.length - self._bytes.tell()
            if unused > _LEAST_UNUSED_BYTES and not is_tag(self._bytes.read(16) or b""):
                self.unused_bytes = unused

    def close(self) -> None:
        """Free libsndfile's memory."""
        self._file.close()


def _part(stream: BinaryIO, link: Link) -> _Part | None:
    """The recording, opened; None if libsndfile cannot read it."""
    try:
        return _Part(stream, link)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError):
        return None


def read_mono(
    path: Path,
    max_seconds: float | None = None,
    channel: int | None = None,
    remark: Callable[[str], None] | None = None,
) -> np.ndarray:
    """A recording, or its first ``max_seconds``, as float32 (n,) at 16 kHz.

    ``remark`` receives what the user should know, one sentence each; without it the sentences are
    logged. Raises DuologueError as `AudioReader` does.
    """
    most = None if max_seconds is None else round(max_seconds * SAMPLE_RATE_HZ)
    blocks: list[np.ndarray] = []
    with AudioReader(path, channel) as recording:
        for block in recording.blocks():
            blocks.append(block)
            if most is not None and sum(map(len, blocks)) > most:
                break
        found = recording.remarks()
    sound = np.concatenate(blocks)
    if remark and most is not None and len(sound) > most:
        found.append(f"Only the first {max_seconds:g} s of the recording are used.")
    for sentence in found:
        if remark:
            remark(sentence)
        else:
            _LOG.warning("%s: %s", path, sentence)
    return sound[:most]


def to_pcm(audio: np.ndarray) -> np.ndarray:
    """float32 of any shape as int16 of the same shape; sound beyond [-1, 1] is clipped."""
    pcm: np.ndarray = np.rint(audio * _FULL_SCALE)
    # Not np.clip, which takes twice as long for 10 ms.
    pcm = np.minimum(np.maximum(pcm, -_FULL_SCALE), _FULL_SCALE - 1)
    return pcm.astype(np.int16)


def from_pcm(pcm: np.ndarray) -> np.ndarray:
    """int16 of any shape as float32 in [-1, 1) of the same shape."""
    return pcm.astype(np.float32) / np.float32(_FULL_SCALE)
