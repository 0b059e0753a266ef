"""The words of a recording: each line with its time and speaker, to select and copy."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window.pages.transcript_view import TranscriptView
from engine.record.transcript import Line
from engine.timebase import SAMPLE_RATE_HZ

_LEFT = Qt.MouseButton.LeftButton
LINES = (
    Line("user", 2 * SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ, "what time is it"),
    Line("agent", 63 * SAMPLE_RATE_HZ, 64 * SAMPLE_RATE_HZ, "it is <noon>"),
)
TEXT = "0:02  You: what time is it\n1:03  Agent: it is <noon>"


@pytest.fixture
def view(qtbot: QtBot) -> TranscriptView:
    made = TranscriptView()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.show_lines(LINES)
    return made


def test_all_or_what_is_selected_is_copied(view: TranscriptView, qtbot: QtBot) -> None:
    assert view.words.toPlainText() == TEXT
    qtbot.mouseClick(view.copy_button, _LEFT)
    assert QApplication.clipboard().text() == TEXT
    cursor = view.words.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.EndOfLine, QTextCursor.MoveMode.KeepAnchor)
    view.words.setTextCursor(cursor)
    qtbot.mouseClick(view.copy_button, _LEFT)
    assert QApplication.clipboard().text() == TEXT.splitlines()[0]


def test_it_is_for_reading_only(view: TranscriptView, qtbot: QtBot) -> None:
    qtbot.keyClicks(view.words, "x")
    assert view.words.toPlainText() == TEXT
    view.show_lines(())
    assert view.words.toPlainText() == "" and not view.copy_button.isEnabled()
