"""Caches painted bars, since painting them would take most of a frame's time.

Bars that no longer change are on a pixmap that scrolls. The newest sound, whose meaning may still
change, is on a strip that is repainted whenever it grows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.timeline import Timeline
from app.window import theme
from app.window.waveform.bars import BAR_PITCH_PX, LABEL_MIN_PX, Scale, paint_bars


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
        changes = id(self.timeline), self.timeline.revision
        return self.size, self.ratio, self.scale, theme.current().name, changes

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
    """The bars from the view's left edge on that no longer change."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self._left = self._end = 0
        """The pixmap shows bars [left, end), from its left edge on."""
        self._key: tuple[object, ...] = ()

    def forget(self) -> None:
        """Paint everything again the next time."""
        self._key = ()

    def fill(self, context: PaintContext, first: int, end: int) -> None:
        """Show bars [first, end); bars already painted are moved, not painted again."""
        key = context.key
        if key != self._key:
            self._key = key
            self.pixmap = context.strip((context.size.width() // BAR_PITCH_PX + 2) * BAR_PITCH_PX)
            self._left = self._end = first
        moved, self._left = first - self._left, first
        # If a bar is not a whole number of pixels, scrolling would leave a seam.
        whole = (BAR_PITCH_PX * context.ratio).is_integer()
        if moved and (not whole or moved < 0 or first >= self._end):
            self.pixmap.fill(QColor(theme.current().card))
            self._end = first
        elif moved:
            px = round(moved * BAR_PITCH_PX * context.ratio)
            self.pixmap.scroll(-px, 0, self.pixmap.rect())
            self._clear_from(min(self._end, first + self.pixmap.width()))
        if end < self._end:
            self._clear_from(end)
        elif end > self._end:
            painter = QPainter(self.pixmap)
            painter.translate(-first * BAR_PITCH_PX, 0)
            paint_bars(painter, context.timeline, context.scale, self._end, end)
            painter.end()
            self._end = end

    def _clear_from(self, bar: int) -> None:
        left = (bar - self._left) * BAR_PITCH_PX
        painter = QPainter(self.pixmap)
        width, height = self.pixmap.width(), self.pixmap.height()
        painter.fillRect(left, 0, width, height, QColor(theme.current().card))
        painter.end()
        self._end = bar


class NewestPixmap:
    """The newest bars, and the first label after them."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self._key: tuple[object, ...] = ()
        self._end = 0
        """The length of the conversation when it was painted, in samples."""

    def fill(self, context: PaintContext, first: int, needed: float) -> None:
        """Show the bars from ``first`` on, at least up to the sample ``needed``."""
        length = context.timeline.length_samples
        key = first, len(context.timeline.marks), context.key
        if key == self._key and needed <= self._end:
            return
        self._key, self._end = key, length
        until = int(np.ceil(length / context.scale.bar_samples))
        self.pixmap = context.strip(max((until - first) * BAR_PITCH_PX + LABEL_MIN_PX, 1))
        painter = QPainter(self.pixmap)
        painter.translate(-first * BAR_PITCH_PX, 0)
        paint_bars(painter, context.timeline, context.scale, first, until, float(length))
        painter.end()
