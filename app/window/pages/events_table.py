"""A table of the events of a recorded conversation, one row per event.

The text of a row is made when the row becomes visible: hours of recording have thousands of rows,
and creating all of them would block the window. Knows no recordings. Window's thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from app.timeline import Mark
from app.window.waveform.bars import clock_text
from engine.record.transcript import Line
from engine.timebase import SAMPLE_RATE_HZ

_TIME_PX = 76
TimelineEntry = tuple[int, Mark | Line]
"""A sample, and what happened there."""
_NOWHERE = QModelIndex()


class EventsTable(QTableView):
    """Two columns: the time, and what happened."""

    chosen = Signal(object)
    """The sample of a row that was clicked or entered; may be too large for Qt's int."""

    def __init__(
        self,
        time_name: str,
        event_name: str,
        words: Callable[[Mark | Line], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._rows = _EventsModel((time_name, event_name), words)
        self.setModel(self._rows)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setColumnWidth(0, _TIME_PX)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_rows(self, happened: Sequence[TimelineEntry]) -> None:
        """Replace all rows."""
        self._rows.take(happened)
        self.scrollToTop()

    def texts(self) -> list[str]:
        """The texts of all rows."""
        rows = range(self._rows.rowCount())
        return [str(self._rows.data(self._rows.index(row, 1))) for row in rows]

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._rows.sample(index.row()))


class _EventsModel(QAbstractTableModel):
    def __init__(self, names: tuple[str, str], words: Callable[[Mark | Line], str]) -> None:
        super().__init__()
        self._names, self._words = names, words
        self._happened: Sequence[TimelineEntry] = ()

    def take(self, happened: Sequence[TimelineEntry]) -> None:
        self.beginResetModel()
        self._happened = happened
        self.endResetModel()

    def sample(self, row: int) -> int:
        return self._happened[row][0]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._happened)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._names)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        sample, what = self._happened[index.row()]
        return self._words(what) if index.column() else clock_text(sample / SAMPLE_RATE_HZ, True)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._names[section]
        return super().headerData(section, orientation, role)
