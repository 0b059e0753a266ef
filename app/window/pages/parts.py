"""The installed optional parts: their licences and sizes; install from a file, delete.

A part is what hears words of any kind, or another addition. Nothing is downloaded.
"""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app import part_store
from app.bundle_store import CancelledError
from app.part_store import InstalledPart
from app.window import worker
from app.window.pages.form import described_button
from app.window.sentences import translate_sentence
from engine.errors import DuologueError

_STEPS = 1000


class Parts(QWidget):
    """Lists all parts."""

    changed = Signal()
    """A part was installed or deleted."""
    _moved = Signal(int)
    """Progress in thousandths; emitted in the worker's thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[InstalledPart] = []
        self._cancelled: threading.Event | None = None
        explanation = QLabel(
            self.tr(
                "Parts are additions, such as what hears words of any kind for the assistant. You "
                "install them from a file; nothing is downloaded."
            )
        )
        explanation.setProperty("role", "soft")
        explanation.setWordWrap(True)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setAccessibleName(self.tr("Installed parts"))
        self.list.currentRowChanged.connect(lambda _row: self._set_buttons())
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.status = QLabel()
        self.status.setProperty("role", "soft")
        self.status.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        column.addWidget(explanation)
        column.addWidget(self.list, stretch=1)
        column.addLayout(self._buttons())
        column.addWidget(self.status)
        column.addWidget(self.progress)
        self._moved.connect(self._show_progress)
        self._set_busy(False)

    def _buttons(self) -> QHBoxLayout:
        self.file_button = described_button(
            self.tr("Install from a f&ile…"),
            self.tr("Unpack a part from a zip or tar file."),
            self._ask_file,
        )
        self.folder_button = described_button(
            self.tr("Install from a fol&der…"),
            self.tr("Copy a part from a folder."),
            self._ask_folder,
        )
        self.cancel_button = described_button(
            self.tr("Ca&ncel"), self.tr("Stop. Nothing is installed then."), self.cancel
        )
        self.delete_button = described_button(
            self.tr("De&lete"), self.tr("Delete the part's files permanently."), self._delete
        )
        row = QHBoxLayout()
        row.setSpacing(12)
        for button in (self.file_button, self.folder_button, self.cancel_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.delete_button)
        return row

    # --- the list ---------------------------------------------------------------------------------

    def refresh(self) -> None:
        """List the parts again."""
        worker.run(part_store.installed_parts, self._fill, self._say_error, self)

    def _fill(self, parts: list[InstalledPart]) -> None:
        row = max(self.list.currentRow(), 0)
        self._parts = parts
        self.list.clear()
        for part in parts:
            kinds = {
                "hearing": self.tr("for hearing"),
                "voice": self.tr("for the voice"),
                "text-model": self.tr("a text model"),
            }
            about = [kinds[part.kind]] if part.kind else []
            about.append(self.tr("{0} MB").format(round(part.size_bytes / 1e6)))
            if part.licence:
                about.append(self.tr("licence {0}").format(part.licence))
            if part.damage:
                about = [translate_sentence(part.damage)]
            self.list.addItem(QListWidgetItem(f"{part.title}\n{' · '.join(about)}"))
        self.list.setCurrentRow(min(row, len(parts) - 1))
        none = self.tr("No part is installed yet.")
        if parts and self.status.text() == none:
            self._say("")
        elif not parts and not self.status.text():
            self._say(none)
        self._set_buttons()

    def _shown(self) -> InstalledPart | None:
        row = self.list.currentRow()
        return self._parts[row] if 0 <= row < len(self._parts) else None

    def _set_buttons(self) -> None:
        self.delete_button.setEnabled(self._shown() is not None and self._cancelled is None)

    # --- install and delete -----------------------------------------------------------------------

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Archive of a part"),
            "",
            self.tr("Archives") + " (*.zip *.tar *.tar.gz *.tgz *.tar.xz)",
        )
        if path:
            self.install(Path(path))

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of a part"))
        if folder:
            self.install(Path(folder))

    def install(self, source: Path) -> None:
        """Install from a folder or an archive."""
        if self._cancelled:
            return
        cancelled = self._cancelled = threading.Event()
        stopped = self.tr("Stopped. Nothing was installed.")

        def progress(done: int, total: int) -> None:  # in the worker's thread
            if cancelled.is_set():
                raise CancelledError(stopped)
            self._moved.emit(done * _STEPS // max(total, 1))

        self._say(self.tr("Installing {0}.").format(source.name))
        self._set_busy(True)
        worker.run(
            lambda: part_store.import_part(source, progress), self._installed, self._say_error, self
        )

    def cancel(self) -> None:
        """Stop the running installation."""
        if self._cancelled:
            self._cancelled.set()

    def _installed(self, part: InstalledPart) -> None:
        self._end()
        self._say(self.tr("{0} is installed. The next conversation uses it.").format(part.title))
        self.refresh()
        self.changed.emit()

    def _delete(self) -> None:
        part = self._shown()
        if part is None:
            return
        answer = QMessageBox.question(
            self,
            self.tr("Delete the part?"),
            self.tr("{0} ({1} MB) will be deleted permanently.").format(
                part.title, round(part.size_bytes / 1e6)
            ),
        )
        if answer == QMessageBox.StandardButton.Yes:
            worker.run(lambda: part_store.delete_part(part), self._deleted, self._say_error, self)

    def _deleted(self, _none: object) -> None:
        self._say("")
        self.refresh()
        self.changed.emit()

    def _show_progress(self, done: int) -> None:
        if self._cancelled:
            self.progress.setValue(done)

    def _say(self, text: str) -> None:
        self.status.setText(text)

    def _say_error(self, error: DuologueError) -> None:
        self._end()
        self._say(translate_sentence(str(error)))

    def _end(self) -> None:
        self._cancelled = None
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        for button in (self.file_button, self.folder_button):
            button.setEnabled(not busy)
        self.progress.setValue(0)
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self._set_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        """Refresh: parts may have been installed by the command line."""
        self.refresh()
        super().showEvent(event)
