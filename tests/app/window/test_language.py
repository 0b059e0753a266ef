"""German is complete: every text of the source has its translation, and the window shows it."""

from __future__ import annotations

import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings import Settings, SettingsFile
from app.window import language
from app.window.language import FOLDER, use_language
from app.window.main_window import MainWindow

_SOURCES = sorted(FOLDER.parent.rglob("*.py"))


def texts(path: Path) -> dict[tuple[str, str], str]:
    """Translations by context and source text."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            source = (context.findtext("name") or "", message.findtext("source") or "")
            found[source] = message.findtext("translation") or ""
    return found


def fields(text: str) -> list[str | None]:
    return sorted(
        name or "" for _, name, _, _ in string.Formatter().parse(text) if name is not None
    )


@pytest.fixture
def english_afterwards() -> Iterator[None]:
    yield
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    use_language(app, "en")


def test_every_text_of_the_source_is_translated(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.ts"
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    command = [str(tool), *map(str, _SOURCES), "-ts", str(fresh)]
    subprocess.run(command, check=True, capture_output=True)
    german = texts(FOLDER / "duologue_de.ts")
    assert set(german) == set(texts(fresh))
    for (context, source), translation in german.items():
        assert translation, source
        assert fields(translation) == fields(source), source
        if context != "Sentences":  # those have no keys
            assert ("&" in translation) == ("&" in source), source


def test_the_compiled_file_is_that_of_the_texts(tmp_path: Path) -> None:
    copy = shutil.copy(FOLDER / "duologue_de.ts", tmp_path / "duologue_de.ts")
    tool = Path(sys.executable).with_name("pyside6-lrelease")
    subprocess.run([str(tool), str(copy)], check=True, capture_output=True)
    compiled = (tmp_path / "duologue_de.qm").read_bytes()
    assert compiled == (FOLDER / "duologue_de.qm").read_bytes()


def test_the_window_speaks_german(qtbot: QtBot, english_afterwards: None) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    assert use_language(app, "de") == "de"
    SettingsFile().save(Settings(first_run_done=True, language="de"))
    window = MainWindow(SettingsFile())
    qtbot.addWidget(window)
    assert window.talk.state_label.text() == "Bereit zum Gespräch"
    assert use_language(app, "xx") == "en"
    assert not language._installed
