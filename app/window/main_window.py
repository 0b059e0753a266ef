"""The main window: four pages, the navigation beside them, and a bar for notices.

It owns the settings and the session; pages emit signals for what the user wants. Window's thread
only.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.diagnostics import diagnostics
from app.folders import config_folder, recordings_folder
from app.settings import Settings, SettingsFile
from app.talk_state import State
from app.window import theme, worker
from app.window.assistant import Assistant
from app.window.language import use_language
from app.window.notice_bar import NoticeBar
from app.window.pages.conversations import ConversationsPage
from app.window.pages.first_run import FirstRun
from app.window.pages.models import BUNDLES, PARTS, TEXT_MODEL, ModelsPage
from app.window.pages.settings import SettingsPage
from app.window.pages.talk import TalkPage
from app.window.pages.words_help import WordsHelp
from app.window.session import Session
from engine.errors import DuologueError
from engine.minds.told import Activity
from engine.talk.live_events import Levels

_MAX_NOTICES = 20
_MIN_SIZE = QSize(780, 540)


class MainWindow(QMainWindow):
    """The program's only window."""

    closing = Signal()
    """The user has closed the window; ending may take some seconds."""

    def __init__(
        self,
        settings_file: SettingsFile,
        log_path: Path | None = None,
        session: Session | None = None,
    ) -> None:
        super().__init__()
        self._file, self._log_path = settings_file, log_path
        self.settings, broken = settings_file.load()
        self._notices: deque[str] = deque(maxlen=_MAX_NOTICES)
        self._app = _application()
        self.session = session or Session(self.settings, parent=self)
        self.session.change(self.settings)
        self.assistant = Assistant(self.settings, parent=self)
        self.session.assistant = self.assistant
        self._newest_reminder = 0
        self._closing = False

        self.setWindowTitle("Duologue")
        self.setProperty("look", theme.current().name)
        self.setMinimumSize(_MIN_SIZE)
        self.resize(1180, 760)
        self._build()
        self._connect()
        self.talk.draw_less(self.settings.draw_less)
        self._restore()
        if broken:
            self.show_notice(broken)
        if not self.settings.first_run_done:
            self.show_first_run()

    # --- construction -----------------------------------------------------------------------------

    def _build(self) -> None:
        self._pages = QStackedWidget()
        self.talk = TalkPage(self.session)
        self.conversations = ConversationsPage(self._recordings, lambda: self.settings.speaker)
        self.models = ModelsPage(self.settings)
        self.settings_page = SettingsPage(self.settings)
        self.first_run = FirstRun(self.settings)
        self._navigation = QWidget()
        self._navigation.setFixedWidth(176)
        side = QVBoxLayout(self._navigation)
        side.setContentsMargins(12, 20, 0, 16)
        side.setSpacing(4)
        name = QLabel("Duologue")
        name.setProperty("role", "heading")
        name.setContentsMargins(16, 0, 0, 12)
        side.addWidget(name)
        self._buttons = QButtonGroup(self)
        self._buttons.setExclusive(True)
        for index, (page, text) in enumerate(
            (
                (self.talk, self.tr("T&alk")),
                (self.conversations, self.tr("C&onversations")),
                (self.models, self.tr("Mo&dels")),
                (self.settings_page, self.tr("&Settings")),
            )
        ):
            button = QPushButton(text)
            button.setProperty("navigation", True)
            button.setCheckable(True)
            button.setAccessibleName(text.replace("&", ""))
            button.setToolTip(self.tr("Ctrl+{0}").format(index + 1))
            self._buttons.addButton(button, index)
            side.addWidget(button)
            self._pages.addWidget(page)
            shortcut = QShortcut(QKeySequence(f"Ctrl+{index + 1}"), self)
            shortcut.activated.connect(button.click)
        self._buttons.button(0).setChecked(True)
        side.addStretch(1)
        self._pages.addWidget(self.first_run)

        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        # At the top, so that a page's buttons at the bottom do not move under the pointer.
        self.notice_bar = NoticeBar()
        self.notice_label, self.again_button = self.notice_bar.label, self.notice_bar.again_button
        right.addWidget(self.notice_bar)
        right.addWidget(self._pages, stretch=1)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._navigation)
        row.addLayout(right, stretch=1)
        self.setCentralWidget(middle)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(True)  # so that Enter presses it, as the space bar does

    def _connect(self) -> None:
        self._buttons.idClicked.connect(self.show_page)
        self.session.notice.connect(self.show_notice)
        self.session.failed.connect(self._show_failure)
        self.session.event_received.connect(self._show_level)
        self.session.ended.connect(lambda _recording: self.conversations.refresh())
        self.session.state_changed.connect(self._show_talking)
        self.conversations.notice.connect(self.show_notice)
        self.talk.diagnostics_wanted.connect(self._copy_diagnostics)
        self.talk.longer_chunks_wanted.connect(lambda chunk_ms: self._take(chunk_ms=chunk_ms))
        self.talk.less_drawing_wanted.connect(lambda: self._take(draw_less=True))
        self.again_button.clicked.connect(self._start_again)
        self.settings_page.changed.connect(self.change)
        self.settings_page.models_wanted.connect(lambda: self._show_models(BUNDLES))
        self.settings_page.assistant.parts_wanted.connect(lambda: self._show_models(PARTS))
        self.settings_page.assistant.text_model_wanted.connect(
            lambda: self._show_models(TEXT_MODEL)
        )
        self.models.bundles.chosen.connect(self._choose_bundle)
        self.models.parts.changed.connect(self.assistant.refresh)
        self.models.text_model.changed.connect(lambda values: self._take(**values))
        self.assistant.able_changed.connect(self._show_able)
        self.assistant.rang.connect(self.show_notice)
        self.assistant.problem.connect(self.show_notice)
        self.session.began.connect(lambda _timeline: self._count_reminders())
        self.session.assistant_did.connect(self._show_activity)
        self.talk.said.words_wanted.connect(self._show_words)
        self.first_run.finished.connect(self._finish_first_run)
        stop = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        stop.activated.connect(self.session.stop)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_desktop)

    def _restore(self) -> None:
        geometry = _window_state().value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)

    # --- pages ------------------------------------------------------------------------------------

    def show_page(self, index: int) -> None:
        """Show a page: 0 talk, 1 conversations, 2 models, 3 settings."""
        if self._pages.widget(index) is self.settings_page:
            self.assistant.refresh()  # files may have come into the folder of own actions
        self._pages.setCurrentIndex(index)
        self._buttons.button(index).setChecked(True)

    def _show_models(self, tab: int) -> None:
        self.models.tabs.setCurrentIndex(tab)
        self.show_page(2)

    def show_first_run(self) -> None:
        """Show the first-run setup instead of the pages."""
        self._pages.setCurrentWidget(self.first_run)
        self._navigation.hide()

    def _finish_first_run(self, settings: Settings) -> None:
        self._navigation.show()
        self.show_page(0)
        self.change(settings)
        self.settings_page.show_settings(settings)
        self.talk.start_button.setFocus()

    def _recordings(self) -> Path:
        return self.settings.recording_folder or recordings_folder()

    def come_forward(self) -> None:
        """Bring the window to the front, even if it was minimized."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # --- settings ---------------------------------------------------------------------------------

    def change(self, settings: Settings) -> None:
        """Apply and save these settings."""
        before, self.settings = self.settings, settings
        try:
            self._file.save(settings)
        except DuologueError as error:
            why = getattr(error.__cause__, "strerror", None) or error
            self.show_notice(
                self.tr(
                    "The settings cannot be saved in {0} ({1}); they apply until you close "
                    "Duologue."
                ).format(self._file.path, why)
            )
        if settings.theme != before.theme:
            theme.change(self._app, theme.chosen(settings.theme))
        if settings.language != before.language:
            use_language(self._app, settings.language)
            self.show_notice(self.tr("The new language is used the next time Duologue starts."))
        self.assistant.change(settings)
        self.session.change(settings)
        self.talk.hold_button.setVisible(settings.hold_to_talk)
        self.talk.draw_less(settings.draw_less)

    def _take(self, **values: Any) -> None:
        """Change some settings from another page than theirs."""
        self.change(self.settings.model_copy(update=values))
        self.settings_page.show_settings(self.settings)
        self.models.text_model.show_settings(self.settings)

    def _choose_bundle(self, bundle: Path | None) -> None:
        self._take(bundle=bundle)
        self.models.bundles.show_current(bundle)

    def _follow_desktop(self) -> None:
        theme.change(self._app, theme.chosen(self.settings.theme))

    # --- the assistant ----------------------------------------------------------------------------

    def _show_able(self) -> None:
        assistant = self.assistant
        self.talk.said.show_able(assistant.able, assistant.own_actions)
        self.settings_page.assistant.show_able(assistant.able, assistant.own_problems)

    def _show_activity(self, activity: Activity) -> None:
        more = self._count_reminders()
        self.talk.said.line.show_activity(activity, more and activity.kind == "action")

    def _count_reminders(self) -> bool:
        """Whether one was set since the last call."""
        before, newest = self._newest_reminder, self.assistant.newest_reminder
        self._newest_reminder = max(before, newest)
        return newest > before

    def _show_words(self) -> None:
        for before in self.findChildren(WordsHelp):
            before.close()
        words = WordsHelp(self.assistant.able, self.assistant.own_actions, self)
        words.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words.show()  # not modal: the conversation's buttons stay in reach

    # --- notices ----------------------------------------------------------------------------------

    def show_notice(self, text: str) -> None:
        """Show a sentence for some seconds."""
        self._notices.append(text)
        self.notice_bar.show_notice(text)

    def _show_failure(self, text: str) -> None:
        self._notices.append(text)
        self.notice_bar.show_failure(text)

    def _start_again(self) -> None:
        self.show_page(0)
        self.session.start()

    def _copy_diagnostics(self) -> None:
        metrics, notices = self.session.metrics(), list(self._notices)
        worker.run(
            lambda: diagnostics(self.settings, metrics, notices, self._log_path),
            self.talk.copied_diagnostics,
            lambda error: self.show_notice(str(error)),
            self,
        )

    def _show_talking(self, state: State) -> None:
        self.settings_page.sound.set_talking(state != State.IDLE)
        if state == State.LOADING:
            self.notice_bar.forget_failure()
            self.conversations.stop_playing()

    def _show_level(self, event: object) -> None:
        if isinstance(event, Levels) and self.settings_page.isVisible():
            self.settings_page.sound.level.show_level(event.user_db)

    # --- keys and the end -------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The space bar is the talk key while a conversation with hold-to-talk is shown."""
        if self._lets_go_of_the_talk_key(event):
            self.session.hold_talk_key(False)  # whichever page is shown
        if (
            isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
            and self.session.hold_to_talk
            and self.session.running
            and self._pages.currentWidget() is self.talk
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        ):
            if not event.isAutoRepeat():
                self.session.hold_talk_key(event.type() == QEvent.Type.KeyPress)
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.session.hold_talk_key(False)  # another program would get the key's release
        return super().eventFilter(watched, event)

    def _lets_go_of_the_talk_key(self, event: QEvent) -> bool:
        return (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyRelease
            and event.key() == Qt.Key.Key_Space
            and not event.isAutoRepeat()
            and self.session.talk_key_held
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Filter the keys of the window's handle, which gets them first."""
        super().showEvent(event)
        self.windowHandle().installEventFilter(self)
        if self._pages.currentWidget() is self.talk:
            self.talk.start_button.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the conversation first; the window closes when its files are closed."""
        self.models.cancel()
        self.settings_page.assistant.prompt.finish()
        _window_state().setValue("geometry", self.saveGeometry())
        running = self.session.running
        event.setAccepted(not running)
        if not running:
            worker.run(self.assistant.close, lambda _none: None, lambda _error: None, self)
        if self._closing:
            return
        self._closing = True
        self.closing.emit()
        if running:
            self.setEnabled(False)
            self.session.ended.connect(self.close)
            self.session.stop()


def _window_state() -> QSettings:
    return QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat)


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("the program has no QApplication")
    return app
