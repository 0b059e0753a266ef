"""A box for a text of some lines, which is taken when the user has finished it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from engine.assistant.talk_history import DEFAULT_PROMPT

_ROWS, _MARGIN_PX = 6, 10
MOST_LETTERS = 4000
"""As in `app.settings`; what is longer is cut."""


class PromptBox(QPlainTextEdit):
    """The system prompt; the Tab key leaves it."""

    edited = Signal()
    """The user has left the box, and its text is another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTabChangesFocus(True)

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        rows = self.fontMetrics().lineSpacing() * _ROWS
        return QSize(super().sizeHint().width(), rows + 2 * _MARGIN_PX)

    def prompt(self) -> str:
        """The text; the usual one where it is empty."""
        return self.toPlainText().strip()[:MOST_LETTERS] or DEFAULT_PROMPT

    def show_prompt(self, text: str) -> None:
        """Show a text, unless the user is writing another one."""
        if not self.hasFocus() and text != self._before:
            self._before = text
            self.setPlainText(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.finish()

    def finish(self) -> None:
        """Take the text as it is."""
        text = self.prompt()
        if text != self._before:
            self._before = text
            self.setPlainText(text)
            self.edited.emit()
