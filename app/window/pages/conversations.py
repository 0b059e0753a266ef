"""The page of recorded conversations: the list, and the waveform, words and events of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import recording_library
from app.recording_library import RecordingEntry
from app.timeline import Mark, Timeline
from app.window import worker
from app.window.pages.captions import Captions
from app.window.pages.events_table import EventsTable, TimelineEntry
from app.window.pages.export_button import ExportButton
from app.window.pages.form import described_button
from app.window.pages.playback import Playback
from app.window.pages.transcript_view import TranscriptView
from app.window.sentences import translate_sentence
from app.window.waveform.bars import clock_text
from app.window.waveform.legend import Legend
from app.window.waveform.view import WaveformView
from engine.card.devices import Wanted
from engine.errors import DuologueError
from engine.record.recordings import SOUND_NAME
from engine.record.transcript import Line
from engine.timebase import SAMPLE_RATE_HZ

_LIST_PX, _EVENTS_PX, _WORDS_PX = 240, 180, 260
_BESIDE_PX = 920
"""Of the page: with less, the words have their place in a tab beside the events."""


class ConversationsPage(QWidget):
    """All recordings in the chosen folder, the newest first."""

    notice = Signal(str)
    """A sentence for the user."""

    def __init__(
        self,
        folder: Callable[[], Path],
        speaker: Callable[[], Wanted],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._entries: list[RecordingEntry] = []
        self._timeline: Timeline | None = None
        self.playback = Playback(speaker, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        head = QHBoxLayout()
        title = QLabel(self.tr("Conversations"))
        title.setProperty("role", "title")
        head.addWidget(title)
        head.addStretch(1)
        self.folder_button = described_button(
            self.tr("Open f&older"),
            self.tr("Show the folder that holds the recordings."),
            self._open_folder,
        )
        head.addWidget(self.folder_button)
        column.addLayout(head)
        self.empty_label = QLabel()
        self.empty_label.setProperty("role", "soft")
        self.empty_label.setWordWrap(True)
        column.addWidget(self.empty_label)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.list = QListWidget()
        self.list.setFixedWidth(_LIST_PX)
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setAccessibleName(self.tr("Recorded conversations"))
        self.list.currentRowChanged.connect(self._show)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.list, stretch=1)
        left.addLayout(self._own_buttons())
        row.addLayout(left)
        row.addWidget(self._details(), stretch=1)
        column.addLayout(row, stretch=1)
        self.playback.moved.connect(self._show_moment)
        self.playback.playing_changed.connect(self._show_playing)
        self.playback.notice.connect(self.notice)
        self._show(-1)

    def _details(self) -> QWidget:
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.name_label = QLabel()
        self.name_label.setProperty("role", "heading")
        self.name_label.setTextFormat(Qt.TextFormat.PlainText)
        self.about_label = QLabel()
        self.about_label.setProperty("role", "soft")
        self.about_label.setWordWrap(True)
        column.addWidget(self.name_label)
        column.addWidget(self.about_label)
        self._card = card = QFrame()
        card.setProperty("card", True)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 12, 12, 12)
        self.waveform = WaveformView()
        self.waveform.time_clicked.connect(self._jump)
        inside.addWidget(self.waveform, stretch=1)
        self.captions = Captions()
        inside.addWidget(self.captions)
        self.legend = Legend(live=False)
        inside.addWidget(self.legend)
        self.events = EventsTable(self.tr("Time"), self.tr("What happened"), self._words)
        self.events.setAccessibleName(self.tr("Events"))
        self.events.chosen.connect(self._show_moment)
        self.transcript = TranscriptView()
        self._words_beside: bool | None = None
        self._tabs = QTabWidget()
        self._tabs.setTabBarAutoHide(True)
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self.events, self.tr("E&vents"))
        self._tabs.tabBar().setAccessibleName(self.tr("Events and transcript"))
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(card)
        parts.addWidget(self._tabs)
        parts.setSizes([3 * _EVENTS_PX, _EVENTS_PX])
        parts.setChildrenCollapsible(False)
        parts.splitterMoved.connect(self._fit_legend)
        self._beside = QSplitter(Qt.Orientation.Horizontal)
        self._beside.addWidget(parts)
        self._beside.setChildrenCollapsible(False)
        column.addWidget(self._beside, stretch=1)
        column.addLayout(self._actions())
        return self.details

    def _actions(self) -> QHBoxLayout:
        self.play_button = described_button(
            self.tr("&Play"),
            self.tr("Play both speakers. Click the waveform to jump to a moment."),
            self._play,
        )
        self.play_button.setProperty("primary", True)
        self.export_button = ExportButton()
        self.export_button.notice.connect(self.notice)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.play_button)
        row.addWidget(self.export_button)
        row.addStretch(1)
        return row

    def _own_buttons(self) -> QHBoxLayout:
        self.rename_button = described_button(
            self.tr("&Rename…"), self.tr("Give the conversation a name."), self._ask_name
        )
        self.delete_button = described_button(
            self.tr("De&lete…"), self.tr("Delete the recording permanently."), self._ask_delete
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.rename_button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        return row

    # --- the list ---------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the folder again; keeps showing the same conversation."""
        folder = self._folder()
        worker.run(lambda: recording_library.entries(folder), self._fill, self._say_error, self)

    def _fill(self, entries: list[RecordingEntry]) -> None:
        shown = self._shown()
        self._entries = entries
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            about = self.tr("damaged") if entry.damage else clock_text(entry.seconds)
            self.list.addItem(QListWidgetItem(f"{self._name(entry)}\n{about}"))
        self.list.blockSignals(False)
        rows = [i for i, e in enumerate(entries) if shown and e.folder == shown.folder]
        row = rows[0] if rows else 0 if entries else -1
        self.empty_label.setText(
            self.tr(
                "There are no recordings yet. Conversations are recorded while “Record” is on in "
                "the settings. Recordings stay on this computer."
            )
        )
        self.empty_label.setVisible(not entries)
        self.list.setCurrentRow(row)
        if not rows or self._timeline is None or entries[row].damage:
            self._show(row)
        elif shown:
            self._describe(entries[row])

    def _shown(self) -> RecordingEntry | None:
        row = self.list.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _name(self, entry: RecordingEntry) -> str:
        if entry.title:
            return entry.title
        if entry.began is None:
            return entry.folder.name
        began = QDateTime.fromSecsSinceEpoch(int(entry.began.timestamp()))
        return QLocale().toString(began, self.tr("d MMM yyyy, HH:mm"))

    def _describe(self, entry: RecordingEntry) -> None:
        self.name_label.setText(self._name(entry))
        about = [clock_text(entry.seconds)]
        if entry.bundle:
            about += [entry.bundle, self.tr("chunks of {0} ms").format(entry.chunk_ms)]
        about.append(self.tr("{0} MB").format(QLocale().toString(entry.size_bytes / 1e6, "f", 1)))
        if not entry.summary:
            about.append(self.tr("ended unexpectedly"))
        self.about_label.setText(translate_sentence(entry.damage) or " · ".join(about))

    def _show(self, _row: int) -> None:
        self.playback.stop()
        entry = self.export_button.entry = self._shown()
        self._timeline = None
        readable = entry is not None and not entry.damage
        self.waveform.placeholder = self.tr("Reading the recording…") if readable else ""
        self.waveform.set_timeline(None)
        self.captions.set_transcript(None)
        self.transcript.show_lines(())
        self.export_button.exports["transcript"].setVisible(False)
        self.events.show_rows(())
        for part in (self.details, self.rename_button, self.delete_button):
            part.setEnabled(entry is not None)
        self.play_button.setEnabled(False)
        if entry is None:
            self.name_label.clear()
            self.about_label.clear()
            return
        self._describe(entry)
        if entry.damage:
            return
        worker.run(
            lambda: _read(entry.folder),
            lambda read: self._show_timeline(entry, *read),
            self._say_error,
            self,
        )

    def _show_timeline(
        self, entry: RecordingEntry, timeline: Timeline, happened: list[TimelineEntry]
    ) -> None:
        if self._shown() is not entry:
            return
        self._timeline = timeline
        self.waveform.set_timeline(timeline, live=False)
        self.play_button.setEnabled(True)
        self.captions.set_transcript(timeline.transcript)
        self.transcript.show_lines(timeline.transcript.lines)
        self.export_button.exports["transcript"].setVisible(bool(timeline.transcript.lines))
        self.events.show_rows(happened)

    def _words(self, what: Mark | Line) -> str:
        return self.waveform.mark_text(what) if isinstance(what, Mark) else self._said(what)

    def _said(self, line: Line) -> str:
        said = self.tr("You: {0}") if line.side == "user" else self.tr("Agent: {0}")
        return said.format(line.text)

    def _show_moment(self, sample: int) -> None:
        self.waveform.show_cursor(sample)
        self.captions.show_at(sample)

    # --- playback ---------------------------------------------------------------------------------

    def _play(self) -> None:
        if self.playback.player:
            self.playback.stop()
        else:
            self._play_from(0)

    def _play_from(self, sample: int) -> None:
        entry = self._shown()
        if entry is None or self._timeline is None:
            return
        if sample >= self._timeline.length_samples - SAMPLE_RATE_HZ // 10:
            sample = 0
        self.playback.play(entry.folder / SOUND_NAME, sample)

    def _jump(self, sample: int) -> None:
        self._show_moment(sample)
        self._play_from(sample)

    def _show_playing(self, playing: bool) -> None:
        text = self.tr("&Stop") if playing else self.tr("&Play")
        self.play_button.setText(text)
        self.play_button.setAccessibleName(text.replace("&", ""))

    def stop_playing(self) -> None:
        """Stop, since a conversation needs the sound card."""
        self.playback.stop()

    # --- files ------------------------------------------------------------------------------------

    def _open_folder(self) -> None:
        folder = self._folder()
        if not folder.is_dir():
            self.notice.emit(self.tr("The folder is created with the first recording."))
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.notice.emit(self.tr("The recordings are in {0}.").format(folder))

    def _ask_name(self) -> None:
        entry = self._shown()
        if entry is None:
            return
        name, given = QInputDialog.getText(
            self,
            self.tr("Rename"),
            self.tr("Name (leave empty to show the date):"),
            text=entry.title,
        )
        if given:
            self._change(lambda: recording_library.rename(entry, name))

    def _ask_delete(self) -> None:
        entry = self._shown()
        if entry is None:
            return
        answer = QMessageBox.question(
            self,
            self.tr("Delete the recording?"),
            self.tr("The sound and the events of “{0}” will be deleted permanently.").format(
                self._name(entry)
            ),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.playback.stop()
            self._change(lambda: recording_library.delete(entry))

    def _change(self, work: Callable[[], None]) -> None:
        worker.run(work, lambda _none: self.refresh(), self._say_error, self)

    def _say_error(self, error: DuologueError) -> None:
        self.notice.emit(str(error))

    # --- the page ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Refresh: there may be new recordings."""
        self.refresh()
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_words()
        self._fit_legend()

    def _place_words(self) -> None:
        """The transcript beside the waveform, or under it in a narrow window."""
        beside = self.width() >= _BESIDE_PX
        if beside == self._words_beside:
            return
        self._words_beside = beside
        if beside:
            self._beside.addWidget(self.transcript)
            self._beside.setSizes([2 * _WORDS_PX, _WORDS_PX])
            self.transcript.show()
        else:
            self._tabs.addTab(self.transcript, self.tr("&Words"))

    def _fit_legend(self) -> None:
        self.legend.fit_to_height(self._card.height())
        self.captions.fit_to_height(self._card.height())

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop playing when another page is shown."""
        self.playback.stop()
        super().hideEvent(event)


def _read(folder: Path) -> tuple[Timeline, list[TimelineEntry]]:
    """Read everything that is shown of a recording; in the worker's thread."""
    timeline = Timeline.of_recording(folder)
    happened: list[TimelineEntry] = [(mark.sample, mark) for mark in timeline.marks]
    happened += [(line.start_sample, line) for line in timeline.transcript.lines]
    return timeline, sorted(happened, key=lambda row: row[0])
