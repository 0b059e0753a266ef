"""What both speakers say, in words below the waveform: the last line of each.

There only where the model writes words, and a row for whom it writes them.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.window import theme
from engine.record.transcript import Line, Side, Transcript

_ROWS, _FEW_ROWS = 2, 1
_MIN_PICTURE_PX = 300
_SIDES: tuple[Side, ...] = ("user", "agent")


class Captions(QWidget):
    """A row for each side: whose words, and the words."""

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
        """Show another conversation's words, from its beginning; None shows nothing."""
        self._transcript = transcript
        sides = transcript.sides if transcript else ()
        for side in _SIDES:
            self._say(side, None)
            self.names[side].setVisible(side in sides)
            self.words[side].setVisible(side in sides)
        self._colour()  # a change of theme does not reach what is hidden
        self.setVisible(bool(sides))

    def show_newest(self) -> None:
        """Show what was said last, in a talk that goes on."""
        if self._transcript:
            for side in self._transcript.sides:
                self._say(side, self._transcript.newest(side))

    def show_at(self, sample: int) -> None:
        """Show what was said last at a moment of a recording."""
        if self._transcript:
            for side in self._transcript.sides:
                self._say(side, self._transcript.at(side, sample))

    def fit_to_height(self, picture_px: int) -> None:
        """Take less room where the picture would lose its decent height."""
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


class _Words(QLabel):
    """Words in a place of fixed height: the last rows, as subtitles have them."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._said, self._rows = "", _ROWS
        self._fit()

    def say(self, text: str) -> None:
        """Show a text; all of it is read aloud."""
        if text != self._said:
            self._said = text
            self.setAccessibleName(text)
            self._fit()

    def set_rows(self, rows: int) -> None:
        """Be so many rows high."""
        self._rows = rows
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        self.setFixedHeight(self._rows * metrics.lineSpacing())
        # Broken from the beginning on, so that what stands there stays while words are added.
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
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()
        super().changeEvent(event)
