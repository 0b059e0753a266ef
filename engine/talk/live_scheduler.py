"""Schedules a live conversation on the card's clock: 10 ms in, duplex steps, sound to the playout.

Step N needs the user's sound up to (N + 1) D - L, where D is the chunk and L the latency. It runs
as soon as that sound is there, but at most one chunk before the agent's sound is due. So the engine
has L for a step, but at most one chunk and at least half a chunk: with a shorter latency the sound
is due later. A chunk that comes late loses its beginning. One whose time has passed is not spoken,
and is silence in the model's context too. Knows no threads and no devices; runs in the engine's
thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from engine.card.playout import Playout
from engine.card.sound_card import BLOCK_SAMPLES, DuplexBlock
from engine.record.recorder import Command
from engine.sound.voice_activity import LevelActivityDetector, VoiceActivityDetector
from engine.syncllm.duplex import Duplex, Step
from engine.talk.live_events import ChunkDone, Counts, Levels
from engine.timebase import SAMPLE_RATE_HZ

_LOG = logging.getLogger(__name__)

MAX_CONCEALED_CHUNKS = 4
"""Longest gap that is filled; the rest of a longer gap is cut out of the conversation's time."""
_LEVEL_BLOCKS = 5
_MAX_DELAY_SAMPLES = 2 * BLOCK_SAMPLES
"""Longest delay of an echo canceller."""


