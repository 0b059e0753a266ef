"""Captions below the waveform: the last line of each speaker.

Shown only if the bundle writes words, with a row for each speaker that it captions.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.window import theme
from app.window.pages.still_label import StillLabel
from engine.record.transcript import Line, Side, Transcript

_ROWS, _FEW_ROWS = 2, 1
_MIN_PICTURE_PX = 300
_SIDES: tuple[Side, ...] = ("user", "agent")


class Captions(QWidget):
    """A row for each speaker: the name and the words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._transcript: Transcript | None = None
        self._rows = _ROWS
        self.names: dict[Side, QLabel] = {}
        self.words: dict[Side, _Words] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, side in enumerate(_SIDES):
            self.names[side], self.words[side] = QLabel(), _Words()
            self.names[side].setTextFormat(Qt.TextFormat.RichText)
            bottom = Qt.AlignmentFlag.AlignBottom
            grid.addWidget(self.names[side], row, 0, alignment=bottom)
            grid.addWidget(self.words[side], row, 1)
        self.set_transcript(None)

    def set_transcript(self, transcript: Transcript | None) -> None:
        """Show the words of another conversation, from its beginning; None shows nothing."""
        self._transcript = transcript
        sides = transcript.sides if transcript else ()
        for side in _SIDES:
            self._say(side, None)
            self.names[side].setVisible(side in sides)
            self.words[side].setVisible(side in sides)
        self._colour()  # hidden widgets miss a change of theme
        self.setVisible(bool(sides))

    def show_newest(self) -> None:
        """Show the newest words of a running conversation."""
        if self._transcript:
            for side in self._transcript.sides:
                self._say(side, self._transcript.newest(side))

    def show_at(self, sample: int) -> None:
        """Show the last words before a moment of a recording."""
        if self._transcript:
            for side in self._transcript.sides:
                self._say(side, self._transcript.at(side, sample))

    def fit_to_height(self, picture_px: int) -> None:
        """Use fewer rows if the waveform would become too low."""
        rows = _ROWS if picture_px >= _MIN_PICTURE_PX else _FEW_ROWS
        for words in self.words.values():
            words.set_rows(rows)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
        super().changeEvent(event)

    def _say(self, side: Side, line: Line | None) -> None:
        self.words[side].say(line.text if line else "")

    def _colour(self) -> None:
        look = theme.current()
        texts: tuple[tuple[Side, str, str], ...] = (
            ("user", look.user, self.tr("You")),
            ("agent", look.agent, self.tr("Agent")),
        )
        for side, colour, name in texts:
            self.names[side].setText(f'<b style="color:{colour}">{name}</b>')
            self.names[side].setAccessibleName(name)
            self.names[side].setBuddy(self.words[side])


class _Words(StillLabel):
    """The last rows of what was said, like subtitles."""

    def __init__(self) -> None:
        super().__init__(rows=_ROWS)
        self.label.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._said = ""

    def say(self, text: str) -> None:
        """Show a text; screen readers get all of it."""
        if text != self._said:
            self._said = text
            self.setAccessibleName(text)
            self._break_lines()

    def set_rows(self, rows: int) -> None:
        super().set_rows(rows)
        self._break_lines()

    def _break_lines(self) -> None:
        metrics = self.label.fontMetrics()
        # Lines are broken from the beginning, so that they stay the same while words are added.
        rows = [""]
        for word in self._said.split():
            longer = f"{rows[-1]} {word}".lstrip()
            if rows[-1] and metrics.horizontalAdvance(longer) > self.width():
                rows.append(word)
            else:
                rows[-1] = longer
        self.setText("\n".join(rows[-self._rows :]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._break_lines()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._break_lines()
