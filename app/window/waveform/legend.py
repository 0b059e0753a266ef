"""The legend below the waveform: the meaning of its colours and signs."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.timeline import MarkKind
from app.window import theme
from app.window.waveform.bars import GLYPHS, mark_colour

_BAR, _BOX, _SHADE = "▬", "□", "■"
_GAP = "&nbsp; &nbsp;"
_MIN_PICTURE_PX = 300


class Legend(QLabel):
    """Signs in their colours; wraps if the line is too long."""

    def __init__(self, live: bool, parent: QWidget | None = None) -> None:
        """``live``: include signs that appear only during a conversation."""
        super().__init__(parent)
        self._live = live
        self._look = ""
        self.setProperty("role", "soft")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self._fill()

    def _fill(self) -> None:
        look = theme.current()
        self._look = look.name
        signs = [
            (_BAR, look.good, self.tr("estimated correctly")),
            (_BAR, look.warning, self.tr("estimated wrongly")),
            (_SHADE, look.overlap, self.tr("both speak")),
        ]
        if self._live:
            signs.insert(0, (_BOX, look.user, self.tr("estimate of your next chunk")))
        for kind, text in (
            (MarkKind.USER_INTERRUPTS, self.tr("you interrupt")),
            (MarkKind.YIELD, self.tr("the agent yields")),
            (MarkKind.BACKCHANNEL, self.tr("sign of listening")),
            (MarkKind.AGENT_INTERRUPTS, self.tr("the agent interrupts")),
            (MarkKind.LATE, self.tr("late chunk")),
        ):
            signs.append((GLYPHS[kind], mark_colour(look, kind), text))
        shown = [
            f'<span style="color:{colour}">{sign}</span>&nbsp;{_unbroken(text)}'
            for sign, colour, text in signs
        ]
        self.setText(_GAP.join(shown))
        self.setToolTip(self.tr("Turn the mouse wheel to scroll. Hold Ctrl as well to zoom."))
        self.setAccessibleName(self.tr("Legend"))
        self.setAccessibleDescription(", ".join(text for _, _, text in signs))

    def fit_to_height(self, picture_px: int) -> None:
        """Hide the legend if the waveform would become too low."""
        self.setVisible(picture_px >= _MIN_PICTURE_PX)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._look != theme.current().name:
            self._fill()
        super().changeEvent(event)


def _unbroken(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;")
