"""The installed bundles with their model cards; import, download, choose, delete.

Nothing is downloaded before its button is pressed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QProgressBar,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app import bundle_store
from app.bundle_store import CancelledError, InstalledBundle, Progress
from app.window import worker
from app.window.pages.form import described_button
from app.window.sentences import translate_sentence
from engine.errors import DuologueError

_LIST_PX = 240
_STEPS = 1000
# What Qt can lay out in half a second: a table of 20,000 rows took 20,000 ms.
_MOST_MARKDOWN, _MAX_LINES, _MOST_CELLS = 32_000, 600, 1_000
_MOST_PLAIN = 100_000


class Bundles(QWidget):
    """Lists all bundles and marks the chosen one."""

    chosen = Signal(object)
    """A bundle's folder, or None for the starter."""
    _moved = Signal(int)
    """Progress in thousandths; emitted in the worker's thread."""

    def __init__(self, current: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self._bundles: list[InstalledBundle] = []
        self._cancelled: threading.Event | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        explanation = QLabel(
            self.tr(
                "A bundle contains all models that an agent needs to listen, think and speak. "
                "Bundles stay on this computer. Nothing is downloaded unless you ask for it here."
            )
        )
        explanation.setProperty("role", "soft")
        explanation.setWordWrap(True)
        column.addWidget(explanation)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.list = QListWidget()
        self.list.setFixedWidth(_LIST_PX)
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setAccessibleName(self.tr("Installed bundles"))
        self.list.currentRowChanged.connect(self._show)
        row.addWidget(self.list)
        self.model_card = QTextBrowser()
        self.model_card.setAccessibleName(self.tr("Model card"))
        self.model_card.setOpenLinks(False)
        right = QVBoxLayout()
        right.addWidget(self.model_card, stretch=1)
        right.addLayout(self._own_buttons())
        row.addLayout(right, stretch=1)
        column.addLayout(row, stretch=1)
        column.addWidget(self._more())
        self._moved.connect(self._show_progress)

    def _own_buttons(self) -> QHBoxLayout:
        self.use_button = described_button(
            self.tr("&Use this bundle"),
            self.tr("The next conversation uses this bundle."),
            self._use,
        )
        self.delete_button = described_button(
            self.tr("De&lete"), self.tr("Delete the bundle's files permanently."), self._delete
        )
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.use_button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        return row

    def _more(self) -> QFrame:
        """The controls for import and download."""
        frame = QFrame()
        frame.setProperty("card", True)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.folder_button = described_button(
            self.tr("Import &folder…"),
            self.tr("Copy a bundle from a folder."),
            self._ask_folder,
        )
        self.archive_button = described_button(
            self.tr("Import &archive…"),
            self.tr("Unpack a bundle from a zip or tar file."),
            self._ask_archive,
        )
        self.repository = QLineEdit()
        self.repository.setPlaceholderText(self.tr("owner/name"))
        self.repository.setAccessibleName(self.tr("Hugging Face repository"))
        self.repository.setToolTip(
            self.tr("A repository on Hugging Face that contains a Duologue bundle.")
        )
        self.repository.returnPressed.connect(self.pull)
        self.pull_button = described_button(
            self.tr("Down&load from Hugging Face"),
            self.tr(
                "Download the bundle of this repository. Duologue uses the network for nothing "
                "else."
            ),
            self.pull,
        )
        row.addWidget(self.folder_button)
        row.addWidget(self.archive_button)
        row.addStretch(1)
        column.addLayout(row)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.repository, stretch=1)
        row.addWidget(self.pull_button)
        column.addLayout(row)
        progress = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.status = QLabel()
        self.status.setProperty("role", "soft")
        self.status.setWordWrap(True)
        self.cancel_button = described_button(
            self.tr("Ca&ncel"),
            self.tr("Stop. The next download continues from there."),
            self.cancel,
        )
        progress.addWidget(self.status, stretch=2)
        progress.addWidget(self.progress, stretch=1)
        progress.addWidget(self.cancel_button)
        column.addLayout(progress)
        self._set_busy(False)
        return frame

    # --- the list ---------------------------------------------------------------------------------

    def refresh(self, select: Path | None = None) -> None:
        """List the bundles again, and show ``select`` or the bundle in use."""
        worker.run(
            bundle_store.installed_bundles,
            lambda found: self._fill(found, select or self._current),
            self._say_error,
            self,
        )

    def _fill(self, bundles: list[InstalledBundle], select: Path | None) -> None:
        self._bundles = bundles
        self.list.clear()
        for bundle in bundles:
            text = bundle.title
            if self._is_current(bundle):
                text += "  ✓ " + self.tr("in use")
            size = self.tr("{0} MB").format(round(bundle.size_bytes / 1e6))
            about = self.tr("damaged") if bundle.damage else size
            if bundle.starter:
                about += " · " + self.tr("comes with Duologue")
            self.list.addItem(QListWidgetItem(f"{text}\n{about}"))
        rows = [i for i, bundle in enumerate(bundles) if bundle.folder == select]
        self.list.setCurrentRow(rows[0] if rows else 0)

    def _is_current(self, bundle: InstalledBundle) -> bool:
        return bundle.starter if self._current is None else bundle.folder == self._current

    def _shown(self) -> InstalledBundle | None:
        row = self.list.currentRow()
        return self._bundles[row] if 0 <= row < len(self._bundles) else None

    def _show(self, _row: int) -> None:
        bundle = self._shown()
        if bundle is None:
            return
        text = bundle.model_card or self.tr("This bundle has no model card.")
        damage = translate_sentence(bundle.damage)
        if _is_short(text):
            self.model_card.setMarkdown(f"**{damage}**\n\n{text}" if damage else text)
        else:
            note = self.tr("This model card is too long to format. This is its plain text.")
            head = "\n\n".join(part for part in (damage, note) if part)
            self.model_card.setPlainText(f"{head}\n\n{text[:_MOST_PLAIN]}")
        self._set_buttons()

    def _set_buttons(self) -> None:
        bundle, busy = self._shown(), self._cancelled is not None
        current = bundle is not None and self._is_current(bundle)
        usable = bundle is not None and not bundle.damage
        self.use_button.setEnabled(usable and not current)
        self.delete_button.setEnabled(
            bundle is not None and not bundle.starter and not current and not busy
        )

    def show_current(self, current: Path | None) -> None:
        """Mark the bundle that is used now."""
        self._current = current
        if self._bundles:
            self._fill(self._bundles, current)

    def _use(self) -> None:
        bundle = self._shown()
        if bundle is not None:
            self._current = None if bundle.starter else bundle.folder
            self._fill(self._bundles, bundle.folder)
            self.chosen.emit(self._current)

    def _delete(self) -> None:
        bundle = self._shown()
        if bundle is None:
            return
        answer = QMessageBox.question(
            self,
            self.tr("Delete the bundle?"),
            self.tr("{0} ({1} MB) will be deleted permanently.").format(
                bundle.title, round(bundle.size_bytes / 1e6)
            ),
        )
        if answer == QMessageBox.StandardButton.Yes:
            worker.run(
                lambda: bundle_store.delete(bundle),
                lambda _none: self.refresh(),
                self._say_error,
                self,
            )

    # --- import and pull --------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of a bundle"))
        if folder:
            self.import_from(Path(folder))

    def _ask_archive(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Archive of a bundle"),
            "",
            self.tr("Archives") + " (*.zip *.tar *.tar.gz *.tgz *.tar.xz)",
        )
        if path:
            self.import_from(Path(path))

    def import_from(self, source: Path) -> None:
        """Install from a folder or an archive."""
        self._work(
            self.tr("Importing {0}.").format(source.name),
            lambda progress: bundle_store.import_bundle(source, progress),
        )

    def pull(self) -> None:
        """Download the bundle of the repository that was entered."""
        name = self.repository.text()
        self._work(
            self.tr("Downloading {0}.").format(name),
            lambda progress: bundle_store.pull(name, progress),
        )

    def cancel(self) -> None:
        """Stop the running import or download."""
        if self._cancelled:
            self._cancelled.set()

    def _work(self, text: str, work: Callable[[Progress], Path]) -> None:
        if self._cancelled:
            return
        cancelled = self._cancelled = threading.Event()
        stopped = self.tr("Stopped. The next download continues from there.")

        def progress(done: int, total: int) -> None:  # in the worker's thread
            if cancelled.is_set():
                raise CancelledError(stopped)
            self._moved.emit(done * _STEPS // max(total, 1))

        self._say(text)
        self._set_busy(True)
        worker.run(lambda: work(progress), self._installed, self._say_error, self)

    def _installed(self, folder: Path) -> None:
        self._end()
        self._say(self.tr("Installed. Press “Use this bundle” to use it."))
        self.refresh(folder)

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
        for widget in (self.folder_button, self.archive_button, self.pull_button, self.repository):
            widget.setEnabled(not busy)
        self.progress.setValue(0)
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self._set_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        """Refresh: bundles may have been added elsewhere."""
        self.refresh()
        super().showEvent(event)


def _is_short(card: str) -> bool:
    """Whether Qt can lay out a model card without blocking the window."""
    return (
        len(card) <= _MOST_MARKDOWN
        and card.count("\n") <= _MAX_LINES
        and card.count("|") <= _MOST_CELLS
    )
