"""A conversation over time, to be drawn: peaks, speech, chunks, estimates, marks, words.

It grows with the events of a live conversation, or is built from a recording. Sample 0 is the
first of the recording. What grows with time is stored as bytes per column of 10 ms, so eight hours
take 12 MB. Knows no Qt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from engine.record.events import (
    EVENTS_NAME,
    ActionRecord,
    ChunkRecord,
    CommandRecord,
    DeviceRecord,
    TalkRecord,
    WordsRecord,
    read_events,
)
from engine.record.recordings import SOUND_NAME
from engine.record.talk_sound import TalkSound
from engine.record.transcript import Side, Transcript
from engine.sound.audio_file import from_pcm
from engine.sound.level import LEVEL_SAMPLES, LevelTrack
from engine.sound.turn_taking import IPU_SILENCE_MS, Span, interruptions, voice_activity
from engine.sound.voice_activity import ONSET_BLOCKS, VoiceTrack
from engine.syncllm.duplex import Step
from engine.talk.live_events import ChunkDone, DeviceChanged, Event, Levels, WordsHeard
from engine.timebase import SAMPLE_RATE_HZ

COLUMN_SAMPLES = LEVEL_SAMPLES
COARSE_COLUMNS = 32
"""Columns per coarse peak; coarse peaks are used to draw hours."""
MAX_BACKCHANNEL_MS = 1000
"""Agent speech up to this length, while the user continues, is a backchannel."""
_GOES_ON_MS = 1000
YIELD_MS = 1500
"""A speaker who falls silent within this time after the other's onset yields."""
_FIRST_COLUMNS = 6000
_ONSET_COLUMNS = ONSET_BLOCKS - 1  # speech is reported this much after its onset, or a little more
_HOLD_COLUMNS = IPU_SILENCE_MS * SAMPLE_RATE_HZ // 1000 // COLUMN_SAMPLES
_LATE_SPANS = 24  # this many of the newest spans may still change their meaning
_READ_SAMPLES = SAMPLE_RATE_HZ * 10
_USUAL_MS = 160  # for a recording without a readable head; then no chunks are shown
_MOST_CHUNKS_BEHIND = 100  # after a crash there may be more events than sound, but not hours more


class Outcome(Enum):
    """The result of an estimate."""

    OPEN = 0
    HIT = 1
    MISSED = 2
    STOOD = 3
    """The real chunk was lost, so the estimate stayed."""


class MarkKind(Enum):
    """The meaning of a mark."""

    BACKCHANNEL = "backchannel"
    USER_INTERRUPTS = "user interrupts"
    AGENT_INTERRUPTS = "agent interrupts"
    YIELD = "yield"
    LATE = "late chunk"
    LOST = "lost chunk"
    DEVICE = "device"
    PAUSE = "pause"
    ACTION = "action"
    """What the assistant did, or what rang."""


@dataclass(frozen=True)
class Mark:
    """Something at one moment."""

    sample: int
    kind: MarkKind
    text: str = ""
    """The engine's sentence, if there is one."""


@dataclass(frozen=True)
class Estimate:
    """The model's estimate of the user's chunk [index D, (index + 1) D)."""

    index: int
    speech: bool
    """Whether it contains anything but silence."""
    outcome: Outcome


