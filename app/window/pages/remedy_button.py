"""The button beside the state "Late": what the user can do about it.

Longer chunks help most, because the models get more time for each. Where the bundle has none,
drawing less leaves them some.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget


class RemedyButton(QPushButton):
    """Hidden while there is nothing to offer."""

    longer_chunks_wanted = Signal(int)
    """The length in ms."""
    less_drawing_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._longer_chunk_ms: int | None = None
        self.clicked.connect(self._choose)
        self.hide()

    def offer(self, longer_chunk_ms: int | None, draws_less: bool) -> str:
        """Show the remedy that helps, if there is one; returns the hint to go with it."""
        self._longer_chunk_ms = longer_chunk_ms
        if longer_chunk_ms is not None:
            self.setText(self.tr("&Longer chunks ({0} ms)").format(longer_chunk_ms))
            self.setToolTip(
                self.tr(
                    "Begins a new conversation in which the models have more time for each chunk. "
                    "The agent then answers a little later. You can change it in the settings."
                )
            )
            hint = self.tr(
                "Duologue is late: this computer is busy. Close other programs, or begin again "
                "with longer chunks."
            )
        elif not draws_less:
            self.setText(self.tr("D&raw less"))
            self.setToolTip(
                self.tr(
                    "The waveform moves in steps, which leaves more time for the models. The "
                    "conversation goes on. You can change it in the settings."
                )
            )
            hint = self.tr(
                "Duologue is late: this computer is busy. Close other programs, or let the window "
                "draw less."
            )
        else:
            self.hide()
            return self.tr("Duologue is late: this computer is busy. Close other programs.")
        self.setAccessibleName(self.text().replace("&", ""))
        self.setAccessibleDescription(self.toolTip())
        self.show()
        return hint

    def _choose(self) -> None:
        if self._longer_chunk_ms is None:
            self.less_drawing_wanted.emit()
        else:
            self.longer_chunks_wanted.emit(self._longer_chunk_ms)
