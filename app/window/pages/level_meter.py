"""A level meter: the level in dB as a bar, the recent peak as a tick."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window import theme

MIN_DB, HEARD_DB, LOUD_DB = -60.0, -42.0, -6.0
_PEAK_DECAY_DB = 1.5


class LevelMeter(QWidget):
    """Shows the level given to `show_level`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.level_db = self._peak_hold_db = MIN_DB
        self.setMinimumSize(QSize(120, 14))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Microphone level"))

    def show_level(self, level_db: float) -> None:
        """Show a level in dB relative to full scale; -60 and less is an empty bar."""
        self.level_db = max(level_db, MIN_DB)
        self._peak_hold_db = max(self.level_db, self._peak_hold_db - _PEAK_DECAY_DB)
        self.setAccessibleDescription(self.tr("{0:.0f} decibels").format(self.level_db))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        height = 10.0
        top = (self.height() - height) / 2
        painter.setBrush(QColor(look.line))
        painter.drawRoundedRect(QRectF(0, top, self.width(), height), 5, 5)
        colour = look.good
        if self.level_db > LOUD_DB:
            colour = look.bad
        elif self.level_db < HEARD_DB:
            colour = look.soft_text
        painter.setBrush(QColor(colour))
        filled = self._share(self.level_db) * self.width()
        if filled >= 1:
            painter.drawRoundedRect(QRectF(0, top, filled, height), 5, 5)
        tick = self._share(self._peak_hold_db) * self.width()
        if tick >= 3:
            painter.drawRect(QRectF(tick - 2, top, 2, height))
        painter.end()

    def _share(self, level_db: float) -> float:
        return min(max((level_db - MIN_DB) / -MIN_DB, 0.0), 1.0)
