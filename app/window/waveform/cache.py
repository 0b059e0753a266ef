"""Caches painted bars, since painting them would take most of a frame's time.

Bars that no longer change are on a pixmap that is wider than the view, and moves on only when its
end is reached. The newest sound, whose meaning may still change, is on a strip that is repainted
whenever more of it is to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.timeline import Timeline
from app.window import theme
from app.window.waveform.bars import (
    BAR_PITCH_PX,
    LABEL_MIN_PX,
    MARK_BARS,
    Scale,
    paint_bars,
)

_SPARE_BARS = 85
"""The pixmap has room for these after the view: 3.4 s at the usual scale."""
_WHOLE_BARS = 4
"""So many bars are a whole number of screen pixels, also at 1.25 or 1.5 per window pixel."""


@dataclass(frozen=True)
class PaintContext:
    """What painted bars depend on."""

    timeline: Timeline
    size: QSize
    ratio: float
    """Screen pixels per window pixel."""
    scale: Scale

    @property
    def key(self) -> tuple[object, ...]:
        """Painted bars are valid only for the same key."""
        return self.size, self.ratio, self.scale, theme.current().name, id(self.timeline)

    def strip(self, width: int) -> QPixmap:
        """An empty pixmap, as high as the view."""
        return blank_pixmap(width, self.size.height(), self.ratio, QColor(theme.current().card))


def blank_pixmap(width: int, height: int, ratio: float, colour: QColor) -> QPixmap:
    """A pixmap in one colour; its size is in window pixels."""
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(colour)
    return pixmap


class SettledPixmap:
    """The bars that no longer change."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self.left = 0
        """The bar at the pixmap's left edge; it shows [left, end)."""
        self._end = 0
        self._revision = 0
        self._key: tuple[object, ...] = ()

    def forget(self) -> None:
        """Paint everything again the next time."""
        self._key = ()

    def fill(self, context: PaintContext, first: int, end: int) -> None:
        """Show at least bars [first, end), and nothing after; only what is missing is painted."""
        timeline = context.timeline
        seen = context.size.width() // BAR_PITCH_PX + 2
        if context.key != self._key:
            self._key = context.key
            self.pixmap = context.strip((seen + _SPARE_BARS) * BAR_PITCH_PX)
            self.left = self._end = first
        elif timeline.revision != self._revision:
            # A mark, and those that it moves aside, are after its sample or little before.
            changed = timeline.changed_since(self._revision) / context.scale.bar_samples
            self._clear_from(min(self._end, max(int(changed) - MARK_BARS, self.left)))
        self._revision = timeline.revision
        if first < self.left or first >= max(self._end, self.left + 1):
            self._begin_at(first)
        elif first > self.left + _SPARE_BARS:
            moved = (first - self.left) // _WHOLE_BARS * _WHOLE_BARS
            self._move_to(self.left + moved, context.ratio)
        if end < self._end:
            self._clear_from(max(end, self.left))
        elif end > self._end:
            painter = QPainter(self.pixmap)
            painter.translate(-self.left * BAR_PITCH_PX, 0)
            paint_bars(painter, timeline, context.scale, self._end, end)
            painter.end()
            self._end = end

    def _begin_at(self, bar: int) -> None:
        self.pixmap.fill(QColor(theme.current().card))
        self.left = self._end = bar

    def _move_to(self, bar: int, ratio: float) -> None:
        px = (bar - self.left) * BAR_PITCH_PX * ratio
        if not px.is_integer():  # moving would leave a seam
            self._begin_at(bar)
            return
        self.pixmap.scroll(-round(px), 0, self.pixmap.rect())
        self.left = bar
        self._clear_from(self._end)

    def _clear_from(self, bar: int) -> None:
        left = (bar - self.left) * BAR_PITCH_PX
        painter = QPainter(self.pixmap)
        width, height = self.pixmap.width(), self.pixmap.height()
        painter.fillRect(left, 0, width, height, QColor(theme.current().card))
        painter.end()
        self._end = bar


class NewestPixmap:
    """The newest bars, and the first label after them."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self.left = 0
        """The bar at the pixmap's left edge."""
        self._end_sample = 0
        self._key: tuple[object, ...] = ()

    def fill(self, context: PaintContext, first: int, needed: float) -> None:
        """Show the bars from ``first`` on or earlier, at least up to the sample ``needed``."""
        timeline, scale = context.timeline, context.scale
        key = timeline.revision, context.key
        if key == self._key and self.left <= first and needed <= self._end_sample:
            return
        self._key, self.left, self._end_sample = key, first, timeline.length_samples
        until = int(np.ceil(timeline.length_samples / scale.bar_samples))
        self.pixmap = context.strip(max((until - first) * BAR_PITCH_PX + LABEL_MIN_PX, 1))
        painter = QPainter(self.pixmap)
        painter.translate(-first * BAR_PITCH_PX, 0)
        paint_bars(painter, timeline, scale, first, until, float(timeline.length_samples))
        painter.end()