class Canceller(Protocol):
    """Removes the agent's voice from the microphone's sound."""

    @property
    def delay_samples(self) -> int:
        """Delay of the output, at most two blocks."""
        ...

    def process(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        """The user's sound without echo, from near end and far end; float32 (160,) each."""
        ...

    def reset(self) -> None:
        """Forget the echo path."""
        ...


class Recorder(Protocol):
    """Records a conversation; `engine.record.recorder.Recorder` is the real one."""

    def write(
        self,
        user_audio: np.ndarray,
        agent_audio: np.ndarray,
        step: Step | None,
        extra: Mapping[str, Any],
    ) -> None:
        """Record interval ``step.index``: the user's sound that was used, and what was played.

        Both are float32 (n,). Without a step, the sound came after the last one.
        """
        ...

    def device_event(self, text: str) -> None:
        """Record a change of a device."""
        ...

    def command(self, command: Command, start_sample: int) -> None:
        """Record a command of the user at a position on the tracks."""
        ...


class LiveScheduler:
    """One conversation, driven by the card's blocks."""

    def __init__(
        self,
        duplex: Duplex,
        playout: Playout,
        canceller: Canceller | None,
        recorder: Recorder | None,
        emit: Callable[[ChunkDone | Levels], None],
    ) -> None:
        """Reset ``duplex`` to a new conversation. ``canceller`` None leaves the echo (headphones).

        ``emit`` gets the events, in the engine's thread.
        """
        duplex.reset()
        self._duplex, self._playout = duplex, playout
        self.canceller, self._recorder, self._emit = canceller, recorder, emit
        self._chunk = duplex.format.chunk_samples
        latency = duplex.latency_ms * SAMPLE_RATE_HZ // 1000
        self._lead_samples = min(latency, self._chunk)
        self._budget_samples = max(self._lead_samples, self._chunk // 2)
        """Time from when a step can run to when its sound is due."""
        self._user, self._agent = VoiceActivityDetector(), LevelActivityDetector()
        self.counts = Counts()
        self.microphone_muted = False
        self._index = 0
        self._position = self._origin = 0
        """Playout positions of the next block and of the conversation's sample 0; the latter moves
        when time is cut out."""
        self.dead_seconds = 0.0
        """How long the microphone has given only zeros."""
        self.has_sounded = False
        """Whether the microphone has given sound since the card was opened."""
        self._heard = self._used = 0
        self._due: list[np.ndarray] = []
        self._lost_from = self._lost_until = 0
        self._unmeasured: list[tuple[np.ndarray, np.ndarray, bool]] = []
        """Blocks of both speakers, and whether the microphone was muted: together they are measured
        in a fraction of the time."""
        self._unmeasured_start: int | None = None
        self._played = np.zeros(_MAX_DELAY_SAMPLES, np.float32)
        """The last played sound, to align it with the canceller's output."""
        # For the recorder, which gets an interval when its step and its sound are both complete.
        self._user_track: list[np.ndarray] = []
        self._agent_track: list[np.ndarray] = []
        self._steps: deque[tuple[Step, dict[str, Any]]] = deque()

    def opened(self) -> None:
        """Prepare for a card that is about to open; its first block is the playout's next."""
        # Sound since the last block that was read from the card before is lost.
        lost = self._playout.position - self._position
        self.counts = replace(self.counts, lost_samples=self.counts.lost_samples + lost)
        self._position = self._playout.position
        self._played = np.zeros(_MAX_DELAY_SAMPLES, np.float32)
        self.dead_seconds = 0.0
        self.has_sounded = False
        if self.canceller:
            self.canceller.reset()

    @property
    def position(self) -> int:
        """Position of the next block in the playout."""
        return self._position

    def hear(self, block: DuplexBlock) -> None:
        """Take the card's next 10 ms, and run every step that has its sound."""
        # Silence replaces lost sound, as far as the estimate can replace the user's chunks.
        concealed = min(block.lost_samples, MAX_CONCEALED_CHUNKS * self._chunk)
        user = self._cancel_echo(block, self._heard + concealed)
        if self.microphone_muted:
            user = np.zeros_like(user)
        self._position += block.lost_samples - concealed
        self._origin = self._position - self._heard
        if concealed:
            lost = self.counts.lost_samples + block.lost_samples
            self.counts = replace(self.counts, lost_samples=lost)
            self._lost_from, self._lost_until = self._heard, self._heard + concealed
            silence = np.zeros(BLOCK_SAMPLES, np.float32)
            for _ in range(concealed // BLOCK_SAMPLES):
                self._append(silence, silence)
        self._append(user, self._beside_user(block.far))

    def idle(self, block: DuplexBlock) -> None:
        """Take a block during a pause: only the canceller keeps learning."""
        self._cancel_echo(block, None)
        self._beside_user(block.far)
        self._position += block.lost_samples + BLOCK_SAMPLES

    def record_command(self, command: Command) -> None:
        """Record a command of the user at the present position."""
        if self._recorder:
            self._recorder.command(command, self._heard)

    def finish(self) -> None:
        """Record the rest: the unfinished interval at the end of the conversation."""
        if not self._recorder:
            return
        user, agent = (
            np.concatenate([np.zeros(0, np.float32), *track])
            for track in (self._user_track, self._agent_track)
        )
        self._user_track, self._agent_track = [], []
        while self._steps:
            step, extra = self._steps.popleft()
            self._recorder.write(user, agent, step, extra)
            user, agent = user[:0], agent[:0]
        if len(user):
            self._recorder.write(user, agent, None, {})

    # --- sound in ---------------------------------------------------------------------------------

    def _cancel_echo(self, block: DuplexBlock, start_sample: int | None) -> np.ndarray:
        near = block.near
        zeros = not near.any()
        self.dead_seconds = self.dead_seconds + len(near) / SAMPLE_RATE_HZ if zeros else 0.0
        self.has_sounded |= not zeros
        if self.canceller:
            near = self.canceller.process(near, block.far)
            if not np.isfinite(near).all():
                # The canceller's state would stay broken for ever.
                self.canceller.reset()
                near = np.zeros_like(near)
                self._break()
        self._measure(near, block.far, start_sample)
        return near

    def _beside_user(self, far: np.ndarray) -> np.ndarray:
        """The played sound at the time of the user's sound, which the canceller has delayed."""
        delay = self.canceller.delay_samples if self.canceller else 0
        played = np.concatenate([self._played, far])
        self._played = played[BLOCK_SAMPLES:]
        end = len(played) - delay
        return played[end - BLOCK_SAMPLES : end]

    def _measure(self, user: np.ndarray, agent: np.ndarray, start_sample: int | None) -> None:
        """Measure a block at a position in the recording, None during a pause."""
        begun = self._unmeasured_start
        follows = None if begun is None else begun + len(self._unmeasured) * BLOCK_SAMPLES
        if self._unmeasured and start_sample != follows:
            self._emit_levels()
        if not self._unmeasured:
            self._unmeasured_start = start_sample
        self._unmeasured.append((user, agent, self.microphone_muted))
        if len(self._unmeasured) == _LEVEL_BLOCKS:
            self._emit_levels()

    def _emit_levels(self) -> None:
        user, agent, muted = zip(*self._unmeasured, strict=True)
        self._unmeasured.clear()
        self._user.push(np.concatenate(user))
        self._agent.push(np.concatenate(agent))
        # The waveform shows what is recorded, the level meter what the microphone gives.
        user_peaks = np.where(muted, 0.0, np.abs(user).max(axis=1))
        self._emit(
            Levels(
                self._user.level_db,
                self._agent.level_db,
                tuple(user_peaks.tolist()),
                tuple(np.abs(agent).max(axis=1).tolist()),
                self._user.speaks and not self.microphone_muted,
                self._agent.speaks,
                self._unmeasured_start,
            )
        )

    def _append(self, user: np.ndarray, agent: np.ndarray) -> None:
        self._due.append(user)
        if self._recorder:
            self._user_track.append(user)
            self._agent_track.append(agent)
        self._heard += len(user)
        self._position += len(user)
        while self._heard >= (self._index + 1) * self._chunk - self._lead_samples:
            self._step()
        self._write_intervals()

    # --- steps ------------------------------------------------------------------------------------

    def _step(self) -> None:
        due = self._take_due(self._duplex.due_samples)
        overlap = min(self._used, self._lost_until) - max(self._used - len(due), self._lost_from)
        lost = overlap > len(due) / 2
        could_begin = (self._index + 1) * self._chunk - self._lead_samples
        target = self._origin + could_begin + self._budget_samples
        spoken = self._playout.position < target + self._chunk
        lag = self._playout.position - self._origin - could_begin
        step = self._duplex.step_due(due, lost, spoken)
        late = self._chunk
        if spoken:
            late = self._say(step, target)
        counts = self.counts
        self.counts = replace(
            counts,
            chunks=counts.chunks + 1,
            late_chunks=counts.late_chunks + (late > 0),
            unspoken_chunks=counts.unspoken_chunks + (not spoken),
            lost_chunks=counts.lost_chunks + lost,
        )
        if step.not_numbers:
            self._break()
        took_ms = step.timings_ms["total"]
        late_ms, lag_ms = late * 1000 / SAMPLE_RATE_HZ, lag * 1000 / SAMPLE_RATE_HZ
        self._emit(ChunkDone(step, took_ms, lag_ms, late_ms))
        if self._recorder:
            extra: dict[str, Any] = {"ready_ms": lag_ms + took_ms, "late_ms": late_ms}
            if step.not_numbers:
                extra["not_numbers"] = step.not_numbers
            self._steps.append((step, extra))
        self._index += 1

    def _break(self) -> None:
        if not self.counts.broken_chunks:
            # Not a warning: a terminal would print that into the live status.
            _LOG.info("a model produced values that are not numbers, in chunk %d", self._index)
        self.counts = replace(self.counts, broken_chunks=self.counts.broken_chunks + 1)

    def _say(self, step: Step, target: int) -> int:
        """Queue the step's sound; returns how many of its samples came too late."""
        if step.yields_floor:
            self._playout.stop()
            return 0
        return self._playout.put(target, step.agent_audio)

    def _take_due(self, samples: int) -> np.ndarray:
        sound = np.concatenate([np.zeros(0, np.float32), *self._due])
        self._due = [sound[samples:]]
        self._used += samples
        return sound[:samples]

    # --- the recording ----------------------------------------------------------------------------

    def _write_intervals(self) -> None:
        while self._recorder and self._steps:
            step, extra = self._steps[0]
            if self._heard < (step.index + 1) * self._chunk:
                return
            user = np.concatenate(self._user_track)
            agent = np.concatenate(self._agent_track)
            self._user_track, self._agent_track = [user[self._chunk :]], [agent[self._chunk :]]
            self._recorder.write(user[: self._chunk], agent[: self._chunk], step, extra)
            self._steps.popleft()
