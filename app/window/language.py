"""Chooses the language of the window: English in the source, translations beside this file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"en": "English", "de": "Deutsch"}
_installed: list[QTranslator] = []


def use_language(app: QApplication, code: str) -> str:
    """Use a language for all texts from now on ("" for the system's); returns its code."""
    while _installed:
        app.removeTranslator(_installed.pop())
    system = QLocale.system()
    spoken = system.name().partition("_")[0]
    wanted = code or spoken
    if wanted not in LANGUAGES:
        wanted = "en"
    # For dates and numbers; the system's locale has more detail than the language alone.
    QLocale.setDefault(system if wanted == spoken else QLocale(wanted))
    if wanted == "en":
        return wanted
    qt_texts = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for stem, folder in (("qtbase", qt_texts), ("duologue", str(FOLDER))):
        translator = QTranslator(app)
        if translator.load(f"{stem}_{wanted}", folder):
            app.installTranslator(translator)
            _installed.append(translator)
    return wanted
