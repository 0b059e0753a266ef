"""Draws a conversation: both tracks on one time axis, overlaps shaded, reaction times marked.

A long conversation is drawn in rows of a minute, and only its first ten minutes. Knows no models.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from engine.atomic_write import writing_whole
from engine.record.talk_result import Conversation
from engine.sound.level import LEVEL_SAMPLES
from engine.sound.turn_taking import FloorTransfer, Span
from engine.timebase import SAMPLE_RATE_HZ

_ROW_SECONDS = 60.0
_MAX_ROWS = 10
_SHORTEST_ROW_SECONDS = 10.0

_USER, _AGENT, _OVERLAP = "#2b6cb0", "#dd6b20", "#e53e3e"
_INK, _MUTED, _GRID = "#2d3748", "#718096", "#e2e8f0"

# Heights on the vertical axis: two lanes of 1.6 with a strip between them for reaction times.
_USER_LANE, _AGENT_LANE, _LANE_HALF, _STRIP_HALF = 1.15, -1.15, 0.8, 0.35
_LABEL_ROOM = 0.055  # share of the row's length; labels closer than this alternate in height


def draw(conversation: Conversation, path: Path) -> None:
    """Draw a conversation as a PNG; DuologueError if it cannot be written."""
    duration = max(conversation.duration_seconds, _SHORTEST_ROW_SECONDS)
    rows = min(-(-duration // _ROW_SECONDS), _MAX_ROWS)
    row_seconds = min(duration, _ROW_SECONDS)
    figure = Figure(figsize=(15, 1.3 + 2.6 * rows), dpi=110, facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(int(rows), 1, squeeze=False)[:, 0]
    for index, panel in enumerate(panels):
        _draw_row(panel, conversation, index * row_seconds, (index + 1) * row_seconds)
    panels[-1].set_xlabel("time (s)", color=_MUTED)
    inches = figure.get_figheight()
    figure.text(
        0.06, 1 - 0.34 / inches, _title(conversation, rows * row_seconds),
        fontsize=13, color=_INK, weight="bold", va="center",
    )  # fmt: skip
    figure.legend(
        handles=[
            Patch(color=_USER, label="user"),
            Patch(color=_AGENT, label="agent"),
            Patch(color=_OVERLAP, alpha=0.25, label="both speak"),
        ],
        loc="center right", bbox_to_anchor=(0.985, 1 - 0.34 / inches), ncols=3, frameon=False,
        labelcolor=_INK,
    )  # fmt: skip
    figure.subplots_adjust(
        left=0.06, right=0.985, top=1 - 0.7 / inches, bottom=0.55 / inches, hspace=0.28
    )
    with writing_whole(path) as part:
        figure.savefig(part, format="png")


def _title(conversation: Conversation, shown_seconds: float) -> str:
    taking = conversation.turn_taking
    delays = [transfer.offset_ms for transfer in taking.floor_transfers]
    parts = [
        _count(len(taking.agent_turns), "agent turn"),
        f"median reaction {np.median(delays):.0f} ms" if delays else "no reaction",
        _count(len(taking.overlaps), "overlap"),
    ]
    if conversation.duration_seconds > shown_seconds + 1:
        total_minutes = conversation.duration_seconds / 60
        parts.append(f"first {shown_seconds / 60:.0f} of {total_minutes:.0f} minutes")
    return "   ·   ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _draw_row(panel: Axes, conversation: Conversation, start: float, end: float) -> None:
    taking = conversation.turn_taking
    lanes = (
        (conversation.user_peaks, taking.user_spans, _USER, _USER_LANE),
        (conversation.agent_peaks, taking.agent_spans, _AGENT, _AGENT_LANE),
    )
    for span in _inside(taking.overlaps, start, end):
        panel.axvspan(*_seconds(span), color=_OVERLAP, alpha=0.2, lw=0, zorder=1)
    for peaks, spans, colour, lane in lanes:
        _draw_lane(panel, peaks, spans, colour, lane, start, end)
    label_room = _LABEL_ROOM * (end - start)
    last_label = float("-inf")
    for transfer in taking.floor_transfers:
        answered = transfer.agent_start_sample / SAMPLE_RATE_HZ
        if start <= answered < end:
            crowded = answered - last_label < label_room
            _draw_floor_transfer(
                panel, transfer, -0.17 if crowded else 0.17, answered > end - label_room
            )
            last_label = float("-inf") if crowded else answered
    panel.set_xlim(start, end)
    panel.set_ylim(_AGENT_LANE - _LANE_HALF - 0.1, _USER_LANE + _LANE_HALF + 0.1)
    panel.set_yticks([_USER_LANE, _AGENT_LANE], ["user", "agent"], fontsize=12)
    for label, colour in zip(panel.get_yticklabels(), (_USER, _AGENT), strict=True):
        label.set_color(colour)
        label.set_fontweight("bold")
    step = 5 if end - start > 25 else 2 if end - start > 12 else 1
    panel.set_xticks(np.arange(np.ceil(start / step) * step, end + 1e-6, step))
    panel.tick_params(length=0, colors=_MUTED, axis="x")
    panel.tick_params(length=0, axis="y")
    panel.grid(axis="x", color=_GRID, lw=0.8)
    panel.set_axisbelow(True)
    for side in panel.spines.values():
        side.set_visible(False)


def _draw_lane(
    panel: Axes,
    peaks: np.ndarray,
    spans: list[Span],
    colour: str,
    lane: float,
    start: float,
    end: float,
) -> None:
    """Draw one speaker's sound, with the voice activity behind it."""
    for span in _inside(spans, start, end):
        left, right = _seconds(span)
        panel.fill_between(
            [left, right], lane - _LANE_HALF, lane + _LANE_HALF, color=colour, alpha=0.13, lw=0,
            zorder=2,
        )  # fmt: skip
    per_second = SAMPLE_RATE_HZ / LEVEL_SAMPLES
    first, last = round(start * per_second), round(end * per_second)
    part = peaks[first:last]
    # One scale for the whole conversation, so that loud and soft stay visible.
    height = part / max(float(peaks.max(initial=0.0)), 0.05) * _LANE_HALF
    times = start + (np.arange(len(part)) + 0.5) / per_second
    panel.fill_between(times, lane - height, lane + height, color=colour, lw=0.4, zorder=3)


