"""Schedules a live conversation on the card's clock: 10 ms in, duplex steps, sound to the playout.

The echo canceller gets a whole frame of 40 ms at once, which is several times cheaper, or less if a
step waits for the sound.

Step N needs the user's sound up to (N + 1) D - L, where D is the chunk and L the latency. It runs
as soon as that sound is there, but at most one chunk before the agent's sound is due. So the engine
has L for a step, but at most one chunk and at least half a chunk: with a shorter latency the sound
is due later. A chunk that comes late loses its beginning. One whose time has passed is not spoken,
and is silence in the model's context too. If the engine fell behind, all such chunks are taken at
once as soon as one can be spoken again, so that it is soon back on the clock. Knows no threads and
no devices; runs in the engine's thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from engine.card.playout import Playout
from engine.card.sound_card import BLOCK_SAMPLES, DuplexBlock
from engine.record.recorder import Command
from engine.sound.voice_activity import LevelActivityDetector, VoiceActivityDetector
from engine.syncllm.clock import MAX_MISSED_CHUNKS
from engine.syncllm.duplex import Duplex, Step
from engine.talk.live_events import ChunkDone, Counts, Levels
from engine.timebase import FRAME_SAMPLES, SAMPLE_RATE_HZ

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
        """The user's sound without echo, from near end and far end; float32 (n,) each.

        They are whole blocks of 10 ms.
        """
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


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A block that waits for the canceller."""

    near: np.ndarray
    far: np.ndarray
    start_sample: int | None
    """Its position in the recording; None during a pause."""
    muted: bool


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
        self._canceller, self._recorder, self._emit = canceller, recorder, emit
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
        self._waiting: list[_Waiting] = []
        """The newest blocks; all sound before them has gone through the canceller."""
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
        self._missed: list[tuple[np.ndarray, float]] = []
        """Sound of intervals whose time was over before their step could run, with their lag."""

    @property
    def canceller(self) -> Canceller | None:
        """The echo canceller; another one is used from the next block on."""
        return self._canceller

    @canceller.setter
    def canceller(self, canceller: Canceller | None) -> None:
        self._cancel_echo()
        self._canceller = canceller

    def opened(self) -> None:
        """Prepare for a card that is about to open; its first block is the playout's next."""
        self._cancel_echo()
        # Sound since the last block that was read from the card before is lost.
        lost = self._playout.position - self._position
        self.counts = replace(self.counts, lost_samples=self.counts.lost_samples + lost)
        self._position = self._playout.position
        self._played = np.zeros(_MAX_DELAY_SAMPLES, np.float32)
        self.dead_seconds = 0.0
        self.has_sounded = False
        if self._canceller:
            self._canceller.reset()

    @property
    def position(self) -> int:
        """Position of the next block in the playout."""
        return self._position

    def hear(self, block: DuplexBlock) -> None:
        """Take the card's next 10 ms, and run every step that has its sound."""
        # Silence replaces lost sound, as far as the estimate can replace the user's chunks.
        concealed = min(block.lost_samples, MAX_CONCEALED_CHUNKS * self._chunk)
        if concealed:
            self._cancel_echo()
        self._position += block.lost_samples - concealed
        self._origin = self._position - self._heard
        if concealed:
            lost = self.counts.lost_samples + block.lost_samples
            self.counts = replace(self.counts, lost_samples=lost)
            self._lost_from, self._lost_until = self._heard, self._heard + concealed
            silence = np.zeros(BLOCK_SAMPLES, np.float32)
            for _ in range(concealed // BLOCK_SAMPLES):
                self._advance()
                self._append(silence, silence)
                self._run_steps()
        start_sample = self._heard
        self._advance()
        self._wait(block, start_sample)
        if self._step_is_due:
            self._cancel_echo()
            self._run_steps()

    def lose(self, samples: int) -> None:
        """Count sound that no block brought, because the program stood still."""
        if samples:
            lost = self.counts.lost_samples + samples
            self.counts = replace(self.counts, lost_samples=lost)

    def idle(self, block: DuplexBlock) -> None:
        """Take a block during a pause: only the canceller keeps learning."""
        self._position += block.lost_samples + BLOCK_SAMPLES
        self._wait(block, None)

    def record_command(self, command: Command) -> None:
        """Record a command of the user at the present position."""
        if self._recorder:
            self._recorder.command(command, self._heard)

    def finish(self) -> None:
        """Record the rest: the unfinished interval at the end of the conversation."""
        self._cancel_echo()
        self._catch_up()
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

    def _advance(self) -> None:
        """Count another block of the conversation."""
        self._heard += BLOCK_SAMPLES
        self._position += BLOCK_SAMPLES

    def _wait(self, block: DuplexBlock, start_sample: int | None) -> None:
        """Keep a block for the canceller, which works on whole frames."""
        zeros = not block.near.any()
        self.dead_seconds = self.dead_seconds + BLOCK_SAMPLES / SAMPLE_RATE_HZ if zeros else 0.0
        self.has_sounded |= not zeros
        muted = self.microphone_muted
        self._waiting.append(_Waiting(block.near, block.far, start_sample, muted))
        if len(self._waiting) == FRAME_SAMPLES // BLOCK_SAMPLES:
            self._cancel_echo()

    def _cancel_echo(self) -> None:
        """Let all waiting blocks through the canceller."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        near = np.concatenate([block.near for block in waiting])
        if self._canceller:
            near = self._canceller.process(near, np.concatenate([block.far for block in waiting]))
            if not np.isfinite(near).all():
                # The canceller's state would stay broken for ever.
                self._canceller.reset()
                near = np.zeros_like(near)
                self._break()
        for block, user in zip(waiting, near.reshape(-1, BLOCK_SAMPLES), strict=True):
            self._measure(user, block)
            agent = self._beside_user(block.far)
            if block.start_sample is not None:
                self._append(np.zeros_like(user) if block.muted else user, agent)
        self._write_intervals()

    def _beside_user(self, far: np.ndarray) -> np.ndarray:
        """The played sound at the time of the user's sound, which the canceller has delayed."""
        delay = self._canceller.delay_samples if self._canceller else 0
        played = np.concatenate([self._played, far])
        self._played = played[BLOCK_SAMPLES:]
        end = len(played) - delay
        return played[end - BLOCK_SAMPLES : end]

    def _measure(self, user: np.ndarray, block: _Waiting) -> None:
        """Measure a block: the ``user`` in it (160,) and what was played."""
        begun = self._unmeasured_start
        follows = None if begun is None else begun + len(self._unmeasured) * BLOCK_SAMPLES
        if self._unmeasured and block.start_sample != follows:
            self._emit_levels()
        if not self._unmeasured:
            self._unmeasured_start = block.start_sample
        self._unmeasured.append((user, block.far, block.muted))
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

    # --- steps ------------------------------------------------------------------------------------

    @property
    def _step_is_due(self) -> bool:
        return self._heard >= (self._index + 1) * self._chunk - self._lead_samples

    def _run_steps(self) -> None:
        while self._step_is_due:
            self._step()
        self._write_intervals()

    def _step(self) -> None:
        missed = len(self._missed)
        due = self._take_due(self._duplex.due_samples_of(missed + 1) - self._missed_samples())
        overlap = min(self._used, self._lost_until) - max(self._used - len(due), self._lost_from)
        lost = overlap > len(due) / 2
        could_begin = (self._index + 1) * self._chunk - self._lead_samples
        target = self._origin + could_begin + self._budget_samples
        spoken = self._playout.position < target + self._chunk
        lag = self._playout.position - self._origin - could_begin
        lag_ms = lag * 1000 / SAMPLE_RATE_HZ
        self._index += 1
        if not spoken and not lost:
            self._missed.append((due, lag_ms))
            if len(self._missed) == MAX_MISSED_CHUNKS:
                self._catch_up()
            return
        self._catch_up()
        step = self._duplex.step_due(due, lost, spoken)
        late = self._say(step, target) if spoken else self._chunk
        self._done(step, lag_ms, late * 1000 / SAMPLE_RATE_HZ)

    def _missed_samples(self) -> int:
        return sum(len(sound) for sound, _ in self._missed)

    def _catch_up(self) -> None:
        """Take all missed intervals in one."""
        if not self._missed:
            return
        sounds, lags_ms = zip(*self._missed, strict=True)
        self._missed = []
        steps = self._duplex.miss(np.concatenate(sounds), len(sounds))
        for step, lag_ms in zip(steps, lags_ms, strict=True):
            self._done(step, lag_ms, self._chunk * 1000 / SAMPLE_RATE_HZ)

    def _done(self, step: Step, lag_ms: float, late_ms: float) -> None:
        """Count, report and record a step."""
        counts = self.counts
        self.counts = replace(
            counts,
            chunks=counts.chunks + 1,
            late_chunks=counts.late_chunks + (late_ms > 0),
            unspoken_chunks=counts.unspoken_chunks + (not step.speak),
            lost_chunks=counts.lost_chunks + step.lost,
        )
        if step.not_numbers:
            self._break()
        took_ms = step.timings_ms["total"]
        self._emit(ChunkDone(step, took_ms, lag_ms, late_ms))
        if self._recorder:
            extra: dict[str, Any] = {"ready_ms": lag_ms + took_ms, "late_ms": late_ms}
            if step.not_numbers:
                extra["not_numbers"] = step.not_numbers
            self._steps.append((step, extra))

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
