"""Both palettes can be read, and changing them changes what is shown."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel
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
