"""Small pictures that are laid over every frame, each painted once.

Dashes and text would be the most costly part of a frame.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from app.window.waveform_sheet import blank

_MOST = 40


class Stamps:
    """Paints what is asked for, or finds it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], QPixmap] = {}

    def ghost(self, colour: str, width: int, height: int, ratio: float) -> QPixmap:
        """A dashed box."""
        key = colour, width, height, ratio
        found = self._kept.get(key)
        return found or self._keep(key, _ghost(QColor(colour), width, height, ratio))

    def name(self, text: str, colour: str, ground: str, font: QFont, ratio: float) -> QPixmap:
        """A speaker's name on a patch that lets a little of what is behind it through."""
        key = text, colour, ground, font.key(), ratio
        found = self._kept.get(key)
        return found or self._keep(key, _name(text, QColor(colour), QColor(ground), font, ratio))

    def _keep(self, key: tuple[object, ...], pixmap: QPixmap) -> QPixmap:
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key] = pixmap
        return pixmap


def _ghost(colour: QColor, width: int, height: int, ratio: float) -> QPixmap:
    pixmap = blank(width, height, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
    fill = QColor(colour)
    fill.setAlpha(40)
    painter.setBrush(fill)
    painter.drawRoundedRect(QRectF(1.5, 1, max(width - 3, 2), height - 2), 4, 4)
    painter.end()
    return pixmap


def _name(text: str, colour: QColor, ground: QColor, font: QFont, ratio: float) -> QPixmap:
    metrics = QFontMetrics(font)
    width, height = metrics.horizontalAdvance(text) + 12, metrics.height() + 2
    pixmap = blank(width, height, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(pixmap)
    painter.setFont(font)
    back = QColor(ground)
    back.setAlpha(210)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    box = QRectF(0, 0, width, height)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap
