"""Both palettes can be read, and changing them changes what is shown."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QFrame, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.window import theme


def luminance(colour: str) -> float:
    parts = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in QColor(colour).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK], ids=lambda look: look.name)
def test_texts_can_be_read(look: theme.Theme) -> None:
    for text in (look.text, look.soft_text, look.warning, look.bad, look.good, look.accent):
        for ground in (look.window, look.card):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(look.on_accent, look.accent) >= 4.5
    for track in (look.user, look.agent):
        assert contrast(track, look.card) >= 3


def test_a_change_reaches_what_is_shown_already(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    label = QLabel("words")
    qtbot.addWidget(label)
    label.show()
    for look in (theme.DARK, theme.LIGHT):
        theme.apply(app, look)
        assert label.palette().windowText().color() == QColor(look.text)


def test_a_change_in_steps_reaches_what_is_seen_and_what_is_hidden(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    labels = {name: QLabel("words") for name in ("seen", "hidden", "asked")}
    for label in labels.values():
        label.setProperty("role", "soft")
    column.addWidget(labels["seen"])
    column.addWidget(labels["hidden"])
    labels["hidden"].hide()
    dialog = QDialog(window)
    QVBoxLayout(dialog).addWidget(labels["asked"])
    window.show()
    dialog.show()
    for look in (theme.DARK, theme.LIGHT, theme.DARK):
        gone = QLabel("gone before its turn", window)
        theme.change(app, look)
        gone.deleteLater()

        def all_are(look: theme.Theme = look) -> bool:
            return all(
                label.palette().windowText().color() == QColor(look.soft_text)
                for label in labels.values()
            )

        qtbot.waitUntil(all_are)
        qtbot.waitUntil(lambda: window.updatesEnabled() and dialog.updatesEnabled())


def test_the_last_of_two_changes_wins(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.LIGHT)
    window = QWidget()
    qtbot.addWidget(window)
    card = QFrame(window)
    card.setProperty("card", True)
    card.setGeometry(0, 0, 80, 80)
    box = QCheckBox(window)
    box.setChecked(True)
    box.setGeometry(80, 0, 80, 80)
    window.resize(160, 80)
    window.show()
    theme.change(app, theme.DARK)
    QApplication.processEvents()
    theme.change(app, theme.LIGHT)
    qtbot.waitUntil(window.updatesEnabled)

    def ground() -> QColor:
        return window.grab().toImage().pixelColor(40, 40)

    qtbot.waitUntil(lambda: ground() == QColor(theme.LIGHT.card))
    before = window.grab().toImage()
    theme.apply(app, theme.DARK)
    assert ground() == QColor(theme.DARK.card)
    theme.apply(app, theme.LIGHT)
    assert window.grab().toImage() == before
