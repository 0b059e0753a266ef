"""The status that `duologue live` shows: levels, who speaks, chunk time, lag and drops.

With a bundle that writes captions, also the last words of both. Where the output is no terminal,
only changes of devices are printed, and a summary at the end.
"""

from __future__ import annotations

import time
from collections import deque
from statistics import median

import numpy as np
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.card.sound_card import CardInfo
from engine.record.transcript import Side, Transcript
from engine.talk.live_events import (
    NOT_NUMBERS,
    ChunkDone,
    Counts,
    DeviceChanged,
    Event,
    Levels,
    WordsHeard,
)
from engine.timebase import SAMPLE_RATE_HZ

_BAR_CELLS = 24
_MIN_DB, _LOUD_DB = -60.0, -6.0
_RECENT_CHUNKS = 50
_FRAMES_A_SECOND = 10
_CAPTION_CELLS = 60
_NAMES: dict[Side, str] = {"user": "you", "agent": "agent"}


class LiveStatus:
    """A context that shows events as they arrive."""

    def __init__(self, console: Console, info: CardInfo, chunk_ms: int, latency_ms: int) -> None:
        self._console = console
        self._chunk_ms = chunk_ms
        self._device = f"{info.microphone} and {info.speaker}, {latency_ms} ms of latency"
        self._levels: Levels | None = None
        self._recent: deque[ChunkDone] = deque(maxlen=_RECENT_CHUNKS)
        self._transcript = Transcript(chunk_ms * SAMPLE_RATE_HZ // 1000)
        self._counts = Counts()
        self._standing = ""
        self._broken = False
        self._began = time.monotonic()
        self._live = (
            Live(
                get_renderable=self._picture,
                console=console,
                transient=True,
                refresh_per_second=_FRAMES_A_SECOND,
            )
            if console.is_terminal
            else None
        )
        self._say(f"Talking through {self._device}. Keys: p pause, m mute, q end.")

    def __enter__(self) -> LiveStatus:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, event: Event, counts: Counts) -> None:
        """Show an event."""
        self._counts = counts
        if isinstance(event, Levels):
            self._levels = event
        elif isinstance(event, ChunkDone):
            if event.step.not_numbers and not self._broken:
                self._broken = True
                self._say(NOT_NUMBERS)
            self._recent.append(event)
            self._transcript.add(event.step)
        elif isinstance(event, WordsHeard):
            self._transcript.hear(event.words)
        elif isinstance(event, DeviceChanged):
            self._say(event.text)

    def show_keys(self, paused: bool, muted: bool) -> None:
        """Show the state that the keys have set."""
        open_still = "stays open until you end (q)"
        self._standing = ""
        if paused:
            self._standing = f"paused; the microphone {open_still}"
        elif muted:
            self._standing = f"microphone muted; it {open_still}"

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _picture(self) -> RenderableType:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(style="dim")
        table.add_column()
        levels = self._levels
        if self._standing:
            table.add_row("", Text(self._standing, style="yellow"))
        if levels:
            table.add_row(_NAMES["user"], _bar(levels.user_db, levels.user_speaks))
            table.add_row(_NAMES["agent"], _bar(levels.agent_db, levels.agent_speaks))
        for side in self._transcript.sides:
            line = self._transcript.newest(side)
            heard = " (recogniser)" if line and line.source == "recogniser" else ""
            table.add_row(f"{_NAMES[side]}{heard}:", _end_of(line.text if line else ""))
        if self._recent:
            last = self._recent[-1]
            usual = median(entry.took_ms for entry in self._recent)
            table.add_row(
                "chunk",
                f"{last.took_ms:3.0f} ms, usually {usual:.0f} of {self._chunk_ms} ms; "
                f"lag {last.lag_ms:.0f} ms",
            )
        table.add_row("drops", drops(self._counts))
        seconds = round(time.monotonic() - self._began)
        table.add_row("time", f"{seconds // 60}:{seconds % 60:02d} min")
        return table


def show_live_summary(console: Console, counts: Counts, took_ms: list[float]) -> None:
    """Print the summary of a live conversation that is over."""
    p50, p99 = np.percentile(took_ms, [50, 99]) if took_ms else (0.0, 0.0)
    console.print(
        f"{counts.chunks} chunks (p50 {p50:.0f} ms, p99 {p99:.0f} ms). Drops: {drops(counts)}.",
        highlight=False,
    )


def drops(counts: Counts) -> str:
    """What went wrong, as a list in words."""
    parts = [
        (counts.late_chunks, f"{counts.late_chunks} of {counts.chunks} chunks late"),
        (counts.lost_samples, f"{counts.lost_samples / 16000:.1f} s of sound lost"),
        (counts.xruns, f"{counts.xruns} gaps in the card's sound"),
        (counts.broken_chunks, f"{counts.broken_chunks} chunks broken by the models"),
        (counts.events_dropped, f"{counts.events_dropped} messages not shown"),
    ]
    return ", ".join(text for number, text in parts if number) or "none"


def _end_of(text: str) -> Text:
    """The end of a caption, on one line."""
    shown = text if len(text) <= _CAPTION_CELLS else f"… {text[-_CAPTION_CELLS:]}"
    return Text(shown, no_wrap=True, overflow="crop")


def _bar(level_db: float, speaks: bool) -> Text:
    share = (level_db - _MIN_DB) / (0 - _MIN_DB)
    cells = round(min(max(share, 0.0), 1.0) * _BAR_CELLS)
    colour = "red" if level_db > _LOUD_DB else "green" if speaks else "blue"
    bar = Text("█" * cells, style=colour)
    bar.append("·" * (_BAR_CELLS - cells), style="dim")
    bar.append(f" {level_db:4.0f} dB", style="dim")
    return bar.append("  speaks" if speaks else "")
