"""Small pixmaps that are drawn over every frame, each painted once.

Painting dashes and text each time would be the most expensive part of a frame.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from app.window.waveform.cache import blank_pixmap

_MAX_KEPT = 40


class OverlayPixmaps:
    """Paints a pixmap the first time, and returns the same one afterwards."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], QPixmap] = {}

    def estimate_box(self, colour: str, width: int, height: int, ratio: float) -> QPixmap:
        """A dashed box."""
        key = colour, width, height, ratio
        found = self._kept.get(key)
        return found or self._keep(key, _estimate_box(QColor(colour), width, height, ratio))

    def name(self, text: str, colour: str, background: str, font: QFont, ratio: float) -> QPixmap:
        """A speaker's name on a slightly transparent patch."""
        key = text, colour, background, font.key(), ratio
        found = self._kept.get(key)
        return found or self._keep(
            key, _name(text, QColor(colour), QColor(background), font, ratio)
        )

    def _keep(self, key: tuple[object, ...], pixmap: QPixmap) -> QPixmap:
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = pixmap
        return pixmap


def _estimate_box(colour: QColor, width: int, height: int, ratio: float) -> QPixmap:
    pixmap = blank_pixmap(width, height, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
    fill = QColor(colour)
    fill.setAlpha(40)
    painter.setBrush(fill)
    painter.drawRoundedRect(QRectF(1.5, 1, max(width - 3, 2), height - 2), 4, 4)
    painter.end()
    return pixmap


def _name(text: str, colour: QColor, background: QColor, font: QFont, ratio: float) -> QPixmap:
    metrics = QFontMetrics(font)
    width, height = metrics.horizontalAdvance(text) + 12, metrics.height() + 2
    pixmap = blank_pixmap(width, height, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(pixmap)
    painter.setFont(font)
    back = QColor(background)
    back.setAlpha(210)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    box = QRectF(0, 0, width, height)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap
