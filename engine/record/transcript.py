"""The transcript: what both speakers said, in lines.

The words come from a bundle's text slot or reader, and the user's from the recogniser where it has
heard some: its lines take the place of the reader's.

It grows with the steps of a conversation or with the records of a recording. Times are those of the
chunks that brought the words. From a text slot, the agent's words come at their onset or a chunk
earlier, and the user's when the agent has understood them. From a reader, both come about 240 ms
after the word's end. Knows no models and no screen.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.atomic_write import write_atomically
from engine.hearing.words import HeardWords
from engine.record.events import EVENTS_NAME, ChunkRecord, TalkRecord, WordsRecord, read_events
from engine.syncllm.bundle import Manifest
from engine.syncllm.duplex import Step
from engine.timebase import SAMPLE_RATE_HZ

TRANSCRIPT_NAME = "transcript.txt"
LINE_PAUSE_MS = 1000
"""A longer pause between a speaker's words begins a new line; a long word takes less time."""
LINE_MAX_CHARACTERS = 160
"""After more characters the next word begins a new line: four rows of a film's subtitles."""

_READER_LATE_SAMPLES = SAMPLE_RATE_HZ * 6 // 10
"""So long after a word's end the reader's piece may come: its own 240 ms, latency and a chunk."""

Side = Literal["user", "agent"]
Source = Literal["reader", "recogniser"]


@dataclass(frozen=True)
class Line:
    """What one speaker said without a long pause, or a part of that, in [start, end)."""

    side: Side
    start_sample: int
    end_sample: int
    text: str
    source: Source = "reader"
    """Who understood the words so; the agent's come from a text slot, from the reader, or from what
    it was to say."""


class Transcript:
    """The transcript of one conversation."""

    def __init__(self, chunk_samples: int, captioned: Sequence[Side] = ()) -> None:
        """Begin empty; ``captioned``: the sides whose words will come, as far as known."""
        self._chunk_samples = chunk_samples
        self._captioned = captioned
        self._newest: dict[Side, int] = {}
        self._recognised_until = 0
        """Pieces of the user's that come with an earlier sample are in a recogniser's line."""
        self.lines: list[Line] = []
        """All lines, sorted by their beginnings; the newest of each side may still grow."""

    def add(self, step: Step | ChunkRecord) -> bool:
        """Add the words of a step; returns whether there were any."""
        start_sample = (step.index + 1) * self._chunk_samples
        self._add("user", step.heard_text, start_sample)
        self._add("agent", step.own_text, start_sample)
        return bool(step.heard_text or step.own_text)

    def hear(self, words: HeardWords | WordsRecord) -> None:
        """Take words of the recogniser; later ones with the same start replace them.

        They replace what the reader understood at that time. Empty words are taken back.
        """
        start, end = words.start_sample, words.end_sample
        late_end = end + _READER_LATE_SAMPLES

        def replaced(line: Line) -> bool:
            if line.side != "user" or line.source == "recogniser":
                return line.side == "user" and line.start_sample == start
            shared = min(line.end_sample, late_end) - max(line.start_sample, start)
            return shared * 2 > line.end_sample - line.start_sample

        self.lines = [line for line in self.lines if not replaced(line)]
        if words.text:
            recognised = Line("user", start, end, words.text, "recogniser")
            insort(self.lines, recognised, key=lambda line: line.start_sample)
            self._recognised_until = max(self._recognised_until, late_end)
        self._newest = {line.side: index for index, line in enumerate(self.lines)}

    @property
    def sides(self) -> list[Side]:
        """The sides whose words will come or came."""
        both: tuple[Side, ...] = ("user", "agent")
        return [side for side in both if side in self._captioned or side in self._newest]

    def newest(self, side: Side) -> Line | None:
        """The last line of a side."""
        index = self._newest.get(side)
        return None if index is None else self.lines[index]

    def at(self, side: Side, sample: int) -> Line | None:
        """The last line of a side that began at or before ``sample``."""
        begun = (line for line in reversed(self.lines) if line.start_sample <= sample)
        return next((line for line in begun if line.side == side), None)

    def _add(self, side: Side, pieces: Sequence[str], start_sample: int) -> None:
        if not pieces:
            return
        text, end_sample = "".join(pieces), start_sample + self._chunk_samples
        if side == "user" and start_sample < self._recognised_until:
            return
        line = self.newest(side)
        if line and line.source == "reader":
            pause_ms = (start_sample - line.end_sample) * 1000 / SAMPLE_RATE_HZ
            goes_on = pause_ms < LINE_PAUSE_MS and len(line.text) <= LINE_MAX_CHARACTERS
            # The rest of a word belongs to its line, however late it comes.
            if goes_on or not text.startswith(" "):
                grown = replace(line, end_sample=end_sample, text=line.text + text)
                self.lines[self._newest[side]] = grown
                return
        self._newest[side] = len(self.lines)
        self.lines.append(Line(side, start_sample, end_sample, text.lstrip()))


def captioned_sides(manifest: Manifest) -> list[Side]:
    """The sides whose words a bundle writes."""
    if manifest.words is None:
        return []
    only_own = manifest.text is not None and manifest.text.heard_base is None
    return ["agent"] if only_own else ["user", "agent"]


def read_transcript(folder: Path) -> Transcript:
    """The transcript of a recorded conversation, as far as its events can be read."""
    records = read_events(folder / EVENTS_NAME, lenient=True)
    head = next(records, None)
    if not isinstance(head, TalkRecord):
        return Transcript(0)
    transcript = Transcript(head.chunk_ms * SAMPLE_RATE_HZ // 1000)
    for record in records:
        if isinstance(record, ChunkRecord):
            transcript.add(record)
        elif isinstance(record, WordsRecord):
            transcript.hear(record)
    return transcript


def timestamp(sample: int) -> str:
    """A position on the tracks as h:mm:ss.s."""
    minutes, seconds = divmod(sample * 10 // SAMPLE_RATE_HZ / 10, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:04.1f}"


def speaker(line: Line) -> str:
    """Who speaks, and where the recogniser has heard it, that."""
    return f"{line.side} (recogniser)" if line.source == "recogniser" else line.side


def write_transcript(path: Path, lines: Sequence[Line]) -> None:
    """Write the lines as text, each with its time, its speaker, and the recogniser's name.

    The file is written whole or not at all; DuologueError if that fails.
    """
    text = "".join(f"{timestamp(one.start_sample)} {speaker(one)}: {one.text}\n" for one in lines)
    write_atomically(path, text)
