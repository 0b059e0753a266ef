"""Records a live conversation: sound of both speakers, events, transcript and Audacity labels.

Each conversation gets a folder. If the process is killed or the disk is full, all except the last
second stays readable. The caller only hands data over; a worker thread of this object writes it, so
that a slow disk does not delay the engine. Knows no devices.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, Literal

import numpy as np

from engine.atomic_write import write_atomically
from engine.errors import DuologueError, unwritable
from engine.record.events import (
    EVENTS_NAME,
    ActionRecord,
    CommandRecord,
    DeviceRecord,
    EventWriter,
    SummaryRecord,
    UnheardRecord,
    WordsRecord,
    chunk_record,
    talk_record,
)
from engine.record.recordings import LABELS_NAME, SOUND_NAME, next_order_ms
from engine.record.retention import Hold, delete_recording, prune
from engine.record.talk_result import Conversation, Tally
from engine.record.transcript import TRANSCRIPT_NAME, Line, Transcript, write_transcript
from engine.sound.audio_file import from_pcm, to_pcm
from engine.sound.flac_file import FlacWriter
from engine.sound.level import LEVEL_SAMPLES, LevelTrack
from engine.sound.turn_taking import TurnTaking, turn_taking
from engine.sound.voice_activity import VoiceTrack
from engine.syncllm.duplex import Duplex, Step
from engine.timebase import SAMPLE_RATE_HZ

# Sixteen seconds of 160 ms chunks: longer than a disk takes to wake up.
_QUEUED_CHUNKS = 100
_CLOSE_SECONDS = 10.0
_SYNC_SECONDS = 1.0

Command = Literal["pause", "resume", "mute", "unmute"]
_Note = CommandRecord | WordsRecord | ActionRecord


@dataclass(frozen=True)
class _Chunk:
    user: np.ndarray
    agent: np.ndarray
    step: Step | None
    more: dict[str, Any]


class Recorder:
    """Records one conversation; call its methods from one thread, but for ``note``."""

    def __init__(
        self,
        folder: Path,
        duplex: Duplex,
        max_talks: int | None = None,
        max_bytes: int | None = None,
        report: Callable[[str], None] = lambda text: None,
        **source: Any,
    ) -> None:
        """Begin a new folder ``conversation-<time>`` in ``folder``, as a conversation begins.

        Older recordings beyond ``max_talks`` or ``max_bytes`` are deleted now, and again when this
        one is over; None means no limit. ``report`` gets a sentence, once and from any thread, if
        the recording had to end; the conversation may continue. ``source`` (JSON values) says where
        the sound comes from. Raises DuologueError if nothing can be written.
        """
        self._limits = max_talks or sys.maxsize, max_bytes or sys.maxsize
        prune(folder, *self._limits)
        order_ms = next_order_ms(folder)
        self.folder = _new_folder(folder)
        self._written = False
        self._report = report
        self._over, self._closing = threading.Event(), threading.Event()
        self._over_lock = threading.Lock()
        self._queue: Queue[_Chunk | _Note | str | None] = Queue(_QUEUED_CHUNKS)
        self._conversation: Conversation | None = None
        try:
            self._files = _RecordingFiles(self.folder, duplex, {**source, "order_ms": order_ms})
        except DuologueError:
            delete_recording(self.folder)
            raise
        self._worker = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._worker.start()

    def write(
        self,
        user_audio: np.ndarray,
        agent_audio: np.ndarray,
        step: Step | None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Append sound of both speakers, float32 (n,) each for any n, and the step made from it.

        ``user_audio`` is what the engine used; it continues the sound written before without a gap.
        ``agent_audio`` is what was written to the card in the same time. All sound that a ``step``
        has used must be written no later than the step. Without a step the engine did not use the
        sound, as at the end of a conversation. ``extra`` (JSON values) goes into the step's record;
        its ``ready_ms`` says when the agent's chunk was ready. Raises ValueError if the shapes
        differ.
        """
        if user_audio.shape != agent_audio.shape:
            raise ValueError(f"tracks of {user_audio.shape} and {agent_audio.shape} samples")
        self._written = True
        self._put(_Chunk(to_pcm(user_audio), to_pcm(agent_audio), step, dict(extra or {})))

    def device_event(self, text: str) -> None:
        """Record a change of a device (a sentence), after the sound written so far."""
        self._put(text)

    def command(self, command: Command, start_sample: int) -> None:
        """Record a command of the user at ``start_sample`` on the tracks."""
        self._put(CommandRecord(start_sample=start_sample, command=command))

    def note(self, record: WordsRecord | ActionRecord) -> None:
        """Record what the assistant heard or did; from any thread."""
        if not self._closing.is_set():
            self._put(record)

    def close(self) -> Conversation | None:
        """Finish the files; returns the result, or None if the recording had ended before."""
        self._closing.set()
        with contextlib.suppress(Full):
            self._queue.put(None, timeout=_CLOSE_SECONDS)
        self._worker.join(_CLOSE_SECONDS)
        if self._written:  # an empty recording must not push out another
            prune(self.folder.parent, *self._limits, at_hand=self.folder)
        return self._conversation

    def _put(self, item: _Chunk | _Note | str) -> None:
        if self._over.is_set():
            return
        try:
            self._queue.put_nowait(item)
        except Full:
            self._end("the disk is too slow")

    def _end(self, reason: str) -> None:
        with self._over_lock:
            if self._over.is_set():
                return
            self._over.set()
        self._report(
            f"The recording in {self.folder} has ended ({reason}). The conversation goes on; "
            "free some disk space or choose another folder, then record again."
        )

    def _work(self) -> None:
        """Write what comes through the queue, until None; runs in the worker thread."""
        while (item := self._queue.get()) is not None:
            try:
                if isinstance(item, str):
                    self._files.device_event(item)
                elif isinstance(item, _Chunk):
                    self._files.write(item)
                else:
                    self._files.note(item)
                self._files.sync()
            except (DuologueError, OSError) as error:
                reason = _reason(error)
                self._end(reason)
                self._files.break_off(reason)
                self._skip()
                return
        if self._over.is_set():
            self._files.break_off("the disk is too slow")
            return
        try:
            self._conversation = self._files.finish()
        except (DuologueError, OSError) as error:
            self._end(_reason(error))

    def _skip(self) -> None:
        """Empty the queue, so that ``close`` can put its None into it."""
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()


