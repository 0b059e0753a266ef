"""A label whose new text does not lay out the window again.

A QLabel tells its layout of every new text, and that measures everything in the window: more work
than to paint the text. This one stands in a widget without a layout, which keeps its size.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class StillLabel(QWidget):
    """Text in a place of its own, as wide as the layout allows and a fixed number of rows high."""

    def __init__(self, role: str = "", rows: int = 1, parent: QWidget | None = None) -> None:
        """``role`` chooses font and colour from the theme."""
        super().__init__(parent)
        self._rows = rows
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        if role:
            self.label.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """The text that is shown."""
        return self.label.text()

    def setText(self, text: str) -> None:
        """Show a text."""
        self.label.setText(text)

    def set_rows(self, rows: int) -> None:
        """Set the height in rows of text."""
        self._rows = rows
        self.setFixedHeight(self.sizeHint().height())

    def set_role(self, role: str) -> None:
        """Take another font and colour."""
        if role != self.label.property("role"):
            self.label.setProperty("role", role)
            self.label.style().polish(self.label)

    def sizeHint(self) -> QSize:
        self.label.ensurePolished()
        return QSize(1, self._rows * self.label.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.label.setGeometry(self.rect())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.set_rows(self._rows)
        super().changeEvent(event)
