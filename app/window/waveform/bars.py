"""Paints the bars of both speakers and what scrolls with them: overlaps, chunk borders, the result
of each estimate, marks, the time axis.

It paints any part of a timeline at any scale, and keeps no state between calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from app.timeline import COLUMN_SAMPLES, MarkKind, Outcome, Timeline, Track
from app.window import theme
from engine.timebase import SAMPLE_RATE_HZ

BAR_PX, BAR_PITCH_PX = 2, 3
AXIS_PX, LABEL_MIN_PX = 22, 90
_MIDDLE_PX, _PAD_PX = 30, 8
_GRID_MIN_PX, _CELL_MIN_PX = 7.0, 4.0
_STEPS_S = (0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_GLYPH_PX, _MAX_SHIFT_PX = 10, 20
"""A mark that would cover the previous one moves aside, by this much at most."""
_MARKS_BEFORE_PX = 400
"""Marks this far before the painted ones may have moved them aside."""
MARK_BARS = 4
"""A mark begins this many bars before its sample."""
GLYPHS = {
    MarkKind.BACKCHANNEL: "●",
    MarkKind.USER_INTERRUPTS: "▼",
    MarkKind.AGENT_INTERRUPTS: "▲",
    MarkKind.YIELD: "◆",
    MarkKind.LATE: "!",
    MarkKind.LOST: "×",
    MarkKind.DEVICE: "⚡",
    MarkKind.PAUSE: "‖",
    MarkKind.ACTION: "★",
}


@dataclass(frozen=True)
class Scale:
    """Converts time and loudness to pixels."""

    px_second: float
    height_px: int

    @cached_property
    def samples_px(self) -> float:
        """Samples per pixel."""
        return SAMPLE_RATE_HZ / self.px_second

    @cached_property
    def bar_samples(self) -> float:
        """Samples from one bar to the next."""
        return BAR_PITCH_PX * self.samples_px

    @cached_property
    def axis_y(self) -> int:
        """The y at which the lanes end and the axis begins."""
        return self.height_px - AXIS_PX

    @cached_property
    def lanes(self) -> tuple[float, float, float]:
        """(centre of the user's lane, centre of the agent's, half the height of a lane)."""
        inside = self.axis_y - _MIDDLE_PX - 2 * _PAD_PX
        half = max(inside / 4, 10.0)
        return _PAD_PX + half, _PAD_PX + 3 * half + _MIDDLE_PX, half

    @cached_property
    def label_step_s(self) -> float:
        """Seconds between two labels of the axis."""
        for step in _STEPS_S:
            if step * self.px_second >= LABEL_MIN_PX:
                return float(step)
        return float(_STEPS_S[-1])


def paint_bars(
    painter: QPainter,
    timeline: Timeline,
    scale: Scale,
    first: int,
    end: int,
    end_sample: float | None = None,
) -> None:
    """Paint bars [first, end) and everything beside them; bar n is at 3 n pixels.

    The axis has no labels after ``end_sample``, the end so far of a running conversation.
    """
    if end <= first:
        return
    look = theme.current()
    start_sample, stop_sample = first * scale.bar_samples, end * scale.bar_samples
    clip = QRectF(first * BAR_PITCH_PX, 0, (end - first) * BAR_PITCH_PX, scale.height_px)
    painter.save()
    painter.setClipRect(clip)
    user_y, agent_y, half = scale.lanes
    edges = np.round(np.arange(first, end + 1) * scale.bar_samples / COLUMN_SAMPLES)
    edges = edges.astype(np.int64)
    _paint_overlap(painter, look, timeline, scale, first, edges)
    _paint_grid(painter, look, timeline, scale, start_sample, stop_sample)
    for track, colour, middle in (
        (timeline.user, look.user, user_y),
        (timeline.agent, look.agent, agent_y),
    ):
        heights = _loudest(track, edges) / 255 * (half - 2)
        _paint_track(painter, colour, first, middle, heights)
    _paint_marks(painter, look, timeline, scale, start_sample, stop_sample)
    if end_sample is not None:  # the newest label extends past the end
        painter.setClipRect(clip.adjusted(0, 0, LABEL_MIN_PX, 0))
    _paint_axis(painter, look, scale, start_sample, stop_sample, end_sample)
    painter.restore()


def _paint_track(
    painter: QPainter, colour: str, first: int, middle: float, heights: np.ndarray
) -> None:
    soft = QColor(colour)
    soft.setAlpha(90)
    quiet: list[QRectF] = []
    loud: list[QRectF] = []
    for index, height in enumerate(heights.tolist()):
        x = (first + index) * BAR_PITCH_PX
        bar = QRectF(x, middle - max(height, 0.5), BAR_PX, max(2 * height, 1.0))
        (loud if height > 1 else quiet).append(bar)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(soft)
    painter.drawRects(quiet)
    painter.setBrush(QColor(colour))
    painter.drawRects(loud)


def _paint_overlap(
    painter: QPainter,
    look: theme.Theme,
    timeline: Timeline,
    scale: Scale,
    first: int,
    edges: np.ndarray,
) -> None:
    """Shade overlaps; bar n shows the columns [edges[n], edges[n + 1])."""
    low, high = int(edges[0]), min(max(int(edges[-1]), int(edges[0]) + 1), len(timeline.user))
    both = timeline.user.speaks[low:high] & timeline.agent.speaks[low:high]
    if not both.any():
        return
    begin = edges[:-1][edges[:-1] < high] - low
    # If a bar is shorter than a column, neighbours show the same column, so equal edges count one
    # column. A running sum over hours would take longer than a frame.
    counts = np.add.reduceat(both, begin, dtype=np.int32)
    shaded = counts * 2 > np.diff(begin, append=high - low).clip(1)
    runs = np.flatnonzero(np.diff(np.concatenate([[False], shaded, [False]])))
    colour = QColor(look.overlap)
    colour.setAlpha(46)
    height = scale.axis_y
    for left, right in runs.reshape(-1, 2).tolist():
        painter.fillRect(
            QRectF((first + left) * BAR_PITCH_PX, 0, (right - left) * BAR_PITCH_PX, height),
            colour,
        )


def _paint_grid(
    painter: QPainter,
    look: theme.Theme,
    timeline: Timeline,
    scale: Scale,
    start_sample: float,
    stop_sample: float,
) -> None:
    """Paint the chunk borders, and the result of each estimate."""
    chunk_px = timeline.chunk_samples / scale.samples_px
    if chunk_px < _CELL_MIN_PX:
        return
    first = int(start_sample // timeline.chunk_samples)
    last = int(stop_sample // timeline.chunk_samples) + 1
    user_y, _agent_y, half = scale.lanes
    grid = _mixed(look.line, look.card, min(12 * chunk_px, 150) / 255)
    chunk_width = max(round(chunk_px) - 2, 2)
    bottom = scale.axis_y
    top = round(user_y + half) + 3
    for index in range(max(first, 0), last + 1):
        x = round(index * chunk_px)
        if chunk_px >= _GRID_MIN_PX:
            painter.fillRect(x, 0, 1, bottom, grid)
        estimate = timeline.estimate(index)
        if estimate is None or estimate.outcome == Outcome.OPEN:
            continue
        colour = QColor(
            {
                Outcome.HIT: look.good,
                Outcome.MISSED: look.warning,
                Outcome.STOOD: look.warning,
            }[estimate.outcome]
        )
        height = 4
        if estimate.outcome == Outcome.HIT and not estimate.speech:
            colour = _mixed(look.good, look.card, 0.35)  # silence is faint
            height = 2
        painter.fillRect(x + 1, top, chunk_width, height, colour)


def _paint_marks(
    painter: QPainter,
    look: theme.Theme,
    timeline: Timeline,
    scale: Scale,
    start_sample: float,
    stop_sample: float,
) -> None:
    before, after = _MARKS_BEFORE_PX * scale.samples_px, _GLYPH_PX * scale.samples_px
    marks = timeline.marks_between(int(start_sample - before), int(stop_sample + after))
    user_y, _agent_y, half = scale.lanes
    top = user_y + half + 8
    free_px = -float("inf")
    for mark in marks:
        x = mark.sample / scale.samples_px
        place = max(x, free_px)
        if place - x > _MAX_SHIFT_PX:
            continue
        free_px = place + _GLYPH_PX
        painter.setPen(QColor(mark_colour(look, mark.kind)))
        painter.drawText(
            QRectF(place - 10, top, 20, _MIDDLE_PX - 10),
            Qt.AlignmentFlag.AlignCenter,
            GLYPHS[mark.kind],
        )


def _paint_axis(
    painter: QPainter,
    look: theme.Theme,
    scale: Scale,
    start_sample: float,
    stop_sample: float,
    end_sample: float | None,
) -> None:
    step_s = scale.label_step_s
    step = step_s * SAMPLE_RATE_HZ
    y = scale.axis_y
    left, right = start_sample / scale.samples_px, stop_sample / scale.samples_px
    painter.fillRect(QRectF(left, y, right - left, 1), QColor(look.line))
    painter.setPen(QColor(look.soft_text))
    # A label outside may extend into the bars painted here.
    first = int((start_sample - LABEL_MIN_PX * scale.samples_px) // step)
    for index in range(max(first, 0), int(stop_sample // step) + 2):
        x = index * step / scale.samples_px
        if end_sample is not None and index * step > end_sample:
            break
        painter.fillRect(QRectF(round(x), y, 1, 4), QColor(look.soft_text))
        painter.drawText(
            QRectF(x + 4, y + 2, LABEL_MIN_PX, AXIS_PX - 2),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            clock_text(index * step_s, step_s < 1),
        )


def _loudest(track: Track, edges: np.ndarray) -> np.ndarray:
    """The peak of each bar, or of its column if bars are shorter than columns."""
    found = track.loudest(edges)
    narrow = (edges[1:] == edges[:-1]) & (edges[:-1] >= 0) & (edges[:-1] < len(track))
    found[narrow] = track.peaks[edges[:-1][narrow]]
    return found


@lru_cache(64)
def _mixed(colour: str, background: str, share: float) -> QColor:
    """A colour blended with a background, opaque: filling is faster than blending."""
    above, below = QColor(colour), QColor(background)
    return QColor.fromRgbF(
        share * above.redF() + (1 - share) * below.redF(),
        share * above.greenF() + (1 - share) * below.greenF(),
        share * above.blueF() + (1 - share) * below.blueF(),
    )


def mark_colour(look: theme.Theme, kind: MarkKind) -> str:
    """The colour of a mark."""
    return {
        MarkKind.BACKCHANNEL: look.agent,
        MarkKind.USER_INTERRUPTS: look.user,
        MarkKind.AGENT_INTERRUPTS: look.agent,
        MarkKind.YIELD: look.agent,
        MarkKind.LATE: look.warning,
        MarkKind.LOST: look.bad,
        MarkKind.DEVICE: look.bad,
        MarkKind.PAUSE: look.soft_text,
        MarkKind.ACTION: look.good,
    }[kind]


def clock_text(seconds: float, with_tenths: bool = False) -> str:
    """m:ss, or h:mm:ss from an hour on; optionally with tenths."""
    tenths = round(seconds * 10)
    whole, tenth = divmod(tenths, 10)
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60}:{rest % 60:02d}"
    if hours:
        text = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{text}.{tenth}" if with_tenths else text
