"""A conversation with a recording: the user's side is a file, the agent's the duplex core.

It writes conversation.wav (user left, agent right, one time axis) and events.jsonl (one record per
chunk) as it goes, so ten hours take only five bytes of memory per 10 ms. At the end it writes
transcript.txt, if the bundle writes words. The user's sound of step N and the agent's sound of
interval N are written side by side; step N returns the agent's sound of interval N + 1. Runs in the
caller's thread; draws nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine.errors import DuologueError, unwritable
from engine.record.events import EVENTS_NAME, EventWriter, SummaryRecord, chunk_record, talk_record
from engine.record.talk_result import Conversation, Tally
from engine.record.transcript import TRANSCRIPT_NAME, Transcript, write_transcript
from engine.sound.audio_file import AudioReader
from engine.sound.level import LevelTrack
from engine.sound.turn_taking import turn_taking
from engine.sound.voice_activity import VoiceTrack
from engine.sound.wav_file import StereoWriter
from engine.syncllm.duplex import Duplex, Step
from engine.timebase import SAMPLE_RATE_HZ

WAV_NAME, PICTURE_NAME = "conversation.wav", "conversation.png"

# After the recording the agent may finish: time at least, quiet time that ends it, time at most.
_TAIL_MIN_SECONDS, _TAIL_QUIET_SECONDS, _TAIL_MAX_SECONDS = 2.5, 1.0, 12.0
_QUIET_DB = -50.0


class RealTimePacer:
    """Paces the steps to real time: step N begins when its sound would be complete."""

    def __init__(
        self,
        chunk_ms: int,
        now: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._chunk_seconds = chunk_ms / 1000
        self._now, self._sleep = now, sleep
        self._began = now()

    def wait(self, index: int) -> None:
        """Sleep until the sound of interval ``index`` is complete."""
        ahead = self._began + (index + 1) * self._chunk_seconds - self._now()
        if ahead > 0:
            self._sleep(ahead)

    def elapsed_ms(self, index: int) -> float:
        """Time in ms since the sound of interval ``index`` was complete."""
        return (self._now() - self._began - (index + 1) * self._chunk_seconds) * 1000


def make_folder(folder: Path) -> None:
    """Create the folder; DuologueError if that fails or a file would be overwritten."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = (WAV_NAME, EVENTS_NAME, TRANSCRIPT_NAME, PICTURE_NAME)
        there = [name for name in names if os.path.lexists(folder / name)]
    except OSError as error:
        raise unwritable(folder, error) from error
    if there:
        raise DuologueError(
            f"The conversation would overwrite {folder / there[0]}; choose another folder with "
            "--out."
        )


def talk(
    duplex: Duplex,
    recording: AudioReader,
    folder: Path,
    pace: RealTimePacer | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_chunk: Callable[[Step], None] = lambda step: None,
) -> Conversation:
    """Run a conversation in which ``recording`` is the user; the files are written to ``folder``.

    ``pace`` runs it in real time; without it, it is as fast as the machine. It ends early, with
    complete files, when ``stopped`` returns True; both callbacks are called once per chunk. Raises
    DuologueError if the recording cannot be read or a file cannot be written.
    """
    make_folder(folder)
    fmt = duplex.format
    began = time.perf_counter()
    tally = Tally(fmt.chunk_ms)
    transcript = Transcript(fmt.chunk_samples)
    user_track, agent_track = VoiceTrack(), LevelTrack()
    length = recording.length_samples
    tail_samples = round(_TAIL_MAX_SECONDS * SAMPLE_RATE_HZ)
    # The wav comes first: if there is no room for it, no other file is created.
    with StereoWriter(
        folder / WAV_NAME, None if length is None else length + tail_samples + fmt.chunk_samples
    ) as wav:
        events = EventWriter(folder / EVENTS_NAME)
        try:
            source = {
                "name": recording.path.name,
                "rate_hz": recording.rate_hz,
                "channels": recording.channels,
                "channel": recording.channel,
            }
            events.write(talk_record(duplex, WAV_NAME, recording=source))
            agent_audio = np.zeros(fmt.chunk_samples, np.float32)
            complete = True
            for user_audio in _with_tail(recording, fmt.chunk_samples, agent_track):
                if stopped():
                    complete = False
                    break
                if pace:
                    pace.wait(tally.chunks)
                wav.write(user_audio, agent_audio)
                user_track.push(user_audio)
                agent_track.push(agent_audio)
                step = duplex.step(user_audio)
                ready_ms = pace.elapsed_ms(tally.chunks) if pace else step.timings_ms["total"]
                tally.add(step, ready_ms)
                transcript.add(step)
                start_sample = step.index * fmt.chunk_samples
                events.write(chunk_record(step, start_sample, fmt.chunk_samples, ready_ms))
                agent_audio = step.agent_audio
                on_chunk(step)
            conversation = Conversation(
                folder=folder,
                chunk_ms=fmt.chunk_ms,
                latency_ms=duplex.latency_ms,
                tally=tally,
                turn_taking=turn_taking(
                    user_track.levels_db, agent_track.levels_db, user_track.voiced
                ),
                user_peaks=user_track.peaks,
                agent_peaks=agent_track.peaks,
                elapsed_seconds=time.perf_counter() - began,
                complete=complete,
                remarks=[*recording.remarks(), *tally.remarks()],
                lines=transcript.lines,
            )
            if transcript.lines:
                write_transcript(folder / TRANSCRIPT_NAME, transcript.lines)
            events.write(SummaryRecord(**conversation.figures()))
        finally:
            events.close()
    return conversation


def _with_tail(
    recording: AudioReader, chunk_samples: int, agent_track: LevelTrack
) -> Iterator[np.ndarray]:
    """The recording's chunks, then silence until the agent has finished."""
    yield from recording.chunks(chunk_samples)
    silence = np.zeros(chunk_samples, np.float32)
    per_second = SAMPLE_RATE_HZ / chunk_samples
    for index in range(round(_TAIL_MAX_SECONDS * per_second)):
        if index >= _TAIL_MIN_SECONDS * per_second and agent_track.is_quiet(
            _TAIL_QUIET_SECONDS, _QUIET_DB
        ):
            break
        yield silence
