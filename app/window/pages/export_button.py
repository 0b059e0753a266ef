"""The button that exports a recorded conversation: formats, the question for a file, the work."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QDir, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from app import recording_library
from app.recording_library import ExportFormat, RecordingEntry
from app.window import worker


class ExportButton(QPushButton):
    """Opens a menu of formats."""

    notice = Signal(str)
    """A sentence for the user."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry: RecordingEntry | None = None
        """The conversation that is exported."""
        self.setText(self.tr("&Export"))
        self.setAccessibleName(self.tr("Export"))
        menu = QMenu(self)
        forms: tuple[tuple[ExportFormat, str], ...] = (
            ("flac", self.tr("Sound as FLAC, one track per speaker…")),
            ("wav", self.tr("Sound as WAV, one track per speaker…")),
            ("json", self.tr("Events as JSON…")),
            ("labels", self.tr("Labels for Audacity…")),
            ("transcript", self.tr("Transcript as text…")),
        )
        self.exports = {export_format: menu.addAction(text) for export_format, text in forms}
        for export_format, action in self.exports.items():
            action.triggered.connect(lambda _on=False, f=export_format: self._ask_target(f))
        self.setMenu(menu)

    def _ask_target(self, export_format: ExportFormat) -> None:
        entry = self.entry
        if entry is None:
            return
        suffix = recording_library.SUFFIXES[export_format]
        name = re.sub(r'[\x00-\x1f\\/:*?"<>|]', "-", entry.title or entry.folder.name)
        start = QDir.home().filePath(f"{name}{suffix}")
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export"), start, f"*{suffix}")
        if path:
            self.export(export_format, Path(path))

    def export(self, export_format: ExportFormat, target: Path) -> None:
        """Write the conversation to a file."""
        entry = self.entry
        if entry is None:
            return
        worker.run(
            lambda: recording_library.export(entry, export_format, target),
            lambda _none: self.notice.emit(self.tr("Saved to {0}.").format(target)),
            lambda error: self.notice.emit(str(error)),
            self,
        )
