"""Starts the window in phases: QApplication, single instance, log, theme, window.

Models are loaded only when a conversation begins, so the window opens at once, even if the bundle
is damaged.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

from app.hung_cards import any_hangs
from app.settings import SettingsFile
from app.sound_check import card_is_free
from app.window import theme, worker
from app.window.language import use_language
from app.window.main_window import MainWindow
from app.window.single_instance import SingleInstance
from engine.errors import DuologueError
from engine.log_file import begin_log, shown, unexpected
from engine.program_end import ERROR_CODE
from engine.resource_files import resources

_LOG = logging.getLogger(__name__)
# How long a worker may keep the interpreter from the window's thread; Python's 5 ms add up.
SWITCH_SECONDS = 0.001
# After closing the window the process ends within this time, even if a sound server hangs.
_END_SECONDS = 9.0
# How long background work may take to end after the window is closed.
_WORK_SECONDS = 2.0
# How long a playback or a sound check may take to close the sound card.
_CARD_SECONDS = 2.0
# How often Python can notice Ctrl-C while Qt waits.
_SIGNAL_MS = 250
# An error that repeats thirty times a second is logged and shown this often.
_MOST_FAULTS = 20
_MOST_REASON_LETTERS = 300
_crash_log: TextIO | None = None


def open_window() -> int:
    """Run the program until its window is closed; returns the exit status.

    If it is already running, bring that window to the front instead.
    """
    begin = time.perf_counter()
    sys.setswitchinterval(SWITCH_SECONDS)
    qInstallMessageHandler(_log_qt)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Duologue")
    app.setDesktopFileName("duologue")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "duologue.svg")))
    try:
        return _only_window(app, begin)
    except DuologueError as error:  # users who click on an icon see no terminal
        if app.platformName() not in ("offscreen", "minimal"):  # nobody could close it there
            QMessageBox.critical(None, "Duologue", str(error))
        raise


def _only_window(app: QApplication, begin: float) -> int:
    """Become the only instance, or bring the running one to the front."""
    instance = SingleInstance()
    if not instance.claim():
        instance.call_first()
        return 0
    log_path = _begin_log()
    _LOG.info("start: Qt took %.0f ms", (time.perf_counter() - begin) * 1000)
    faults = Faults()
    with faults.taken():
        with _phase("settings, language, look"):
            settings_file = SettingsFile()
            settings, notice = settings_file.load()
            use_language(app, settings.language)
            theme.apply(app, theme.chosen(settings.theme))
        with _phase("window"):
            window = MainWindow(settings_file, log_path)
            faults.happened.connect(window.show_notice)
            if notice:
                window.show_notice(notice)
            window.show()
            app.processEvents()
        # Existing objects stay; collecting garbage among them would take 20 to 40 ms each time.
        gc.freeze()
        instance.called.connect(window.come_forward)
        window.closing.connect(_end_soon)
        signal.signal(signal.SIGINT, lambda *_: window.close())
        signal.signal(signal.SIGTERM, lambda *_: window.close())
        ticks = QTimer()
        ticks.timeout.connect(lambda: None)
        ticks.start(_SIGNAL_MS)
        status = app.exec()
        # The event loop has ended, so from now on these signals must end the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ended = window.session.close()
        ended &= worker.wait_for_all(round(_WORK_SECONDS * 1000))
    instance.release()
    if not ended or any_hangs() or not card_is_free(_CARD_SECONDS):
        # A normal exit would wait for threads that hang, or that wait for a server or a disk. Their
        # partial files are made to be continued.
        _LOG.warning("what hangs or still works is given up at the end")
        logging.shutdown()
        os._exit(status)
    return status


def _end_soon() -> None:
    """End the process after some seconds, by a thread that does not need Python.

    The stacks of all threads are then written to the crash log.
    """
    global _crash_log
    _crash_log = _crash_log or open(os.devnull, "w")  # noqa: SIM115 - open until the process ends
    faulthandler.dump_traceback_later(_END_SECONDS, exit=True, file=_crash_log)


class Faults(QObject):
    """Logs unexpected errors in slots and threads, and reports them to the window."""

    happened = Signal(str)
    """The sentence for the user; emitted in the thread that failed."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Handle errors within this context; Qt continues after an error in a slot."""
        before = sys.excepthook, threading.excepthook
        sys.excepthook = lambda _kind, error, _trace: self._take(error)
        threading.excepthook = lambda failure: self._take(failure.exc_value)
        try:
            yield
        finally:
            sys.excepthook, threading.excepthook = before

    def _take(self, error: BaseException | None) -> None:
        self._count += 1
        if error is None or self._count > _MOST_FAULTS:
            return
        told = str(error) if isinstance(error, DuologueError) else unexpected(error)
        self.happened.emit(told)


@contextlib.contextmanager
def _phase(name: str) -> Iterator[None]:
    """Log how long a phase of the start took."""
    begin = time.perf_counter()
    yield
    took_ms = (time.perf_counter() - begin) * 1000
    _LOG.info("start: %s took %.0f ms", name, took_ms)


def display_missing() -> bool:
    """Whether there is no display to show a window on."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _begin_log() -> Path | None:
    """Open the log, and a crash log beside it; None if they cannot be written."""
    global _crash_log
    path = begin_log()
    if path:
        with contextlib.suppress(OSError):
            _crash_log = (path.parent / "crash.log").open("a", encoding="utf8")
            faulthandler.enable(_crash_log)
    return path


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    level = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }.get(kind, logging.ERROR)
    logging.getLogger("qt").log(level, text)
    if kind == QtMsgType.QtFatalMsg:  # Qt would abort here, before any window is shown
        reason = shown(text, _MOST_REASON_LETTERS).rstrip(".")
        print(
            f"The window cannot be opened ({reason}); check the display, or install what Qt "
            "needs, as script/setup does on Debian and Ubuntu.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(ERROR_CODE)
