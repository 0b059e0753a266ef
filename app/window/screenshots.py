"""Pictures of every page of the window, light and dark.

They show a real conversation with the bundled sample as the microphone, played at twice its speed.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, QThread
from PySide6.QtWidgets import QApplication

from app.window import theme, worker
from app.window.main_window import MainWindow
from app.window.pages.models import PARTS, TEXT_MODEL
from app.window.sample_window import SampleWindow, sample_window
from engine.errors import DuologueError, unwritable
from engine.sound.audio_file import read_mono

_SPEED = 2.0
_TALK_SECONDS, _SHOWN_AT_SECONDS = 38.0, 31.9  # both speak then: "okay stop" in the story
_SIZE = QSize(1180, 760)


def take_screenshots(sample: Path, folder: Path, language: str = "en") -> list[Path]:
    """Write `<page>-<theme>.png` into ``folder``; returns their paths."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    if any(folder.iterdir()):
        raise DuologueError(f"{folder} is not empty; choose another folder with --out.")
    with sample_window(read_mono(sample, _TALK_SECONDS), _SIZE, language, _SPEED) as shown:
        return _talk(shown, folder)


def _talk(shown: SampleWindow, folder: Path) -> list[Path]:
    app, window = shown.app, shown.window
    paths = _take(app, window, folder, "ready")
    window.session.start()
    shown.wait(lambda: shown.heard_seconds >= _SHOWN_AT_SECONDS)
    paths += _take(app, window, folder, "talk")
    shown.wait(lambda: shown.heard_seconds >= _TALK_SECONDS)
    shown.stop()
    for index, name in ((1, "conversations"), (2, "models"), (3, "settings")):
        window.show_page(index)
        _settle(app)
        paths += _take(app, window, folder, name)
    for tab, name in ((PARTS, "models-parts"), (TEXT_MODEL, "models-text")):
        window.models.tabs.setCurrentIndex(tab)
        window.show_page(2)
        _settle(app)
        paths += _take(app, window, folder, name)
    window.show_first_run()
    _settle(app)
    return paths + _take(app, window, folder, "first-run")


def _take(app: QApplication, window: MainWindow, folder: Path, name: str) -> list[Path]:
    paths = []
    for look in (theme.LIGHT, theme.DARK):
        theme.apply(app, look)
        app.processEvents()
        path = folder / f"{name}-{look.name}.png"
        if not window.grab().save(str(path)):
            raise DuologueError(f"{path} cannot be written; choose another folder.")
        paths.append(path)
    theme.apply(app, theme.LIGHT)
    return paths


def _settle(app: QApplication) -> None:
    """Wait until lists are read and shown."""
    worker.wait_for_all()
    for _ in range(20):
        app.processEvents()
        QThread.msleep(10)
