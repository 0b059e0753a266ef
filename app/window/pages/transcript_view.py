"""The words of a recorded conversation, line by line: to read, select and copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget

from app.window.pages.form import described_button
from app.window.waveform.bars import clock_text
from engine.record.transcript import Line
from engine.timebase import SAMPLE_RATE_HZ


class TranscriptView(QWidget):
    """Each line has its time and its speaker."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QPlainTextEdit()
        self.words.setReadOnly(True)
        self.words.setUndoRedoEnabled(False)
        self.words.setTabChangesFocus(True)
        self.words.setAccessibleName(self.tr("Transcript"))
        self.words.setPlaceholderText(self.tr("No words were recorded."))
        self.copy_button = described_button(
            self.tr("&Copy transcript"),
            self.tr("Copy the selected words, or all if none are selected."),
            self._copy,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words, stretch=1)
        column.addWidget(self.copy_button)
        self.show_lines(())

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Replace all lines."""
        self.words.setPlainText("\n".join(map(self._line, lines)))
        self.copy_button.setEnabled(bool(lines))

    def _line(self, line: Line) -> str:
        said = self.tr("You: {0}") if line.side == "user" else self.tr("Agent: {0}")
        when = clock_text(line.start_sample / SAMPLE_RATE_HZ)
        return f"{when}  {said.format(line.text)}"

    def _copy(self) -> None:
        if self.words.textCursor().hasSelection():
            self.words.copy()
        else:
            QApplication.clipboard().setText(self.words.toPlainText())
