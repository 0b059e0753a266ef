"""The list of parts: install from each form, a damaged one is told, delete."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.window import worker
from app.window.pages import parts as parts_page
from app.window.pages.parts import Parts
from tests.app.tiny_part import write_tiny_part

_LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, profile: Path) -> Parts:
    made = Parts()
    qtbot.addWidget(made)
    made.resize(800, 500)
    made.show()
    qtbot.waitExposed(made)
    qtbot.waitUntil(lambda: "No part" in made.status.text())
    assert worker.wait_for_all()
    return made


def rows(page: Parts) -> list[str]:
    return [page.list.item(row).text() for row in range(page.list.count())]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_part_is_installed_and_described(
    page: Parts, qtbot: QtBot, tmp_path: Path, form: str
) -> None:
    source = write_tiny_part(tmp_path / "part")
    if form == "zip":
        source = Path(shutil.make_archive(str(tmp_path / "ears"), "zip", source))
    with qtbot.waitSignal(page.changed):
        page.install(source)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    assert rows(page)[0].splitlines()[0] == "Tiny ears 1"
    assert "for hearing" in rows(page)[0] and "licence MIT" in rows(page)[0]
    assert page.status.text() == "Tiny ears 1 is installed. The next conversation uses it."
    assert page.file_button.isEnabled() and not page.progress.isVisible()


def test_a_part_is_deleted_after_a_question(
    page: Parts, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.install(write_tiny_part(tmp_path / "part"))
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    answers = iter([QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
    monkeypatch.setattr(parts_page.QMessageBox, "question", lambda *_args: next(answers))
    qtbot.mouseClick(page.delete_button, _LEFT)
    assert worker.wait_for_all() and len(rows(page)) == 1
    with qtbot.waitSignal(page.changed):
        qtbot.mouseClick(page.delete_button, _LEFT)
    qtbot.waitUntil(lambda: rows(page) == [])
    assert not page.delete_button.isEnabled()


def test_a_damaged_part_says_so(page: Parts, qtbot: QtBot, tmp_path: Path) -> None:
    page.install(write_tiny_part(tmp_path / "part"))
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    (page._parts[0].folder / "model.bin").unlink()
    page.refresh()
    qtbot.waitUntil(lambda: "is damaged; install that part again" in rows(page)[0])


def test_what_is_no_part_is_explained(page: Parts, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "holiday.zip").write_text("no archive")
    page.install(tmp_path / "holiday.zip")
    qtbot.waitUntil(lambda: "holiday.zip" in page.status.text() and not page.progress.isVisible())
    assert page.status.text().endswith(".") and rows(page) == []


def test_an_installation_is_cancelled(
    page: Parts, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_source: Path, progress: parts_page.part_store.Progress) -> None:
        while True:
            progress(1, 2)

    monkeypatch.setattr(parts_page.part_store, "import_part", endless)
    page.install(tmp_path)
    qtbot.waitUntil(lambda: page.progress.value() == 500)
    assert not page.file_button.isEnabled()
    qtbot.mouseClick(page.cancel_button, _LEFT)
    qtbot.waitUntil(lambda: page.status.text() == "Stopped. Nothing was installed.")
    assert page.file_button.isEnabled()