def _reason(error: DuologueError | OSError) -> str:
    return getattr(error.__cause__ or error, "strerror", None) or "the disk is full"


class _RecordingFiles:
    """The files of one recording; used by the worker thread."""

    def __init__(self, folder: Path, duplex: Duplex, source: dict[str, Any]) -> None:
        self._folder = folder
        self._chunk_ms, self._latency_ms = duplex.format.chunk_ms, duplex.latency_ms
        self._tally = Tally(self._chunk_ms)
        self._transcript = Transcript(duplex.format.chunk_samples)
        self._user, self._agent = VoiceTrack(), LevelTrack()
        # The last samples, fewer than one level needs.
        self._rest = np.zeros((0, 2), np.int16)
        self._samples = 0
        self._began = self._synced = time.perf_counter()
        with ExitStack() as undone:
            self._hold = _held(folder)
            undone.callback(self._hold.release)
            self._events = EventWriter(folder / EVENTS_NAME)
            undone.callback(self._events.close)
            self._sound = FlacWriter(folder / SOUND_NAME)
            self._events.write(talk_record(duplex, SOUND_NAME, **source))
            undone.pop_all()

    def write(self, chunk: _Chunk) -> None:
        """Append a chunk; its sound first, so that no record refers to missing sound."""
        sound = np.stack([chunk.user, chunk.agent], axis=1)
        if len(sound):
            self._sound.write(sound)
        start, self._samples = self._samples, self._samples + len(sound)
        self._rest = _push_levels(np.concatenate([self._rest, sound]), self._user, self._agent)
        if chunk.step is None:
            self._events.write(UnheardRecord(start_sample=start, samples=len(sound)))
            return
        ready_ms = chunk.more.pop("ready_ms", chunk.step.timings_ms["total"])
        self._tally.add(chunk.step, ready_ms)
        self._transcript.add(chunk.step)
        self._events.write(chunk_record(chunk.step, start, len(sound), ready_ms, chunk.more))

    def device_event(self, text: str) -> None:
        self._events.write(DeviceRecord(start_sample=self._samples, text=text))

    def note(self, record: _Note) -> None:
        if isinstance(record, WordsRecord):
            self._transcript.hear(record)
        self._events.write(record)

    def sync(self) -> None:
        """Flush to the disk once a second, so that even a power cut takes no more than that."""
        if time.perf_counter() - self._synced < _SYNC_SECONDS:
            return
        self._synced = time.perf_counter()
        self._sound.sync()
        self._events.sync()

    def break_off(self, reason: str) -> None:
        """Close the files so that they are readable, and record ``reason`` if there is room."""
        with contextlib.suppress(DuologueError, OSError):
            self._sound.close()
        with contextlib.suppress(DuologueError, OSError):
            self.device_event(f"recording ended: {reason}")
            self._write_texts(self._turn_taking())
        with contextlib.suppress(OSError):
            self._events.close()
        self._hold.release()

    def finish(self) -> Conversation:
        """Complete and close the files."""
        conversation = Conversation(
            folder=self._folder,
            chunk_ms=self._chunk_ms,
            latency_ms=self._latency_ms,
            tally=self._tally,
            turn_taking=self._turn_taking(),
            user_peaks=self._user.peaks,
            agent_peaks=self._agent.peaks,
            elapsed_seconds=time.perf_counter() - self._began,
            complete=True,
            remarks=self._tally.remarks(),
            lines=self._transcript.lines,
        )
        try:
            self._sound.close()
            self._write_texts(conversation.turn_taking)
            self._events.write(SummaryRecord(**conversation.figures()))
        finally:
            self._events.close()
            self._hold.release()
        return conversation

    def _write_texts(self, taking: TurnTaking) -> None:
        lines = self._transcript.lines
        write_labels(self._folder / LABELS_NAME, taking, lines)
        if lines:
            write_transcript(self._folder / TRANSCRIPT_NAME, lines)

    def _turn_taking(self) -> TurnTaking:
        return turn_taking(self._user.levels_db, self._agent.levels_db, self._user.voiced)


