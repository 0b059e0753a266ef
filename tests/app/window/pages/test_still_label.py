"""Labels that keep their place: new text changes nothing around them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.window.pages.still_label import StillLabel


class Layouts(QObject):
    """Counts how often a widget is laid out again."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.LayoutRequest
        return super().eventFilter(watched, event)


def test_a_new_text_does_not_lay_out_the_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    label = StillLabel("heading")
    column.addWidget(label)
    column.addWidget(QWidget())
    window.resize(400, 200)
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    layouts = Layouts()
    window.installEventFilter(layouts)
    before = label.geometry()
    for text in ("40 ms", "a text that is much longer than the one before it " * 5, ""):
        label.setText(text)
        QApplication.processEvents()
        assert (label.text(), label.geometry()) == (text, before)
    assert layouts.count == 0
    assert label.label.geometry() == label.rect()


def test_more_rows_make_it_higher(qtbot: QtBot) -> None:
    label = StillLabel()
    qtbot.addWidget(label)
    label.set_rows(1)
    one = label.height()
    label.set_rows(2)
    assert label.height() == 2 * one