class Timeline:
    """The timeline of one conversation. For one thread."""

    def __init__(
        self,
        chunk_ms: int,
        latency_ms: int,
        silence_unit: int | None = None,
        captioned: Sequence[Side] = (),
    ) -> None:
        """Without ``silence_unit``, the user's most frequent unit counts as the user's silence.

        ``captioned``: whose words will be captioned, as far as that is known.
        """
        self.chunk_samples = chunk_ms * SAMPLE_RATE_HZ // 1000
        self._unknown_chunks = -(-latency_ms // chunk_ms)
        self._silence = silence_unit
        self._unit_counts: dict[int, int] = {}
        self.user, self.agent = Track(), Track()
        self.transcript = Transcript(self.chunk_samples, captioned)
        self.marks: list[Mark] = []
        """Sorted by time."""
        self._changes: list[int] = []
        """The first sample of each change of the past."""
        self._outcomes = np.zeros(0, np.uint8)
        self._speech = np.zeros(0, bool)
        self.estimated_chunks = 0
        """The number of chunks up to the newest estimate."""
        self.next_step = 0
        self._device_marks: list[Mark] = []

    # --- reading ----------------------------------------------------------------------------------

    @property
    def length_samples(self) -> int:
        """The length of the tracks."""
        return len(self.user) * COLUMN_SAMPLES

    @property
    def revision(self) -> int:
        """Increases whenever a mark comes, goes or changes."""
        return len(self._changes)

    def changed_since(self, revision: int) -> int:
        """The sample before which everything is as it was at that revision."""
        return min(self._changes[revision:], default=self.length_samples)

    def estimate(self, index: int) -> Estimate | None:
        """The estimate of a chunk of the user's; None if there was none."""
        if not 0 <= index < len(self._outcomes) or not self._outcomes[index]:
            return None
        outcome = Outcome(int(self._outcomes[index]) - 1)
        return Estimate(index, bool(self._speech[index]), outcome)

    def open_estimates(self, first: int) -> list[tuple[int, bool]]:
        """(index, speech) of each estimate from chunk ``first`` on whose real chunk is unknown."""
        indices = range(max(first, 0), self.estimated_chunks)
        open_ = 1 + Outcome.OPEN.value
        return [(n, bool(self._speech[n])) for n in indices if self._outcomes[n] == open_]

    def marks_between(self, start_sample: int, end_sample: int) -> Sequence[Mark]:
        """The marks in [start, end)."""
        first = bisect_left(self.marks, start_sample, key=_sample)
        return self.marks[first : bisect_left(self.marks, end_sample, key=_sample)]

    # --- a live talk ------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Add an event of a live conversation."""
        if isinstance(event, Levels):
            self._add_levels(event)
        elif isinstance(event, ChunkDone):
            self._add_step(event.step, event.late_ms)
        elif isinstance(event, WordsHeard):
            self.transcript.hear(event.words)
        elif isinstance(event, DeviceChanged):
            self._mark(Mark(self.length_samples, MarkKind.DEVICE, event.text))

    def _add_levels(self, levels: Levels) -> None:
        if levels.start_sample is None:
            last = self.marks[-1] if self.marks else None
            if last is None or last.kind != MarkKind.PAUSE or last.sample != self.length_samples:
                self._mark(Mark(self.length_samples, MarkKind.PAUSE))
            return
        gap = levels.start_sample // COLUMN_SAMPLES - len(self.user)
        ended = False
        for track, peaks, speaks in (
            (self.user, levels.user_peaks, levels.user_speaks),
            (self.agent, levels.agent_peaks, levels.agent_speaks),
        ):
            if gap > 0:
                ended |= track.append(np.zeros(gap), False)
            ended |= track.append(np.array(peaks), speaks)
        if ended:
            self._classify(_LATE_SPANS)

    def _add_step(self, step: Step | ChunkRecord, late_ms: float) -> None:
        for index, units in enumerate(step.user_estimates):
            self._estimate(step.index - len(step.user_estimates) + 1 + index, units)
        newest = step.index - self._unknown_chunks
        self._know(newest, step.user_units, step.estimate_misses == 0, step.lost)
        start = (step.index + 1) * self.chunk_samples
        if step.lost:
            self._mark(Mark(max(newest, 0) * self.chunk_samples, MarkKind.LOST))
        if late_ms > 0:
            self._mark(Mark(start, MarkKind.LATE, f"{late_ms:.0f} ms"))
        self.transcript.add(step)
        self.next_step = step.index + 1

    def _estimate(self, index: int, units: Sequence[int]) -> None:
        if index < 0:
            return
        if index >= len(self._outcomes):
            more = index + 1 - len(self._outcomes) + len(self._outcomes) // 2
            self._outcomes = np.concatenate([self._outcomes, np.zeros(more, np.uint8)])
            self._speech = np.concatenate([self._speech, np.zeros(more, bool)])
        self.estimated_chunks = max(self.estimated_chunks, index + 1)
        self._outcomes[index] = 1 + Outcome.OPEN.value
        silence = self._silence_unit
        self._speech[index] = any(unit != silence for unit in units)

    def _know(self, newest: int, frames: Sequence[Sequence[int]], hit: bool, lost: bool) -> None:
        for chunk in frames:
            for unit in chunk:
                self._unit_counts[unit] = self._unit_counts.get(unit, 0) + 1
        first = newest - len(frames) + 1
        known = [newest] if lost else range(first, newest + 1)
        outcome = Outcome.STOOD if lost else Outcome.HIT if hit else Outcome.MISSED
        for index in known:
            if 0 <= index < len(self._outcomes) and self._outcomes[index]:
                self._outcomes[index] = 1 + outcome.value

    @property
    def _silence_unit(self) -> int | None:
        if self._silence is not None or not self._unit_counts:
            return self._silence
        return max(self._unit_counts, key=self._unit_counts.__getitem__)

    def _mark(self, mark: Mark) -> None:
        """Insert a mark in order of time."""
        if self.marks and mark.sample < self.marks[-1].sample:
            self.marks.insert(bisect_left(self.marks, mark.sample, key=_sample), mark)
        else:
            self.marks.append(mark)
        self._changes.append(mark.sample)

    def _classify(self, newest_spans: int | None = None) -> None:
        """Find backchannels, interruptions and yields in the spans of both speakers."""
        user, agent = self.user.spans, self.agent.spans
        since = 0
        if newest_spans is not None:
            user, agent = user[-newest_spans:], agent[-newest_spans:]
            starts = [spans[0].start_sample for spans in (user, agent) if spans]
            since = min(starts, default=0)
        found = list(turn_marks(user, agent))
        old = Counter(m for m in self.marks if m.kind in _TURN_KINDS and m.sample >= since)
        new = Counter(mark for mark in found if mark.sample >= since)
        changed = (old - new) + (new - old)
        if not changed:
            return
        kept = [m for m in self.marks if m.kind not in _TURN_KINDS or m.sample < since]
        self.marks = sorted([*kept, *new.elements()], key=_sample)
        self._changes.append(min(map(_sample, changed)))

    # --- a recording ------------------------------------------------------------------------------

    @classmethod
    def of_recording(cls, folder: Path) -> Timeline:
        """The timeline of a recorded conversation; takes seconds for hours of sound.

        Leaves out events that cannot be read, or that come after the end of the sound. Raises
        DuologueError if there is no sound.
        """
        records = read_events(folder / EVENTS_NAME, lenient=True)
        head = next(records, None)
        if known := isinstance(head, TalkRecord):
            timeline = cls(head.chunk_ms, head.latency_ms)
        else:
            timeline = cls(_USUAL_MS, _USUAL_MS)
        timeline._read_sound(folder / SOUND_NAME)
        most_chunks = timeline.length_samples // timeline.chunk_samples + _MOST_CHUNKS_BEHIND
        for record in records:
            if isinstance(record, ChunkRecord):
                if known and 0 <= record.index < most_chunks:
                    late_ms = (record.model_extra or {}).get("late_ms")
                    timeline._add_step(record, late_ms if isinstance(late_ms, (int, float)) else 0)
            elif isinstance(record, WordsRecord):
                timeline.transcript.hear(record)
            elif isinstance(record, ActionRecord):
                place = timeline._inside(record.done_sample)
                timeline._mark(Mark(place, MarkKind.ACTION, record.said or record.heard))
            elif isinstance(record, DeviceRecord):
                place = timeline._inside(record.start_sample)
                timeline._mark(Mark(place, MarkKind.DEVICE, record.text))
            elif isinstance(record, CommandRecord) and record.command == "pause":
                timeline._mark(Mark(timeline._inside(record.start_sample), MarkKind.PAUSE))
        timeline._classify()
        return timeline

    def _inside(self, sample: int) -> int:
        return min(max(sample, 0), self.length_samples)

    def _read_sound(self, path: Path) -> None:
        user, agent = VoiceTrack(), LevelTrack()
        with TalkSound(path) as sound:
            for block in sound.blocks(_READ_SAMPLES):
                whole = block[: len(block) // COLUMN_SAMPLES * COLUMN_SAMPLES]
                for side, (track, levels) in enumerate(((self.user, user), (self.agent, agent))):
                    one = from_pcm(whole[:, side])
                    peaks = np.abs(one).reshape(-1, COLUMN_SAMPLES).max(axis=1)
                    track.append(peaks, False)
                    levels.push(one)
        self.user.set_spans(voice_activity(user.levels_db, user.voiced))
        self.agent.set_spans(voice_activity(agent.levels_db))


class Track:
    """One speaker: peaks and speech (one byte each per column), and spans of speech."""

    def __init__(self) -> None:
        self._peaks = np.zeros(_FIRST_COLUMNS, np.uint8)
        self._speaks = np.zeros(_FIRST_COLUMNS, bool)
        self._coarse = np.zeros(_FIRST_COLUMNS // COARSE_COLUMNS + 1, np.uint8)
        self._length = 0
        self._began: int | None = None
        self.spans: list[Span] = []

    def __len__(self) -> int:
        return self._length

    @property
    def peaks(self) -> np.ndarray:
        """uint8 (columns,): the square root of the highest sample, 255 at full scale."""
        return self._peaks[: self._length]

    @property
    def speaks(self) -> np.ndarray:
        """bool (columns,): whether the speaker is speaking."""
        return self._speaks[: self._length]

    def loudest(self, edges: np.ndarray) -> np.ndarray:
        """uint8 (n - 1,): the highest peak in each [edge, next edge); 0 outside the track."""
        found = np.zeros(len(edges) - 1, np.uint8)
        inside = np.clip(edges, 0, self._length)
        full = np.flatnonzero(inside[1:] > inside[:-1])
        if not len(full):
            return found
        first, last = int(inside[full[0]]), int(inside[full[-1] + 1])
        if last - first > 64 * len(full):
            starts = inside[full] // COARSE_COLUMNS
            values = self._coarse[: last // COARSE_COLUMNS + 1]
            found[full] = np.maximum.reduceat(values, starts)
        else:
            found[full] = np.maximum.reduceat(self._peaks[:last], inside[full])
        return found

    def append(self, peaks: np.ndarray, speaks: bool) -> bool:
        """Add columns; returns whether they ended a span of speech."""
        begin, end = self._length, self._length + len(peaks)
        if end > len(self._peaks):
            self._grow(end)
        self._peaks[begin:end] = np.sqrt(np.clip(peaks, 0, 1)) * 255
        for block in range(begin // COARSE_COLUMNS, -(-end // COARSE_COLUMNS)):
            columns = slice(block * COARSE_COLUMNS, min((block + 1) * COARSE_COLUMNS, end))
            self._coarse[block] = self._peaks[columns].max()
        self._length = end
        return self._hear(begin, end, speaks)

    def _hear(self, begin: int, end: int, speaks: bool) -> bool:
        """Correct the level meter, which reports the onset of speech and its end too late."""
        if speaks:
            if self._began is None:
                self._began = max(begin - _ONSET_COLUMNS, 0)
            self._speaks[self._began : end] |= True
            return False
        if self._began is None:
            return False
        spoken = max(begin - _HOLD_COLUMNS, self._began + 1)
        self._speaks[spoken:end] = False
        self.spans.append(Span(self._began * COLUMN_SAMPLES, spoken * COLUMN_SAMPLES))
        self._began = None
        return True

    def set_spans(self, spans: list[Span]) -> None:
        """Set the spans of a whole recording."""
        self.spans = spans
        for span in spans:
            columns = slice(span.start_sample // COLUMN_SAMPLES, span.end_sample // COLUMN_SAMPLES)
            self._speaks[columns] = True

    def _grow(self, least: int) -> None:
        size = max(2 * len(self._peaks), least)
        for name, length in (
            ("_peaks", size),
            ("_speaks", size),
            ("_coarse", size // COARSE_COLUMNS + 2),
        ):
            before = getattr(self, name)
            grown = np.zeros(length, before.dtype)
            grown[: len(before)] = before
            setattr(self, name, grown)


_TURN_KINDS = {
    MarkKind.BACKCHANNEL,
    MarkKind.USER_INTERRUPTS,
    MarkKind.AGENT_INTERRUPTS,
    MarkKind.YIELD,
}


def turn_marks(user: Sequence[Span], agent: Sequence[Span]) -> Iterator[Mark]:
    """Backchannels, interruptions and yields between two speakers' spans of speech."""
    for found in interruptions(user, agent):
        yield Mark(found.user_start_sample, MarkKind.USER_INTERRUPTS)
        if found.yield_ms <= YIELD_MS:
            yield Mark(found.agent_end_sample, MarkKind.YIELD)
    user_starts = [span.start_sample for span in user]
    for span in agent:
        before = bisect_left(user_starts, span.start_sample) - 1
        if before < 0 or user[before].end_sample <= span.start_sample:
            continue
        goes_on = user[before].end_sample > span.end_sample or (
            before + 1 < len(user)
            and user_starts[before + 1] - span.end_sample < _GOES_ON_MS * SAMPLE_RATE_HZ // 1000
        )
        if span.duration_ms <= MAX_BACKCHANNEL_MS and goes_on:
            yield Mark(span.start_sample, MarkKind.BACKCHANNEL)
        else:
            yield Mark(span.start_sample, MarkKind.AGENT_INTERRUPTS)


def _sample(mark: Mark) -> int:
    return mark.sample