def _held(folder: Path) -> Hold:
    try:
        return Hold(folder)
    except OSError as error:
        raise unwritable(folder, error) from error


def _push_levels(sound: np.ndarray, user: LevelTrack, agent: LevelTrack) -> np.ndarray:
    """Add int16 (n, 2) to both tracks; returns the rest that is shorter than a level."""
    whole = len(sound) // LEVEL_SAMPLES * LEVEL_SAMPLES
    if whole:
        user.push(from_pcm(sound[:whole, 0]))
        agent.push(from_pcm(sound[:whole, 1]))
    return sound[whole:]


def write_labels(path: Path, taking: TurnTaking, lines: Sequence[Line] = ()) -> None:
    """Write both speakers' turns and lines as an Audacity label track.

    The file is written whole or not at all; DuologueError if that fails.
    """
    labels = [(span.start_sample, span.end_sample, "user") for span in taking.user_turns]
    labels += [(span.start_sample, span.end_sample, "agent") for span in taking.agent_turns]
    labels += [(one.start_sample, one.end_sample, f"{one.side}: {one.text}") for one in lines]
    labels.sort(key=lambda label: label[0])
    text = "".join(
        f"{start / SAMPLE_RATE_HZ:.3f}\t{end / SAMPLE_RATE_HZ:.3f}\t{said}\n"
        for start, end, said in labels
    )
    write_atomically(path, text)


def _new_folder(parent: Path) -> Path:
    stem = f"conversation-{datetime.now():%Y%m%d-%H%M%S}"
    folder, count = parent / stem, 1
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            count += 1
            folder = parent / f"{stem}_{count}"
        except OSError as error:
            raise unwritable(folder, error) from error
        else:
            return folder
