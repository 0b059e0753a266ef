"""The row under the tracks: the line of the assistant, the way to the help, and its text server."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from app.abilities import Abilities
from app.what_to_say import examples
from app.window.pages.form import described_button
from app.window.pages.said_line import SaidLine
from app.window.pages.still_label import StillLabel
from engine.assistant.own_action import OwnAction


class SaidRow(QWidget):
    """Its height changes only with the settings."""

    words_wanted = Signal()
    """The user asks what one can say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = SaidLine()
        self.words_button = described_button(
            self.tr("&What can I say?"),
            self.tr("Show all requests with their words."),
            self.words_wanted.emit,
        )
        self.server = StillLabel("soft")
        self.server.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.line, 0, 0)
        grid.addWidget(self.words_button, 0, 1)
        grid.addWidget(self.server, 1, 0, 1, 2)

    def show_able(self, able: Abilities, own_actions: Iterable[OwnAction]) -> None:
        """Offer what is installed, and name the server that is used."""
        self.line.set_examples(examples(able, own_actions))
        text = ""
        if able.server:
            text = self.tr("Open questions go to the text server {0}.").format(able.server)
        self.server.setText(text)
        self.server.setAccessibleName(text)
        self.server.setToolTip(text)
        self.server.setVisible(bool(text))
