"""One line under the tracks: what the assistant hears, thinks and does, or what one can say.

The newest replaces what was there, and goes after some seconds. While there is nothing to tell,
examples take turns. The line keeps its place and height. Window's thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QHideEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from app.window.pages.still_label import StillLabel
from app.window.sentences import translate_sentence
from engine.minds.told import Activity

EXAMPLE_MS = 8000
HEARD_MS, DONE_MS = 4000, 10_000
"""How long words that are heard stay, and what was done or has failed."""
_LEAST_MS = 2500
"""What was done is not replaced by words that are heard so shortly after."""


class SaidLine(StillLabel):
    """What does not fit is cut off with dots, and the tool tip has all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("soft", parent=parent)
        self._whole = ""
        self._elide = Qt.TextElideMode.ElideRight
        self._examples: Sequence[str] = ()
        self._next = 0
        self._rotates = True
        self._kind = ""
        self._since = QElapsedTimer()
        self._clear_timer = QTimer(self)
        self._clear_timer.setSingleShot(True)
        self._clear_timer.timeout.connect(self.clear)
        self._example_timer = QTimer(self)
        self._example_timer.setInterval(EXAMPLE_MS)
        self._example_timer.timeout.connect(self._show_next_example)

    # --- what it shows ----------------------------------------------------------------------------

    def set_examples(self, examples: Sequence[str]) -> None:
        """What one can say now."""
        if tuple(examples) != tuple(self._examples):
            self._examples, self._next = tuple(examples), 0
            if not self._kind:
                self._show_next_example()

    def set_rotating(self, rotates: bool) -> None:
        """Let examples take turns, or stay as long as the page is shown."""
        self._rotates = rotates
        self._wind()

    def show_activity(self, activity: Activity, rings_later: bool = False) -> None:
        """Show what the assistant does; ``rings_later``: it has set something that will ring."""
        hears = activity.kind == "hears"
        if hears and self._kind not in ("", "hears") and self._since.elapsed() < _LEAST_MS:
            return
        self._kind = activity.kind
        self._since.start()
        self._clear_timer.start(HEARD_MS if hears else DONE_MS)
        text = self._sentence(activity, rings_later)
        # Of a long turn the newest words are shown.
        self._show(text, Qt.TextElideMode.ElideLeft if hears else Qt.TextElideMode.ElideRight)
        self.set_role("warning" if activity.kind == "problem" else "")
        if not hears:
            _announce(self, text)
        self._wind()

    def clear(self) -> None:
        """Show examples again."""
        self._clear_timer.stop()
        self._kind = ""
        self._show_next_example()

    def _sentence(self, activity: Activity, rings_later: bool) -> str:
        if activity.kind == "problem":
            return translate_sentence(activity.text)
        if rings_later:
            return self.tr("Done: {0} It rings only while Duologue runs.").format(activity.text)
        return {
            "hears": self.tr("Heard: {0}"),
            "thinks": self.tr("Thinking about: {0}"),
            "action": self.tr("Done: {0}"),
            "answer": self.tr("Answer: {0}"),
            "ring": self.tr("It rings: {0}"),
        }[activity.kind].format(activity.text)

    def _show_next_example(self) -> None:
        text = ""
        if self._examples:
            example = self._examples[self._next % len(self._examples)]
            text = self.tr("You can say: “{0}”").format(example)
            self._next += 1
        self.set_role("soft")
        self._show(text, Qt.TextElideMode.ElideRight)
        self._wind()

    def _show(self, text: str, elide: Qt.TextElideMode) -> None:
        self._whole, self._elide = text, elide
        self.setAccessibleName(text)
        self.setToolTip(text)
        self._fit()

    def _fit(self) -> None:
        metrics = self.label.fontMetrics()
        # A text of several lines would be cut in its middle.
        line = " ".join(self._whole.split())
        self.setText(metrics.elidedText(line, self._elide, self.width()))

    def _wind(self) -> None:
        """Examples take turns only where somebody sees them, and while nobody points at one."""
        turns = self._rotates and not self._kind and len(self._examples) > 1
        if turns and self.isVisible() and not self.underMouse():
            self._example_timer.start()
        else:
            self._example_timer.stop()

    # --- Qt's events ------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._kind:
            self._show_next_example()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._example_timer.stop()

    def enterEvent(self, event: Any) -> None:
        super().enterEvent(event)
        self._wind()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._wind()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()


def _announce(widget: QWidget, text: str) -> None:
    """Let a screen reader say it, although the widget has no focus."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
