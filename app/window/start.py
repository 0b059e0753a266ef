"""The start of the window, in phases: QApplication, only one, log, look, window; nothing is loaded.

Models are loaded when a talk begins, so the window is there at once and a damaged bundle does not
keep it away.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

from app.folders import log_folder
from app.open_talk import any_hangs
from app.settings import SettingsFile
from app.window import theme, worker
from app.window.language import use_language
from app.window.main_window import MainWindow
from app.window.single_instance import SingleInstance
from engine.errors import DuologueError
from engine.resource_files import resources

_LOG = logging.getLogger(__name__)
_LOG_BYTES = 500_000
# A worker's thread keeps the interpreter from the window's so long; Python's own 5 ms add up.
SWITCH_SECONDS = 0.001
# Closing the window ends the process by then, whatever hangs; a sound server that does, mostly.
_END_SECONDS = 9.0
_WORK_SECONDS = 2.0
# So often Python gets to see Ctrl-C while Qt waits.
_SIGNAL_MS = 250
_crash_log: TextIO | None = None


def open_window() -> int:
    """Run the program until its window is closed; returns the exit status.

    Where it runs already, that window comes forward instead.
    """
    begin = time.perf_counter()
    sys.setswitchinterval(SWITCH_SECONDS)
    qInstallMessageHandler(_log_qt)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Duologue")
    app.setDesktopFileName("duologue")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "duologue.svg")))
    instance = SingleInstance()
    if not instance.claim():
        try:
            instance.call_first()
        except DuologueError as error:  # whoever clicked on an icon has no terminal
            QMessageBox.critical(None, "Duologue", str(error))
            raise
        return 0
    log_path = _begin_log()
    _LOG.info("start: Qt took %.0f ms", (time.perf_counter() - begin) * 1000)
    with _phase("settings, language, look"):
        settings_file = SettingsFile()
        settings, notice = settings_file.load()
        use_language(app, settings.language)
        theme.apply(app, theme.chosen(settings.theme))
    with _phase("window"):
        window = MainWindow(settings_file, log_path)
        if notice:
            window.tell(notice)
        window.show()
        app.processEvents()
    # What is there now stays: going through it again for garbage would take 20 to 40 ms at a time.
    gc.freeze()
    instance.called.connect(window.come_forward)
    window.closing.connect(_end_soon)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    signal.signal(signal.SIGTERM, lambda *_: window.close())
    ticks = QTimer()
    ticks.timeout.connect(lambda: None)
    ticks.start(_SIGNAL_MS)
    status = app.exec()
    ended = window.session.close()
    ended &= worker.wait_for_all(round(_WORK_SECONDS * 1000))
    instance.release()
    if not ended or any_hangs():
        _LOG.error("the process ends though something hangs")
        logging.shutdown()
        os._exit(status)  # Python's own end would wait for it
    return status


def _end_soon() -> None:
    """Have the process end in some seconds, by a thread that needs nothing of Python.

    Where all threads are then goes into the crash log.
    """
    global _crash_log
    _crash_log = _crash_log or open(os.devnull, "w")  # noqa: SIM115 - for the process's life
    faulthandler.dump_traceback_later(_END_SECONDS, exit=True, file=_crash_log)


@contextlib.contextmanager
def _phase(name: str) -> Iterator[None]:
    """Log how long a part of the start took."""
    begin = time.perf_counter()
    yield
    took_ms = (time.perf_counter() - begin) * 1000
    _LOG.info("start: %s took %.0f ms", name, took_ms)


def display_missing() -> bool:
    """Whether there is nothing to show a window on."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _begin_log() -> Path | None:
    """A log of half a megabyte and one before it; None where none can be written."""
    global _crash_log
    try:
        folder = log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "duologue.log"
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf8")
        _crash_log = (folder / "crash.log").open("a", encoding="utf8")
    except (OSError, DuologueError):
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    faulthandler.enable(_crash_log)
    return path


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    level = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }.get(kind, logging.ERROR)
    logging.getLogger("qt").log(level, text)
    if kind == QtMsgType.QtFatalMsg:  # the process ends here, and nobody has seen a window
        remedy = "On Debian and Ubuntu script/setup installs what Qt lacks."
        print(f"The window cannot be opened: {text}\n{remedy}", file=sys.stderr, flush=True)
