"""The bar for notices. Notices that arrive close together are shown together."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from app.window.sentences import translate_sentence

_NOTICE_MS = 12_000
_MAX_THREADS = 2


class NoticeBar(QWidget):
    """Hidden while there is no notice."""

    def __init__(self) -> None:
        super().__init__()
        self._told: list[str] = []
        self._failure = ""
        around = QHBoxLayout(self)
        around.setContentsMargins(24, 16, 24, 0)
        card = QFrame()
        card.setProperty("card", True)
        around.addWidget(card)
        bar = QHBoxLayout(card)
        bar.setContentsMargins(16, 8, 8, 8)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.again_button = QPushButton(self.tr("Start &again"))
        self.again_button.hide()
        close = QPushButton(self.tr("&Hide"))
        close.setAccessibleName(self.tr("Hide the notice"))
        close.clicked.connect(self.clear)
        bar.addWidget(self.label, stretch=1)
        bar.addWidget(self.again_button)
        bar.addWidget(close)
        self.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_NOTICE_MS)
        self._timer.timeout.connect(self._forget)

    def show_notice(self, text: str) -> None:
        """Show a sentence for some seconds, below the ones already shown."""
        self._told = [*(told for told in self._told if told != text), text][-_MAX_THREADS:]
        self._timer.start()
        self._show()

    def show_failure(self, text: str) -> None:
        """Show why the conversation failed, until it is hidden or ``forget_failure`` is called."""
        self._told = [told for told in self._told if told != text]
        self._failure = text
        self._show()

    def forget_failure(self) -> None:
        """Remove the failure, since a conversation begins again."""
        self._failure = ""
        self._show()

    def clear(self) -> None:
        """Remove all notices."""
        self._failure = ""
        self._forget()

    def _forget(self) -> None:
        self._told = []
        self._show()

    def _show(self) -> None:
        shown = [text for text in (self._failure, *self._told) if text]
        self.label.setText("\n".join(map(translate_sentence, shown)))
        self.again_button.setVisible(bool(self._failure))
        self.setVisible(bool(shown))
