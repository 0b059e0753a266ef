"""The disc beside the conversation's state, in the colour of that state."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.talk_state import State
from app.window import theme


class Lamp(QWidget):
    """A disc in the colour of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(28, 36)
        self._state = State.IDLE

    def show_state(self, state: State) -> None:
        self._state = state
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        colour = {
            State.LISTENING: look.good,
            State.USER_SPEAKS: look.user,
            State.AGENT_SPEAKS: look.agent,
            State.BOTH_SPEAK: look.overlap,
            State.LATE: look.warning,
            State.PAUSED: look.warning,
            State.MUTED: look.warning,
            State.NO_SOUND: look.bad,
            State.SILENT: look.bad,
        }.get(self._state, look.line)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(2, 8, 24, 24)
        painter.end()