def _draw_floor_transfer(
    panel: Axes, transfer: FloorTransfer, label_height: float, at_edge: bool
) -> None:
    """Draw a bar from the user's last word to the agent's onset, with the offset in ms."""
    heard, answered = (
        transfer.user_end_sample / SAMPLE_RATE_HZ,
        transfer.agent_start_sample / SAMPLE_RATE_HZ,
    )
    early = transfer.offset_ms < 0
    colour = _OVERLAP if early else _INK
    panel.plot([heard, heard], [0, _USER_LANE - _LANE_HALF], color=colour, lw=1, zorder=4)
    panel.plot([answered, answered], [0, _AGENT_LANE + _LANE_HALF], color=colour, lw=1, zorder=4)
    panel.plot([heard, answered], [0, 0], color=colour, lw=2.2, solid_capstyle="butt", zorder=4)
    place = min(heard, answered) - 0.12 if at_edge else max(heard, answered) + 0.12
    panel.text(
        place, label_height, f"{transfer.offset_ms:+.0f} ms", color=colour, fontsize=9.5,
        va="center", ha="right" if at_edge else "left", zorder=5,
    )  # fmt: skip


def _inside(spans: list[Span], start: float, end: float) -> list[Span]:
    return [
        span
        for span in spans
        if span.end_sample > start * SAMPLE_RATE_HZ and span.start_sample < end * SAMPLE_RATE_HZ
    ]


def _seconds(span: Span) -> tuple[float, float]:
    return span.start_sample / SAMPLE_RATE_HZ, span.end_sample / SAMPLE_RATE_HZ
